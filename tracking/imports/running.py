"""Work through an uploaded file, chunk by chunk, each chunk and its progress in one transaction.

The ImportFile row is the intent: a worker that dies leaves it running with a lease, the next one goes on where it stopped.
"""

from datetime import timedelta
from typing import NamedTuple

from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking import orders
from tracking.imports import tables, values
from tracking.imports.columns import Reading
from tracking.imports.interpret import Interpreter
from tracking.models import ImportFile, RefusedRow
from workspaces import audit

CHUNK = 1_000  # lines of one transaction
INLINE_LINES = 2_000  # up to here the page waits: about two seconds
LEASE = timedelta(minutes=5)  # a chunk takes about a second; renewed with each


class UnableToImport(Exception):
    """The file is not in the state for this step."""


class _Counts(NamedTuple):
    stored: int
    corrected: int
    unchanged: int
    refused: list[RefusedRow]


def start(file: ImportFile) -> None:
    """Mark the file as to be imported. Its columns and options are set. Raises UnableToImport if it is under way or done."""
    waiting = ImportFile.objects.filter(pk=file.pk, state=ImportFile.State.UPLOADED)
    if not waiting.update(state=ImportFile.State.RUNNING, columns=file.columns, options=file.options):
        raise UnableToImport(_("This file is already being imported."))


def due() -> list[int]:
    """Files that are to be worked on and that nobody holds."""
    return list(_free().values_list("pk", flat=True))


def run(file_id: int) -> bool:
    """Import the file to its end; False if somebody else holds it or it is done."""
    if not _free().filter(pk=file_id).update(lease_until=clock.now() + LEASE):
        return False
    file = ImportFile.objects.select_related("workspace", "created_by").get(pk=file_id)
    with translation.override(file.created_by.language if file.created_by else file.workspace.language):
        try:
            _work_through(file)
        except OperationalError:
            raise  # the database's trouble, not the file's: the lease runs out and the rest is done then
        except tables.UnableToRead as error:
            _finish(file, ImportFile.State.FAILED, str(error))
        except Exception:
            _finish(
                file,
                ImportFile.State.FAILED,
                _("The import broke down. Rows counted so far are stored; upload the file again."),
            )
            raise
    return True


def _work_through(file: ImportFile) -> None:
    table = tables.read(bytes(file.content))
    interpreter = Interpreter(table.headers, file.columns, Reading(**file.options))
    while _next_chunk(file, table, interpreter):
        pass
    _finish(file, ImportFile.State.DONE)


def _free() -> QuerySet[ImportFile]:
    nobody = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return ImportFile.objects.filter(nobody, state=ImportFile.State.RUNNING)


def _next_chunk(file: ImportFile, table: tables.Table, interpreter: Interpreter) -> bool:
    """Store the lines after `processed` and move it; False at the end. The row lock keeps two workers from counting twice."""
    with transaction.atomic():
        held = ImportFile.objects.select_for_update().get(pk=file.pk)
        lines = table.lines[held.processed : held.processed + CHUNK]
        if not lines or held.state != ImportFile.State.RUNNING:
            return False
        counts = _store(held, lines, interpreter)
        RefusedRow.objects.bulk_create(counts.refused)
        ImportFile.objects.filter(pk=file.pk).update(
            rows=len(table.lines), processed=F("processed") + len(lines), stored=F("stored") + counts.stored,
            corrected=F("corrected") + counts.corrected, unchanged=F("unchanged") + counts.unchanged,
            refused=F("refused") + len(counts.refused), lease_until=clock.now() + LEASE,
        )  # fmt: skip
    return True


def _store(file: ImportFile, lines: list[tables.Line], interpreter: Interpreter) -> _Counts:
    rows, origin, refused = [], [], []
    for line in lines:
        try:
            rows.append(interpreter.order(line))
            origin.append(line)
        except values.Unreadable as error:
            refused.append(_refused(file, line, str(error)))
    outcome = orders.store(file.workspace, rows, "import")
    refused += [_refused(file, origin[index], reason) for index, reason in outcome.refused]
    return _Counts(outcome.stored, outcome.corrected, outcome.unchanged, refused)


def _refused(file: ImportFile, line: tables.Line, reason: str) -> RefusedRow:
    cells = [str(cell).replace("\0", "") for cell in line.cells]
    return RefusedRow(workspace_id=file.workspace_id, file=file, line=line.number, reason=reason[:500], cells=cells)


def _finish(file: ImportFile, state: ImportFile.State, message: str = "") -> None:
    with transaction.atomic():
        running = ImportFile.objects.filter(pk=file.pk, state=ImportFile.State.RUNNING)
        if running.update(state=state, error_message=message, finished_at=clock.now(), lease_until=None, content=b""):
            file.refresh_from_db()
            audit.record(file.workspace, file.created_by, f"orders.import_{state.value}", file.name, stored=file.stored,
                         corrected=file.corrected, unchanged=file.unchanged, refused=file.refused)  # fmt: skip
