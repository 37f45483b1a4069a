"""The plan as a file, and its versions."""

import json

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tracking.models import PlanVersion
from tracking.plan import exchange, versions
from tracking.plan.reading import BadPlan
from tracking.plan.schema import PlannedEvent
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.models import Workspace
from workspaces.permissions import Permission

SHOWN = 200


@require_http_methods(["GET", "POST"])
def import_plan(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Paste or upload a plan, look at what it would change, then take it."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    context: dict[str, object] = {}
    if request.method == "POST":
        text = _sent(request)
        replaces = request.POST.get("mode") == "replace"
        context = {"text": text, "replaces": replaces}
        try:
            imported = exchange.parse(text)
            after = _after(space, imported.events, replaces)
            if request.POST.get("step") == "take":
                return _take(request, space, after)
            before = list(versions.planned(versions.current(space)).values())
            context |= {"changes": versions.changes(before, after), "imported": imported}
        except BadPlan as problem:
            context["problem"] = str(problem)
    return render(request, "tracking/plan/import.html", context)


def _sent(request: WorkspaceRequest) -> str:
    uploaded = request.FILES.get("file")
    if isinstance(uploaded, UploadedFile):
        content: bytes = uploaded.read(4 * exchange.LARGEST)
        return content.decode(errors="replace").removeprefix("\ufeff")
    return request.POST.get("text", "")


def _after(space: Workspace, events: list[PlannedEvent], replaces: bool) -> list[PlannedEvent]:
    """The plan as it would be."""
    kept = {} if replaces else versions.planned(versions.current(space))
    after = list({**kept, **{event.key: event for event in events}}.values())
    versions.refuse_unusable(after)
    return after


def _take(request: WorkspaceRequest, space: Workspace, after: list[PlannedEvent]) -> HttpResponse:
    version = versions.save(space, request.user, after, PlanVersion.Origin.IMPORT)
    text = _("Imported as version %(number)s.") % {"number": version.number} if version else _("Nothing has changed.")
    messages.success(request, text)
    return redirect("plan:index", space.slug)


@require_GET
def export_plan(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The newest version as JSON Schema, one per event."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    events = versions.planned(versions.current(space)).values()
    content = exchange.export(space.name, events)
    answer = HttpResponse(json.dumps(content, indent=2, ensure_ascii=False), "application/json")
    return hand_out(answer, f"tracking-plan-{space.slug}.json", space, request.user, "plan.exported", rows=len(events))


@require_GET
def history(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Every version: who changed what, when."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    found = PlanVersion.objects.filter(workspace=space).select_related("made_by").defer("events").order_by("-number")[:SHOWN]
    return render(request, "tracking/plan/history.html", {"versions": found})


@require_GET
def version(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """The plan as it was."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    shown = get_object_or_404(PlanVersion.objects.select_related("made_by"), pk=pk, workspace=space)
    newest = versions.current(space)
    context = {"version": shown, "events": versions.planned(shown).values(), "is_newest": newest == shown}
    return render(request, "tracking/plan/version.html", context)


@require_POST
def restore(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Make an old version the newest."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    old = get_object_or_404(PlanVersion.objects.select_related("workspace"), pk=pk, workspace=space)
    made = versions.restore(old, request.user)
    text = _("Version %(old)s is back, as version %(number)s.") % {"old": old.number, "number": made.number} if made else ""
    messages.success(request, text or _("Nothing has changed."))
    return redirect("plan:index", space.slug)
