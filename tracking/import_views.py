"""Importing a file of orders: upload, choose the columns, look at the preview, see the result."""

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
from tracking.forms import ColumnsForm, UploadForm
from tracking.imports import columns, running, tables
from tracking.imports.interpret import Interpreter, PreviewLine, preview
from tracking.models import ImportFile, RefusedRow
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import User, Workspace
from workspaces.permissions import Permission

PREVIEW_READS = 1_000  # lines looked at for the proposal
SHOWN_REFUSED = 100
State = ImportFile.State


@require_http_methods(["GET", "POST"])
def upload(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """First step, with the last files below."""
    space = get_workspace(request, workspace, Permission.IMPORT_ORDERS)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        uploaded = form.cleaned_data["file"]
        try:
            file = _receive(space, request.user, uploaded.name, uploaded.read())
        except tables.UnableToRead as error:
            form.add_error("file", str(error))
        else:
            return redirect("tracking:import_file", space.slug, file.pk)
    files = ImportFile.objects.filter(workspace=space).defer("content").select_related("created_by").order_by("-pk")[:20]
    return render(request, "tracking/import.html", {"form": form, "files": files})


def _receive(space: Workspace, user: User, name: str, content: bytes) -> ImportFile:
    """Keep the file with its number of lines. Raises tables.UnableToRead."""
    table = tables.read(content)
    if not table.lines:
        raise tables.UnableToRead(_("The file has column names but no lines."))
    with transaction.atomic():
        audit.record(space, user, "orders.file_uploaded", name, lines=len(table.lines))
        return ImportFile.objects.create(
            workspace=space, name=name[:200], content=content, headers=table.headers, rows=len(table.lines), created_by=user
        )


@require_http_methods(["GET", "POST"])
def import_file(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The step the file is at: columns with preview, progress, or the result."""
    space = get_workspace(request, workspace, Permission.IMPORT_ORDERS)
    file = get_object_or_404(ImportFile.objects.select_related("created_by"), pk=pk, workspace=space)
    if file.state == State.UPLOADED:
        return _columns(request, file)
    refused = RefusedRow.objects.filter(file=file).order_by("line")[:SHOWN_REFUSED]
    context = {"file": file, "refused": refused, "percent": round(100 * file.processed / file.rows) if file.rows else 0}
    return render(request, "tracking/import_result.html" + ("#result" if request.htmx else ""), context)


def _columns(request: WorkspaceRequest, file: ImportFile) -> HttpResponse:
    """Second step. The button "Preview" posts the same form as "Import", only with another name."""
    table = tables.read(bytes(file.content), PREVIEW_READS)
    proposal = columns.propose(file.workspace, table)
    form = ColumnsForm(request.POST or None, headers=file.headers, proposal=proposal)
    if form.is_valid() and request.POST.get("step") == "import":
        return _start(request, file, form)
    lines = _preview(file, table, form, proposal)
    context = {"file": file, "form": form, "proposal": proposal, "lines": lines, "encoding": table.encoding}
    return render(request, "tracking/import_columns.html" + ("#preview" if request.htmx else ""), context)


def _preview(file: ImportFile, table: tables.Table, form: ColumnsForm, proposal: columns.Proposal) -> list[PreviewLine]:
    """What the choice would store; before any choice what the proposal would, if it is complete."""
    if form.is_bound:
        interpreter = Interpreter(file.headers, form.columns, form.reading) if form.is_valid() else None
    else:
        complete = all(proposal.columns.get(field.name) for field in columns.FIELDS if field.required)
        answered = {"decimal_sign", "date_order"} <= proposal.reading.keys()
        reading = columns.Reading(**proposal.reading)
        interpreter = Interpreter(file.headers, proposal.columns, reading) if complete and answered else None
    return preview(table, interpreter) if interpreter else []


def _start(request: WorkspaceRequest, file: ImportFile, form: ColumnsForm) -> HttpResponse:
    """Third step: short files at once, long ones by a worker."""
    file.columns, file.options = form.columns, asdict(form.reading)
    try:
        with transaction.atomic():
            running.start(file)
            columns.save(file.workspace, file.headers, form.columns, form.reading)
            audit.record(file.workspace, request.user, "orders.import_started", file.name)
    except running.UnableToImport as error:
        messages.error(request, str(error))
    else:
        if file.rows <= running.INLINE_LINES:
            running.run(file.pk)
        else:
            tasks.run_import.delay(file_id=file.pk)
    return redirect("tracking:import_file", file.workspace.slug, file.pk)


@require_POST
def discard(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Throw an uploaded file away before it was imported."""
    space = get_workspace(request, workspace, Permission.IMPORT_ORDERS)
    file = get_object_or_404(ImportFile, pk=pk, workspace=space, state=State.UPLOADED)
    with transaction.atomic():
        audit.record(space, request.user, "orders.file_discarded", file.name)
        file.delete()
    messages.success(request, _("The file was thrown away. Nothing was imported."))
    return redirect("tracking:import", space.slug)


@require_GET
def refused_csv(request: WorkspaceRequest, workspace: str, pk: int) -> StreamingHttpResponse:
    """The refused lines with their reasons: mend them and upload the same file."""
    space = get_workspace(request, workspace, Permission.IMPORT_ORDERS)
    file = get_object_or_404(ImportFile.objects.defer("content"), pk=pk, workspace=space)
    rows = RefusedRow.objects.filter(file=file).order_by("line").iterator()
    lines: Any = ([*row.cells, *[""] * (len(file.headers) - len(row.cells)), row.line, row.reason] for row in rows)
    response = StreamingHttpResponse(
        csv_lines([*file.headers, _("Line"), _("Reason")], lines), content_type="text/csv; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="refused-{file.pk}.csv"'
    return response
