"""`manage.py reconcile`: the database against the sandbox's truth, per channel and month, to the cent."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mops.demo import reconcile
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Compare what is stored with the sandbox's market itself; --advance moves its clock day by day, pulling each night."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default="alpenkiste")
        parser.add_argument("--advance", type=int, default=0, metavar="DAYS", help="first move on so many days, one by one")
        parser.add_argument("--in-process", action="store_true", help="pull here instead of waiting for the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.get(slug=options["workspace"])
        world = reconcile.market()
        wrong, instants = 0, []
        for comparison in reconcile.days(workspace, world, options["advance"], in_process=options["in_process"]):
            wrong += len(comparison.differences)
            instants.append(comparison.at)
            self.stdout.write(
                f"{comparison.at:%Y-%m-%d %H:%M} UTC: {comparison.cells} sums over {comparison.months} months and"
                f" {comparison.channels} channels compared, {comparison.restated} facts restated so far,"
                f" {len(comparison.differences)} differences"
            )
            for difference in comparison.differences[:20]:
                self.stdout.write(f"  {difference.source} · {difference.channel} · {difference.month} · {difference.measure}:"
                                  f" stored {difference.stored}, true {difference.true}")  # fmt: skip
        for at in instants[:-1]:
            comparison = reconcile.compare_as_of(workspace, world, at)
            wrong += len(comparison.differences)
            self.stdout.write(
                f"as of {at:%Y-%m-%d %H:%M}, read today: {comparison.cells} sums, {len(comparison.differences)} differences"
            )
        if wrong:
            raise CommandError(f"{wrong} sums differ from the truth.")
