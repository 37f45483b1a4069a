"""Importing a file: what it is, which column is what, how it is understood, what became of it, and the way back."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mops.lib.tables import csv_lines
from tracking import tasks
from tracking.imports import columns, kinds, running, tables
from tracking.imports.forms import ColumnsForm, UndoForm, UploadForm
from tracking.imports.interpret import Interpreter, Preview, preview
from tracking.imports.kind import Kind, Reading
from tracking.models import ImportedRow, ImportFile, RefusedRow, Source
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.models import User, Workspace
from workspaces.permissions import Permission, allows

PREVIEW_READS = 1_000  # lines looked at for the proposal
SHOWN = 100  # refused lines, and rows an undo left
State = ImportFile.State


@require_http_methods(["GET", "POST"])
def upload(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """First step: the kind (?kind=…) and the file, with the last files below."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    kind = kinds.KINDS.get(request.GET.get("kind", ""), kinds.of("orders"))
    form = UploadForm(request.POST or None, request.FILES or None, kind=kind, workspace=space)
    if form.is_valid():
        uploaded = form.cleaned_data["file"]
        try:
            file = _receive(space, request.user, kind, uploaded.name, uploaded.read(), form.cleaned_data.get("source"))
        except tables.UnableToRead as error:
            form.add_error("file", str(error))
        else:
            return redirect("imports:file", space.slug, file.pk)
    files = ImportFile.objects.filter(workspace=space).defer("content").select_related("created_by").order_by("-pk")[:20]
    context = {"form": form, "kind": kind, "kinds": kinds.KINDS.values(), "files": [(file, kinds.of(file.kind)) for file in files]}
    return render(request, "tracking/imports/upload.html", context)


def _receive(space: Workspace, user: User, kind: Kind, name: str, content: bytes, source: Source | None) -> ImportFile:
    """Keep the file with its number of lines. Raises tables.UnableToRead."""
    table = tables.read(content)
    if not table.lines and name.lower().endswith(".xlsx") and table.encoding != "xlsx":
        raise tables.UnableToRead(_("This is no Excel workbook. Upload a .xlsx or .csv file."))
    if not table.lines:
        raise tables.UnableToRead(_("The file has column names but no lines."))
    with transaction.atomic():
        audit.record(space, user, "import.file_uploaded", name, kind=kind.key, lines=len(table.lines))
        return ImportFile.objects.create(
            workspace=space, kind=kind.key, source=source, name=name[:200], content=content, headers=table.headers,
            rows=len(table.lines), created_by=user,
        )  # fmt: skip


@require_http_methods(["GET", "POST"])
def import_file(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The step the file is at: columns with preview, progress, or the result."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    file = get_object_or_404(ImportFile.objects.select_related("created_by", "source"), pk=pk, workspace=space)
    if file.state == State.UPLOADED:
        return _columns(request, file)
    context = {
        "file": file,
        "kind": kinds.of(file.kind),
        "refused": RefusedRow.objects.filter(file=file).order_by("line")[:SHOWN],
        "left": ImportedRow.objects.filter(file=file, was_kept=True).order_by("pk")[:SHOWN],
        "can_be_undone": running.can_be_undone(file),
        "can_be_reopened": running.can_be_reopened(file),
        "percent": _percent(file),
    }
    return render(request, "tracking/imports/result.html" + ("#result" if request.htmx else ""), context)


def _percent(file: ImportFile) -> int:
    done, whole = file.processed, file.rows
    if file.state == State.UNDOING:
        done, whole = file.removed + file.restored + file.kept, file.stored + file.corrected
    return min(round(100 * done / whole), 100) if whole else 0


def _columns(request: WorkspaceRequest, file: ImportFile) -> HttpResponse:
    """Second step. The button "Preview" posts the same form as "Import", only with another name."""
    kind = kinds.of(file.kind)
    table = tables.read(bytes(file.content), PREVIEW_READS)
    proposal = columns.propose(file.workspace, kind, table)
    consents = allows(request.member.role, Permission.MANAGE_CONSENT)
    form = ColumnsForm(request.POST or None, kind=kind, workspace=file.workspace, headers=file.headers, proposal=proposal,
                       consents=consents)  # fmt: skip
    shown = _preview(file, kind, table, form, proposal)
    is_hopeless = shown is not None and not shown.readable and shown.looked_at >= file.rows
    if form.is_valid() and request.POST.get("step") == "import" and not is_hopeless:
        return _start(request, file, kind, form)
    samples = dict(zip(file.headers, table.lines[0].cells, strict=False)) if table.lines else {}
    extra = [(field, samples.get(str(field.label), "")) for field in form.extra_fields()]
    context = {"file": file, "kind": kind, "form": form, "proposal": proposal, "encoding": table.encoding,
               "lines": shown.lines if shown else [], "seen": shown, "is_hopeless": is_hopeless}  # fmt: skip
    return render(request, "tracking/imports/columns.html" + ("#preview" if request.htmx else ""), context | {"extra": extra})


def _preview(
    file: ImportFile, kind: Kind, table: tables.Table, form: ColumnsForm, proposal: columns.Proposal
) -> Preview | None:  # fmt: skip
    """What the choice would store; before any choice what the proposal would, if it is complete."""
    if form.is_bound:
        chosen = (form.columns, form.reading) if form.is_valid() else None
    else:
        offered = {field.name: proposal.columns.get(field.name, "") for field in form.chosen}
        complete = all(offered[field.name] for field in form.chosen if field.required)
        answered = {"decimal_sign", "date_order"} <= proposal.reading.keys()
        chosen = (offered, Reading(**proposal.reading)) if complete and answered else None
    return preview(table, Interpreter(kind, file.workspace, file.headers, *chosen)) if chosen else None


def _start(request: WorkspaceRequest, file: ImportFile, kind: Kind, form: ColumnsForm) -> HttpResponse:
    """Third step: short files at once, long ones by a worker."""
    file.columns, file.options = form.columns, asdict(form.reading)
    try:
        with transaction.atomic():
            running.start(file)
            columns.save(file.workspace, kind, file.headers, form.columns, form.reading)
            audit.record(file.workspace, request.user, "import.started", file.name, kind=kind.key)
    except running.UnableToImport as error:
        messages.error(request, str(error))
    else:
        _work(file, file.rows)
    return redirect("imports:file", file.workspace.slug, file.pk)


def _work(file: ImportFile, rows: int) -> None:
    if rows <= running.INLINE_LINES:
        running.run(file.pk)
    else:
        tasks.run_import.delay(file_id=file.pk)


@require_POST
def reopen(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Back to the columns of a file of which nothing was taken."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    file = get_object_or_404(ImportFile.objects.defer("content"), pk=pk, workspace=space)
    try:
        running.reopen(file)
    except running.UnableToImport as error:
        messages.error(request, str(error))
    return redirect("imports:file", space.slug, file.pk)


@require_POST
def discard(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Throw an uploaded file away before it was imported."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    file = get_object_or_404(ImportFile, pk=pk, workspace=space, state=State.UPLOADED)
    with transaction.atomic():
        audit.record(space, request.user, "import.file_discarded", file.name, kind=file.kind)
        file.delete()
    messages.success(request, _("The file was thrown away. Nothing was imported."))
    return redirect("imports:upload", space.slug)


@require_http_methods(["GET", "POST"])
def undo(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What taking the import back would do, and doing it."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    file = get_object_or_404(ImportFile.objects.defer("content"), pk=pk, workspace=space)
    form = UndoForm(request.POST if request.method == "POST" else None, consents=file.consents)
    if not running.can_be_undone(file):
        messages.error(request, _("This import cannot be undone any more."))
        return redirect("imports:file", space.slug, file.pk)
    if not form.is_valid():
        return render(request, "tracking/imports/undo.html", {"file": file, "kind": kinds.of(file.kind), "form": form})
    try:
        with transaction.atomic():
            running.start_undo(file, ends_consents=form.cleaned_data.get("ends_consents", False))
            audit.record(space, request.user, "import.undo_started", file.name, kind=file.kind)
    except running.UnableToImport as error:
        messages.error(request, str(error))
    else:
        _work(file, file.stored + file.corrected)
    return redirect("imports:file", space.slug, file.pk)


@require_GET
def refused_csv(request: WorkspaceRequest, workspace: str, pk: int) -> StreamingHttpResponse:
    """The refused lines with their reasons: mend them and upload the same file."""
    space = get_workspace(request, workspace, Permission.IMPORT_FILES)
    file = get_object_or_404(ImportFile.objects.defer("content"), pk=pk, workspace=space)
    rows = RefusedRow.objects.filter(file=file).order_by("line")
    lines: Any = ([*row.cells, *[""] * (len(file.headers) - len(row.cells)), row.line, row.reason] for row in rows.iterator())
    response = StreamingHttpResponse(
        csv_lines([*file.headers, _("Line"), _("Reason")], lines), content_type="text/csv; charset=utf-8"
    )
    said = {"rows": rows.count()}
    return hand_out(response, f"refused-{file.pk}.csv", space, request.user, "import.refused_exported", file.name, **said)
