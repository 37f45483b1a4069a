"""Pages for privacy officers: requests of people, their answers, and how long data is kept."""

from datetime import datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mops.lib import clock
from tracking.models import AccessFile, DataSubjectRequest
from tracking.rights import access, held, labels, register, registry, requests, retention
from tracking.rights.activities import ACTIVITIES
from tracking.rights.forms import RefusalForm, RequestForm, RetentionForm
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.models import User, Workspace
from workspaces.permissions import Permission

PER_PAGE = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@never_cache
@require_http_methods(["GET", "POST"])
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The requests, those due first, and the form for a new one."""
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    form = RequestForm(request.POST or None)
    if form.is_valid():
        found = _receive(space, request.user, form.cleaned_data)
        return redirect("rights:request", space.slug, found.pk)
    rows = (
        DataSubjectRequest.objects.filter(workspace=space)
        .defer("sealed_identifier")
        .order_by(F("closed_at").desc(nulls_first=True), "due_at", "pk")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "tracking/rights/index.html", {"form": form, "page": page, "now": clock.now()})


def _receive(space: Workspace, user: User, said: dict[str, Any]) -> DataSubjectRequest:
    at = timezone.make_aware(datetime.combine(said["received_on"], time()))
    return requests.receive(
        space, user, kind=said["kind"], identifier_kind=said["identifier_kind"], identifier=said["identifier"],
        proof=said["proof"], received_at=min(at, clock.now()),
    )  # fmt: skip


@never_cache
@require_GET
def request_page(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    shown = get_object_or_404(DataSubjectRequest.objects.select_related("created_by"), pk=pk, workspace=space)
    files = AccessFile.objects.filter(request=shown, created_by=request.user, expires_at__gt=clock.now()).defer("sealed")
    reasons = {line.table: _(line.reason) for line in registry.personal() if line.reason}
    touched = [(name, to) for name, to in shown.outcome.items() if to["rows"] or to["waiting"]]
    targets = [(labels.table(name), to, reasons.get(name, ""), name) for name, to in touched]
    context = {"shown": shown, "files": files, "refusal": RefusalForm(), "now": clock.now(), "targets": targets,
               "is_asked": requests.is_asked(shown)}  # fmt: skip
    return render(request, "tracking/rights/request.html", context)


@never_cache
@require_GET
def held_rows(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Part of a request's page: whom it means and how much is held. Asked for by the page, which need not wait for the search."""
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    asked = get_object_or_404(DataSubjectRequest, pk=pk, workspace=space)
    if not requests.is_asked(asked):
        raise Http404
    return render(request, "tracking/rights/held.html", {"held": held.of(requests.person_of(asked))})


@require_POST
def answer(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Do what is asked for: prepare the file, begin the erasure, or close the gate."""
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    asked = get_object_or_404(DataSubjectRequest, pk=pk, workspace=space)
    try:
        _answer(asked, request.user)
    except requests.UnableToAnswer:
        messages.error(request, _("This request is answered already, or is being worked on."))
    return redirect("rights:request", space.slug, asked.pk)


def _answer(asked: DataSubjectRequest, user: User) -> None:
    if asked.kind == DataSubjectRequest.Kind.ERASURE:
        requests.start_erasure(asked, user)
    elif not asked.sealed_identifier or asked.state == DataSubjectRequest.State.REFUSED:
        raise requests.UnableToAnswer
    elif asked.kind == DataSubjectRequest.Kind.ACCESS:
        requests.prepare_access(asked, user)
    else:
        requests.object_to_marketing(asked, user)


@require_POST
def refuse(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    asked = get_object_or_404(DataSubjectRequest, pk=pk, workspace=space)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why: the person has a right to know."))
    else:
        try:
            requests.refuse(asked, request.user, form.cleaned_data["reason"])
        except requests.UnableToAnswer:
            messages.error(request, _("This request is answered already, or is being worked on."))
    return redirect("rights:request", space.slug, asked.pk)


@never_cache
@require_GET
def download(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The zip, for the member who made it and as long as it lives; for anybody else it does not exist."""
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    file = get_object_or_404(AccessFile, pk=pk, workspace=space, created_by=request.user, expires_at__gt=clock.now())
    headers = {"X-Content-Type-Options": "nosniff"}
    answer = HttpResponse(access.content_of(file), content_type="application/zip", headers=headers)
    name, target = f"access-{file.request_id}.zip", f"#{file.request_id}"
    return hand_out(answer, name, space, request.user, "rights.access_downloaded", target)


@require_GET
def register_page(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The record of processing activities, made anew at each call."""
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    context = {
        "entries": register.entries(space), "parties": register.parties(space), "asked": register.asked(space),
        "measures": register.measures(), "open_points": register.open_points(), "now": clock.now(),
    }  # fmt: skip
    return render(request, "tracking/rights/register.html", context)


@require_GET
def register_file(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    answer = HttpResponse(register.workbook(space), content_type=XLSX)
    name, rows = f"processing-activities-{space.slug}.xlsx", len(ACTIVITIES)
    return hand_out(answer, name, space, request.user, "rights.register_exported", rows=rows)


@require_http_methods(["GET", "POST"])
def retention_page(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.HANDLE_RIGHTS)
    form = RetentionForm(request.POST or None, days=retention.days(space))
    if form.is_valid():
        retention.choose(space, request.user, form.days)
        messages.success(request, _("Saved. It holds from the next night on."))
        return redirect("rights:retention", space.slug)
    return render(request, "tracking/rights/retention.html", {"form": form})
