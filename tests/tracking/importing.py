"""Short ways to import files in tests."""

from dataclasses import asdict
from typing import Any

from tracking.imports import columns, kinds, running, tables
from tracking.imports.kind import Reading
from tracking.ingest import run as ingest
from tracking.models import ImportFile, Source
from workspaces.models import Workspace


def import_source(workspace: Workspace, **fields: Any) -> Source:
    values = {"name": "Files", "kind": "import", "consent_mode": "declared", "legal_basis": "Contract", **fields}
    return Source.objects.create(workspace=workspace, **values)


def upload(workspace: Workspace, kind: str, text: str | bytes, source: Source | None = None, **reading: Any) -> ImportFile:
    """A file with its columns as they would be proposed, and all others kept as what they are."""
    content = text.encode() if isinstance(text, str) else text
    table = tables.read(content)
    proposal = columns.propose(workspace, kinds.of(kind), table)
    chosen = Reading(**{"extra": proposal.further, **proposal.reading, **reading})
    return ImportFile.objects.create(
        workspace=workspace, kind=kind, source=source, name=f"{kind}.csv", content=content, headers=table.headers,
        columns=proposal.columns, options=asdict(chosen), rows=len(table.lines),
    )  # fmt: skip


def run(file: ImportFile) -> ImportFile:
    running.start(file)
    assert running.run(file.pk)
    file.refresh_from_db()
    return file


def take_back(file: ImportFile, *, ends_consents: bool = False) -> ImportFile:
    running.start_undo(file, ends_consents=ends_consents)
    assert running.run(file.pk)
    file.refresh_from_db()
    return file


def drain() -> int:
    """Take all waiting events through ingest."""
    return sum(iter(ingest.run_batch, 0))


def numbers(file: ImportFile) -> tuple[int, int, int, int]:
    return file.stored, file.corrected, file.unchanged, file.refused
