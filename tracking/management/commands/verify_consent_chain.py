"""`manage.py verify_consent_chain [workspace …]`: is every consent as it was written? Exit code 1 if not."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.consent import chain
from tracking.models import ChainHead
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Walk the hash chain of the consent ledger and name the first event that was changed, removed or forged."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspaces", nargs="*", help="addresses of workspaces; all if none is named")
        parser.add_argument("--hash", default="", help="a hash from a printed proof that must be in the chain")

    def handle(self, *args: Any, **options: Any) -> None:
        spaces = Workspace.objects.order_by("slug")
        if options["workspaces"]:
            spaces = spaces.filter(slug__in=options["workspaces"])
        if len(spaces) < len(set(options["workspaces"])):
            raise CommandError("No such workspace")
        if broken := [space.slug for space in spaces if not self._holds(space, options["hash"])]:
            raise CommandError(f"The chain is broken in {', '.join(broken)}")

    def _holds(self, space: Workspace, noted: str) -> bool:
        broken = chain.verify(space.pk, noted)
        head = ChainHead.objects.filter(workspace=space).first()
        state = f"event {broken.seq}: {broken.reason}" if broken else f"{head.seq if head else 0} events hold"
        self.stdout.write(f"{space.slug}: {state}" + (f", last {head.hash}" if head and not broken else ""))
        return broken is None
