"""Work through an uploaded file, chunk by chunk, each chunk and its progress in one transaction; and back again.

The ImportFile row is the intent: a worker that dies leaves it running with a lease, the next one goes on where it stopped.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking.imports import kinds, tables, values
from tracking.imports.interpret import Interpreter
from tracking.imports.kind import Kind, Reading, Row
from tracking.models import ImportFile, RefusedRow, Source
from workspaces import audit

CHUNK = 1_000  # lines of one transaction
INLINE_LINES = 2_000  # up to here the page waits: about two seconds
LEASE = timedelta(minutes=5)  # a chunk takes about a second; renewed with each
AT_ONCE = 240.0  # seconds of one task, whose limit is twice as much: the rest of a long file is a task of its own
UNDO_FOR = timedelta(days=30)  # the collector's books of older days are closed
COUNTS = ("stored", "corrected", "unchanged", "refused", "consents", "unproven", "removed", "restored", "kept")
State = ImportFile.State


class UnableToImport(Exception):
    """The file is not in the state for this step."""


class _Counts(NamedTuple):
    stored: int
    corrected: int
    unchanged: int
    refused: list[RefusedRow]


def start(file: ImportFile) -> None:
    """Mark the file as to be imported. Its columns and options are set. Raises UnableToImport if it is under way or done."""
    if file.source and file.source.state != Source.State.ACTIVE:
        raise UnableToImport(_("The source is paused. Let it go on first."))
    waiting = ImportFile.objects.filter(pk=file.pk, state=State.UPLOADED)
    if not waiting.update(state=State.RUNNING, columns=file.columns, options=file.options):
        raise UnableToImport(_("This file is already being imported."))


def _untouched() -> QuerySet[ImportFile]:
    """Files of which nothing was taken. They keep their content, so that their columns can be chosen anew."""
    return ImportFile.objects.filter(state=State.DONE, stored=0, corrected=0, unchanged=0)


def can_be_reopened(file: ImportFile) -> bool:
    return _untouched().filter(pk=file.pk).exclude(content=b"").exists()


@transaction.atomic
def reopen(file: ImportFile) -> None:
    """Back to before the import. Raises UnableToImport if something was taken."""
    again = _untouched().filter(pk=file.pk).exclude(content=b"")
    if not again.update(state=State.UPLOADED, processed=0, refused=0, finished_at=None):
        raise UnableToImport(_("Lines of this file were taken. Upload the others again."))
    RefusedRow.objects.filter(file=file).delete()


def can_be_undone(file: ImportFile) -> bool:
    wrote = file.stored or file.corrected or file.consents
    return file.state in (State.DONE, State.FAILED) and bool(wrote) and file.created_at > clock.now() - UNDO_FOR


def start_undo(file: ImportFile, *, ends_consents: bool) -> None:
    """Mark the file as to be taken back. Raises UnableToImport if that is under way, done, or too late."""
    imported = ImportFile.objects.filter(pk=file.pk, state__in=[State.DONE, State.FAILED])
    if not can_be_undone(file) or not imported.update(state=State.UNDOING, ends_consents=ends_consents, error_message=""):
        raise UnableToImport(_("This import cannot be undone any more."))


def due() -> list[int]:
    """Files that are to be worked on and that nobody holds."""
    return list(_free().values_list("pk", flat=True))


def run(file_id: int) -> bool:
    """Import the file, or take it back, for a few minutes; False if somebody else holds it or it is done.

    A file that needs longer is free again then, and due.
    """
    if not _free().filter(pk=file_id).update(lease_until=clock.now() + LEASE):
        return False
    file = ImportFile.objects.select_related("workspace", "created_by", "source").get(pk=file_id)
    with translation.override(file.created_by.language if file.created_by else file.workspace.language):
        try:
            (_take_back if file.state == State.UNDOING else _work_through)(file)
        except OperationalError:
            raise  # the database's trouble, not the file's: the lease runs out and the rest is done then
        except tables.UnableToRead as error:
            _finish(file, State.FAILED, str(error))
        except Exception:
            _finish(file, State.FAILED, _broken_down(file))
            raise
    return True


def _broken_down(file: ImportFile) -> str:
    if file.state == State.UNDOING:
        return _("Undoing broke down. What was taken back so far is gone; undo the rest again.")
    return _("The import broke down. Rows counted so far are stored; upload the file again.")


def _work_through(file: ImportFile) -> None:
    table, kind = tables.read(bytes(file.content)), kinds.of(file.kind)
    interpreter = Interpreter(kind, file.workspace, table.headers, file.columns, Reading(**file.options))
    if _in_chunks(file, lambda held: _next_chunk(held, table, interpreter)):
        _finish(file, State.DONE)


def _take_back(file: ImportFile) -> None:
    if _in_chunks(file, kinds.of(file.kind).undo):
        _finish(file, State.UNDONE)


def _free() -> QuerySet[ImportFile]:
    nobody = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return ImportFile.objects.filter(nobody, state__in=[State.RUNNING, State.UNDOING])


def _in_chunks(file: ImportFile, step: Callable[[ImportFile], bool]) -> bool:
    """Whether the end was reached; else the file is let go."""
    until = time.monotonic() + AT_ONCE
    while _in_chunk(file, step):
        if time.monotonic() > until:
            ImportFile.objects.filter(pk=file.pk, state=file.state).update(lease_until=None)
            return False
    return True


def _in_chunk(file: ImportFile, step: Callable[[ImportFile], bool]) -> bool:
    """One step in one transaction; False at the end. The row lock keeps two workers from doing and counting it twice."""
    with transaction.atomic():
        files = ImportFile.objects.select_related("workspace", "created_by", "source").defer("content")
        held = files.select_for_update(of=("self",)).get(pk=file.pk)
        if held.state != file.state or not step(held):
            return False
        ImportFile.objects.filter(pk=file.pk).update(lease_until=clock.now() + LEASE)
    return True


def _next_chunk(file: ImportFile, table: tables.Table, interpreter: Interpreter) -> bool:
    """Store the lines after `processed` and move it."""
    lines = table.lines[file.processed : file.processed + CHUNK]
    if not lines:
        return False
    counts = _store(file, interpreter.kind, lines, interpreter)
    RefusedRow.objects.bulk_create(counts.refused)
    ImportFile.objects.filter(pk=file.pk).update(
        rows=len(table.lines), processed=F("processed") + len(lines), stored=F("stored") + counts.stored,
        corrected=F("corrected") + counts.corrected, unchanged=F("unchanged") + counts.unchanged,
        refused=F("refused") + len(counts.refused),
    )  # fmt: skip
    return True


def _store(file: ImportFile, kind: Kind, lines: list[tables.Line], interpreter: Interpreter) -> _Counts:
    rows, origin, refused = [], [], []
    for line in lines:
        try:
            rows.append(Row(line.number, interpreter.row(line)))
            origin.append(line)
        except values.Unreadable as error:
            refused.append(_refused(file, line, str(error)))
    outcome = kind.store(file, rows)
    refused += [_refused(file, origin[index], reason) for index, reason in outcome.refused]
    return _Counts(outcome.stored, outcome.corrected, outcome.unchanged, refused)


def _refused(file: ImportFile, line: tables.Line, reason: str) -> RefusedRow:
    cells, why = file.as_stored(line.cells), file.as_stored([reason])[0][:500]
    return RefusedRow(workspace_id=file.workspace_id, file=file, line=line.number, reason=why, cells=cells)


def _finish(file: ImportFile, state: ImportFile.State, message: str = "") -> None:
    with transaction.atomic():
        working = ImportFile.objects.filter(pk=file.pk, state=file.state)
        if working.update(state=state, error_message=message, finished_at=clock.now(), lease_until=None):
            ImportFile.objects.filter(pk=file.pk).exclude(pk__in=_untouched()).update(content=b"")
            failed_undo = file.state == State.UNDOING and state == State.FAILED
            action = "import.undo_failed" if failed_undo else f"import.{state.value}"
            file.refresh_from_db()
            counts = {name: getattr(file, name) for name in COUNTS}
            audit.record(file.workspace, file.created_by, action, file.name, kind=file.kind, **counts)
