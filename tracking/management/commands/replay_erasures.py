"""`manage.py replay_erasures [--since 2026-11-01]`: after restoring a backup, before it opens. Exit code 1 if something waits."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.rights import erasure, journal

MISSING = "There is no {0}. Put back the one you backed up and run this again; if nobody was erased ever, make an empty file there."


class Command(BaseCommand):
    help = "Erase again everybody whose erasure the journal names: a restored backup still knows them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="day the backup was made; without it the whole journal is gone through")

    def handle(self, *args: Any, **options: Any) -> None:
        since = datetime.fromisoformat(options["since"]) if options["since"] else None
        try:
            found = list(journal.entries(since.replace(tzinfo=since.tzinfo or UTC) if since else None))
        except ValueError as error:
            raise CommandError(str(error)) from error
        except FileNotFoundError as error:
            raise CommandError(MISSING.format(journal.path())) from error
        erased = waiting = 0
        for entry in found:
            person = journal.person_of(entry)
            if person is not None:
                outcome = erasure.erase(person, noted=True)
                erased += sum(target.rows for target in outcome.values() if target.state != "kept")
                waiting += not erasure.is_complete(outcome)
        self.stdout.write(f"{len(found)} erasures replayed, {erased} rows erased, {waiting} wait")
        if waiting:
            raise CommandError("Some of it waits: run this again.")
