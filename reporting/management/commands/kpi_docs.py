from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reporting.docs import kpi_docs


class Command(BaseCommand):
    help = "Write docs/kpis.md from the catalogue of metrics."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Only say whether the file is up to date.")

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "kpis.md"
        if not options["check"]:
            path.write_text(kpi_docs())
        elif not path.exists() or path.read_text() != kpi_docs():
            raise CommandError("docs/kpis.md is out of date: run manage.py kpi_docs.")
