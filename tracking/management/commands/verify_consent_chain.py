"""`manage.py verify_consent_chain [workspace …]`: is every consent as it was written? Exit code 1 if not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.consent import checking
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Walk the hash chain of the consent ledger, hold what the gate reads against it, and name what is not as written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspaces", nargs="*", help="addresses of workspaces; all if none is named")
        parser.add_argument("--hash", default="", help="a hash from a printed proof that must be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        spaces = Workspace.objects.order_by("slug")
        if options["workspaces"]:
            spaces = spaces.filter(slug__in=options["workspaces"])
        if len(spaces) < len(set(options["workspaces"])):
            raise CommandError("No such workspace")
        noted = "".join(options["hash"].split())  # printed in groups
        if broken := [space.slug for space in spaces if not self._holds(space, noted)]:
            raise CommandError(f"The ledger is not as written in {', '.join(broken)}")

    def _holds(self, space: Workspace, noted: str) -> bool:
        outcome = checking.check(space, noted)
        well = f"{outcome.events} events hold" + (f", last {outcome.hash}" if outcome.events else "")
        self.stdout.write(f"{space.slug}: {outcome.problem or well}")
        return not outcome.problem
