from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mops import translations


class Command(BaseCommand):
    help = "Say which messages of the catalogs are missing, untranslated, fuzzy or left over; --update adds the new."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="add new messages (empty) and remove vanished ones first")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["update"]:
            translations.update_catalogs()
        found = translations.problems()
        for problem in found:
            self.stdout.write(f"{problem.catalog.relative_to(translations.ROOT)}: {problem.what}: {problem.message!r}")
        if found:
            raise CommandError(f"{len(found)} messages to mend. `manage.py check_translations --update` adds new ones.")
        translations.compile_catalogs()
        self.stdout.write("Catalogs are complete.")
