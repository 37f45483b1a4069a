"""The list of segments, and templates to begin with."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from mops.lib import clock
from mops.lib.sparkline import sparkline
from segments.models import Build, Flag, Segment, SegmentDay
from segments.rules.templates import TEMPLATES
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

COURSE, GROWTH = 30, 7  # days of the line, and those growth is measured over
OPEN = (Build.State.QUEUED, Build.State.RUNNING)


class Line(NamedTuple):
    segment: Segment
    course: SafeString
    growth: int | None  # people more than a week ago, None where that is not known
    growth_share: float | None
    last_build: Build | None
    open_build: Build | None
    flags: Sequence[Flag]


@require_GET
def view(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Live segments, paused ones and drafts; archived ones with ?archived=1."""
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    archived = request.GET.get("archived") == "1"
    state = Segment.State.ARCHIVED
    segments = Segment.objects.filter(workspace=space).select_related("purpose").order_by("name")
    shown = list(segments.filter(state=state) if archived else segments.exclude(state=state))
    context = {
        "lines": lines(space, shown),
        "archived": archived,
        "has_archived": segments.filter(state=state).exists(),
        "templates": TEMPLATES,
    }
    return render(request, "segments/list.html", context)


def lines(space: Workspace, segments: Sequence[Segment]) -> list[Line]:
    """Four queries, however many segments."""
    today = clock.today(space.time_zone)
    days: dict[int, dict[date, int]] = defaultdict(dict)
    since = today - timedelta(days=COURSE)
    for segment_id, day, size in SegmentDay.objects.filter(workspace=space, day__gte=since).values_list("segment", "day", "size"):
        days[segment_id][day] = size
    ids = [segment.pk for segment in segments]
    builds = Build.objects.filter(workspace=space, segment__in=ids)
    done = builds.filter(state=Build.State.DONE).order_by("segment", "-pk").distinct("segment")
    last = {build.segment_id: build for build in done}
    opened = {build.segment_id: build for build in builds.filter(state__in=OPEN)}
    flags: dict[int, list[Flag]] = defaultdict(list)
    for flag in Flag.objects.filter(workspace=space, closed_at=None):
        flags[flag.segment_id].append(flag)
    return [
        _line(one, days[one.pk], today, last.get(one.pk), opened.get(one.pk), flags[one.pk]) for one in segments
    ]  # fmt: skip


def _line(
    segment: Segment, days: dict[date, int], today: date, last: Build | None, opened: Build | None, flags: Sequence[Flag]
) -> Line:
    course = [days.get(today - timedelta(days=back)) for back in range(COURSE, 0, -1)]
    before = days.get(today - timedelta(days=GROWTH))
    growth = None if before is None or segment.size is None else segment.size - before
    share = growth / before if growth is not None and before else None
    return Line(segment, sparkline([*course, segment.size]), growth, share, last, opened, flags)
