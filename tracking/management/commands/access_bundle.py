"""`manage.py access_bundle <workspace> <kind> <identifier> --to file.zip`: everything known about a person."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking.blind_index import Unidentifiable
from tracking.models import DataSubjectRequest
from tracking.rights import access, person
from workspaces import audit
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Write everything known about a person as a zip: JSON, and a page to read in German and English."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="address of the workspace")
        parser.add_argument("kind", choices=DataSubjectRequest.IdentifierKind.values)
        parser.add_argument("identifier")
        parser.add_argument("--to", type=Path, required=True, help="file to write; readable by you only")

    def handle(self, *args: Any, **options: Any) -> None:
        space = Workspace.objects.filter(slug=options["workspace"]).first()
        if space is None:
            raise CommandError("No such workspace")
        try:
            content = access.bundle(person.find(space, options["kind"], options["identifier"]))
        except Unidentifiable as error:
            raise CommandError(f"This is no {options['kind']}: {error}") from error
        audit.record(space, None, "rights.access_prepared", "manage.py access_bundle")
        options["to"].touch(mode=0o600)
        options["to"].write_bytes(access.as_zip(content))
        rows = sum(map(len, content["data"].values()))
        self.stdout.write(f"{rows} rows in {options['to']}")
