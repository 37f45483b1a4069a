"""`manage.py verify_invariants`: nothing lost, nothing doubled, nothing of one workspace in another."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mops.lib.clock import now
from tracking import invariants

KEPT_DAYS = 29  # receipts live 30 days: the day they are removed on is not looked at


class Command(BaseCommand):
    help = "Check that received = stored + duplicate + rejected + pending, and the other invariants; fails on a broken one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hours", type=int, default=KEPT_DAYS * 24, help="how far back to look (default: all that is kept)")

    def handle(self, *args: Any, **options: Any) -> None:
        since = now() - timedelta(hours=min(options["hours"], KEPT_DAYS * 24))
        found = invariants.broken(since)
        for line in found:
            self.stdout.write(f"{line.invariant.code} BROKEN: {line.invariant.holds}: {line.rows} rows, such as {line.examples}")
        if found:
            raise CommandError(f"{len(found)} invariants are broken.")
        checked = len([*invariants.INVARIANTS, invariants.STATES, *invariants.same_workspace()])
        self.stdout.write(f"{checked} invariants hold.")
