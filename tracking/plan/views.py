"""Pages of the tracking plan: what is planned, what came that is not, and the form of one event."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mops.lib.numerals import whole
from tracking.models import PlanVersion
from tracking.plan import forms, seen, versions, violations
from tracking.plan.reading import BadPlan
from tracking.plan.schema import EventType, PlannedEvent
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

EMPTY_ROWS = 3  # of a new event
RECENT = 7  # days of the numbers beside an event


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The newest version with what came of each event in the last days; below, what came and is not planned."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    version = versions.current(space)
    planned = list(versions.planned(version).values())
    came = {one.name: one for one in seen.event_names(space)}
    broken = violations.by_event(space, RECENT)
    known = {event.name for event in planned if event.type == EventType.TRACK}
    context = {
        "version": version,
        "rows": [(event, came.get(event.name) if event.name else None, broken.get(event.short, 0)) for event in planned],
        "unknown": sorted((one for one in came.values() if one.name not in known), key=lambda one: (-one.number, one.name)),
        "days": RECENT,
    }
    return render(request, "tracking/plan/index.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """The form of one event: of the one named by ?type= and ?name=, else of a new one."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    version = versions.current(space)
    there = versions.planned(version).get((request.GET.get("type", ""), request.GET.get("name", "")))
    if request.method == "GET":
        form = forms.EventForm(initial=forms.initial(there) if there else None)
        rows = [forms.row(str(number), prop) for number, prop in enumerate(there.properties if there else ())]
        rows += [] if there else [forms.row(f"new{number}") for number in range(EMPTY_ROWS)]
    else:
        form, rows = forms.EventForm(request.POST), forms.rows_of(request.POST)
        event = forms.planned(form, rows)
        if event and _save(request, space, form, event, there):
            return redirect("plan:index", space.slug)
    context = {"form": form, "rows": rows, "event": there, "number": version.number if version else 0}
    return render(request, "tracking/plan/edit.html", context)


def _save(
    request: WorkspaceRequest, space: Workspace, form: forms.EventForm, event: PlannedEvent, there: PlannedEvent | None
) -> bool:
    """Store the event, in place of the one it was made from. Where that cannot be, say why in the form."""
    newest = versions.current(space)
    planned = versions.planned(newest)
    if event.key in planned and (there is None or event.key != there.key):
        form.add_error("name", _("This event is planned already."))
        return False
    if there and request.POST.get("number") != str(newest.number if newest else 0) and _changed_meanwhile(request, space, there):
        form.add_error(None, _("Somebody changed this event meanwhile. Open it again, so that neither change is lost."))
        return False
    try:
        version = versions.revise(space, request.user, [event], [there.key] if there else [])
    except BadPlan as problem:
        form.add_error(None, str(problem))
        return False
    _tell(request, version)
    return True


def _changed_meanwhile(request: WorkspaceRequest, space: Workspace, there: PlannedEvent) -> bool:
    base = PlanVersion.objects.filter(workspace=space, number=whole(request.POST.get("number", ""), 9) or 0).first()
    return versions.planned(base).get(there.key) != there


def _tell(request: WorkspaceRequest, version: PlanVersion | None) -> None:
    if version:
        messages.success(request, _("Saved as version %(number)s. New events are held against it.") % {"number": version.number})
    else:
        messages.info(request, _("Nothing has changed."))


@require_GET
def row(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """One more empty row of the form."""
    get_workspace(request, workspace, Permission.MANAGE_PLAN)
    return render(request, "tracking/plan/row.html", {"row": forms.row(uuid4().hex[:8])})


@require_POST
def remove(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Take an event out of the plan. Older versions keep it."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    key = (request.POST.get("type", ""), request.POST.get("name", ""))
    _tell(request, versions.revise(space, request.user, without=[key]))
    return redirect("plan:index", space.slug)


@require_POST
def adopt(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Add events to the plan as they came in the last 7 days. What is planned already stays as it is."""
    space = get_workspace(request, workspace, Permission.MANAGE_PLAN)
    known = versions.planned(versions.current(space))
    events = [event for event in seen.proposals(space, request.POST.getlist("name")) if event.key not in known]
    try:
        version = versions.revise(space, request.user, events, origin=PlanVersion.Origin.PROPOSAL)
    except BadPlan as problem:
        messages.error(request, str(problem))
    else:
        _tell_adopted(request, version, len(events))
    return redirect("plan:index", space.slug)


def _tell_adopted(request: WorkspaceRequest, version: PlanVersion | None, number: int) -> None:
    if version is None:
        messages.info(request, _("Nothing has changed."))
        return
    text = ngettext("%(number)s event added as version %(version)s. Look through its properties and name an owner.",
                    "%(number)s events added as version %(version)s. Look through their properties and name their owners.",
                    number)  # fmt: skip
    messages.success(request, text % {"number": number, "version": version.number})
