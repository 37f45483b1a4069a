from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mops import doctor


class Command(BaseCommand):
    help = "Say what is wrong with this installation and how to mend it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="print a fresh key for FIELD_ENCRYPTION_KEYS")

    def handle(self, *args: Any, **options: Any) -> None:
        if doctor.main(["--new-key"] if options["new_key"] else []):
            raise CommandError("Mend the lines marked !! and ask again.")
