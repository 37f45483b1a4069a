"""The page of a segment's lift: treated against withheld, with intervals and what they mean."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from segments.holdouts import lift
from segments.holdouts.intervals import Sample
from segments.models import Segment
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission


@require_GET
def lift_of(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = get_object_or_404(Segment.objects.select_related("workspace"), pk=pk, workspace=space)
    found = lift.lift(segment)
    context = {"segment": segment, "lift": found, "sides": _sides(found) if found else [], "fewest": lift.FEWEST}
    return render(request, "segments/lift.html", {**context, "days": lift.WATCHED_DAYS, "look_back": lift.LOOK_BACK_DAYS})


def _sides(found: lift.Lift) -> list[tuple[bool, Sample, float | None, float | None]]:
    """(is treated, sample, share that bought, revenue per person) of both sides."""
    return [
        (
            is_treated,
            side,
            side.converted / side.people if side.people else None,
            side.revenue / side.people if side.people else None,
        )
        for is_treated, side in ((True, found.treated), (False, found.withheld))
    ]
