"""Pausing, going on, archiving and building anew; how far a build is, and ending it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from mops.lib import clock
from segments import versions
from segments.engine import changing, lists
from segments.models import Build, Cause, Segment
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

State = Segment.State
OPEN = (Build.State.QUEUED, Build.State.RUNNING)
STEPS = (Build.Step.EVALUATE, Build.Step.COMPARE, Build.Step.WRITE)


def found(space: Workspace, pk: int) -> Segment:
    return get_object_or_404(Segment.objects.select_related("workspace", "purpose", "version"), pk=pk, workspace=space)


def newest_build(segment: Segment) -> Build | None:
    return Build.objects.filter(segment=segment).select_related("version").order_by("-pk").first()


@never_cache
@require_GET
def progress(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """How far the newest build is; a page, and the fragment that asks again until it is over."""
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = found(space, pk)
    context = {"segment": segment, **build_context(segment)}
    if not request.htmx:
        return render(request, "segments/build.html", context)
    response = render(request, "segments/build_card.html", context)
    build: Build | None = context["build"]
    if build and build.state not in OPEN:
        response.headers["HX-Refresh"] = "true"
    return response


def build_context(segment: Segment) -> dict[str, Any]:
    """The newest build with the part of it that is done, as far as that is known."""
    build = newest_build(segment)
    if build is None:
        return {"build": None}
    elapsed = (clock.now() - (build.started_at or build.queued_at)).total_seconds()
    done = min(0.95, elapsed * 1000 / build.expected_ms) if build.expected_ms and build.started_at else None
    steps = [
        (step.label, step == build.step, bool(build.step) and STEPS.index(step) < STEPS.index(Build.Step(build.step)))
        for step in STEPS
    ]
    return {"build": build, "is_open": build.state in OPEN, "elapsed": max(0.0, elapsed), "done": done, "steps": steps}


@require_POST
def change(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """`to`: "paused", "live" (go on, also out of the archive) or "archived"."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = found(space, pk)
    wanted = request.POST.get("to")
    if wanted == State.PAUSED and segment.state == State.LIVE:
        changing.pause(segment)
        _done(request, segment, "segment.paused", _("Paused: its members stand still until it goes on."))
    elif wanted == State.ARCHIVED and segment.state != State.ARCHIVED:
        _archive(request, segment)
    elif wanted == State.LIVE and segment.state in (State.PAUSED, State.ARCHIVED):
        _go_on(request, segment)
    return redirect("segments:detail", space.slug, segment.pk)


def _archive(request: WorkspaceRequest, segment: Segment) -> None:
    try:
        changing.archive(segment)
    except changing.UnableToArchive as problem:
        messages.error(request, _("Not archived: %(names)s refer to it.") % {"names": ", ".join(problem.names)})
        return
    _done(request, segment, "segment.archived", _("Archived. It can be brought back at any time."))


def _go_on(request: WorkspaceRequest, segment: Segment) -> None:
    same = (
        Segment.objects.filter(workspace=segment.workspace, name=segment.name).exclude(state=State.ARCHIVED).exclude(pk=segment.pk)
    )
    if same.exists():
        messages.error(request, _("Another segment has this name by now: rename that one first."))
        return
    if segment.kind == Segment.Kind.LIST and segment.state == State.ARCHIVED:
        Segment.objects.filter(pk=segment.pk).update(state=State.LIVE)
        lists.add(segment, segment.entries.values_list("profile_id", flat=True), request.user)
    else:
        changing.resume(segment, request.user)
    _done(request, segment, "segment.resumed", _("It goes on: everybody is looked at once."))


def _done(request: WorkspaceRequest, segment: Segment, action: str, text: str) -> None:
    audit.record(segment.workspace, request.user, action, segment.name)
    messages.success(request, text)


@require_POST
def rebuild(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Look at everybody again: for a draft, and where somebody wants to be sure."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = found(space, pk)
    newest = versions.newest(segment)
    if newest and segment.kind == Segment.Kind.RULE and segment.state != State.ARCHIVED:
        changing.build(segment, newest, Cause.BUILD, request.user, **versions.estimate(space, versions.rule(newest)))
        _done(request, segment, "segment.rebuilt", _("The build is queued."))
    return redirect("segments:detail", space.slug, segment.pk)


@require_POST
def cancel(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = found(space, pk)
    build = newest_build(segment)
    if build and changing.cancel(build):
        _done(request, segment, "segment.build_cancelled", _("The build is cancelled; the members stay as they were."))
    else:
        messages.info(request, _("The build was over already."))
    return redirect("segments:detail", space.slug, segment.pk)
