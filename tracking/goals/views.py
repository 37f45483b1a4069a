"""Pages of conversion goals: list, create with what it would have counted, edit, archive, detail by day and channel."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels.taxonomy import CHANNELS
from mops.lib import clock
from mops.lib.period import Period
from tracking.goals import conditions, days, figures
from tracking.goals.computing import count
from tracking.goals.forms import GoalForm
from tracking.models import Goal
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

SHOWN_DAYS = 30
State = Goal.State


def shown_period(space: Workspace) -> Period:
    """The last 30 days with today: conversions are there as soon as they are computed."""
    tomorrow = clock.today(space.time_zone) + timedelta(days=1)
    return Period(tomorrow - timedelta(days=SHOWN_DAYS), tomorrow)


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Active goals with the conversions of the last 30 days; archived ones below."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    period = shown_period(space)
    found = figures.by_goal(space, period)
    goals = Goal.objects.filter(workspace=space).order_by("state", "name")
    rows = [(goal, found.get(goal.pk, figures.Figures())) for goal in goals]
    context = {"rows": rows, "period": period, "matches": figures.matches(space, period) if rows else []}
    return render(request, "tracking/goals/list.html", context)


@require_http_methods(["GET", "POST"])
def create(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_GOALS)
    form = GoalForm(request.POST or None, workspace=space)
    if form.is_valid():
        form.instance.created_by = request.user
        return _save(request, space, form, "goal.created", _("The goal is created. Its past is being counted."))
    return render(request, "tracking/goals/form.html", {"form": form, "days": SHOWN_DAYS})


@require_http_methods(["GET", "POST"])
def edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_GOALS)
    goal = get_object_or_404(Goal, pk=pk, workspace=space)
    form = GoalForm(request.POST or None, workspace=space, instance=goal)
    if form.is_valid():
        return _save(request, space, form, "goal.changed", _("Saved. Its past is being counted again."))
    return render(request, "tracking/goals/form.html", {"form": form, "goal": goal, "days": SHOWN_DAYS})


def _save(request: WorkspaceRequest, space: Workspace, form: GoalForm, action: str, text: str) -> HttpResponse:
    """Store the goal and have its days computed; conversions of days farther back stay as they were counted."""
    with transaction.atomic():
        goal = form.save()
        days.mark_back(space)
        audit.record(space, request.user, action, goal.name)
    messages.success(request, text)
    return redirect("goals:detail", space.slug, goal.pk)


@require_GET
def preview(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """What the goal in the form would have counted in the last 30 days."""
    space = get_workspace(request, workspace, Permission.MANAGE_GOALS)
    form = GoalForm({**request.GET.dict(), "name": ""}, workspace=space)  # a name that is taken counts as well
    form.fields["name"].required = False
    context: dict[str, Any] = {"days": SHOWN_DAYS}
    if form.is_valid():
        period = shown_period(space)
        zone = ZoneInfo(space.time_zone)
        since, until = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (period.since, period.until))
        context["count"] = count(space, form.instance, since, until)
    return render(request, "tracking/goals/preview.html", context)


@require_POST
def archive(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Counts no more; what it counted stays."""
    return _set_state(request, workspace, pk, State.ARCHIVED, "goal.archived", _("The goal is archived."))


@require_POST
def restore(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    return _set_state(request, workspace, pk, State.ACTIVE, "goal.restored", _("The goal counts again."))


def _set_state(request: WorkspaceRequest, workspace: str, pk: int, state: str, action: str, text: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_GOALS)
    goal = get_object_or_404(Goal, pk=pk, workspace=space)
    with transaction.atomic():
        if Goal.objects.filter(pk=goal.pk).exclude(state=state).update(state=state):
            days.mark_back(space)
            audit.record(space, request.user, action, goal.name)
    messages.success(request, text)
    return redirect("goals:detail", space.slug, goal.pk)


@require_GET
def detail(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Definition of a goal, and its conversions of the last 30 days by day and channel."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    goal = get_object_or_404(Goal.objects.select_related("workspace"), pk=pk, workspace=space)
    period = shown_period(space)
    channels = figures.by_channel(goal, period)
    context = {
        "goal": goal,
        "period": period,
        "total": figures.by_goal(space, period).get(goal.pk, figures.Figures()),
        "days": figures.by_day(goal, period),
        "conditions": conditions.load(goal.conditions),
        "channels": [(CHANNELS[str(line.key)].label, line.figures) for line in channels],
    }
    return render(request, "tracking/goals/detail.html", context)
