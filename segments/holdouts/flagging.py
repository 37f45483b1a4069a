"""Looks at every live segment once a night and flags what is odd: empty, tenfold overnight, no lift. Flags close themselves."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from mops.lib import clock
from segments.holdouts.lift import lift
from segments.models import Flag, Segment, SegmentDay

TENFOLD = 10
SMALLEST = 20  # people after which a growth is worth a look


def run() -> int:
    """How many flags are open afterwards."""
    live = Segment.objects.filter(state=Segment.State.LIVE, size__isnull=False).select_related("workspace")
    for segment in live.order_by("pk"):
        _settle(segment, {Flag.Kind.EMPTY: _empty(segment), Flag.Kind.GREW: _grew(segment), Flag.Kind.NO_LIFT: _no_lift(segment)})
    return Flag.objects.filter(closed_at=None).count()


def _settle(segment: Segment, found: Mapping[str, dict[str, Any] | None]) -> None:
    """Open what is odd, renew its figures, close what is over."""
    for kind, figures in found.items():
        still = Flag.objects.filter(segment=segment, kind=kind, closed_at=None)
        if figures is None:
            still.update(closed_at=clock.now())
        elif not still.update(figures=figures):
            Flag.objects.create(
                workspace_id=segment.workspace_id, segment=segment, kind=kind, figures=figures, found_at=clock.now()
            )


def _empty(segment: Segment) -> dict[str, Any] | None:
    return {} if segment.size == 0 else None


def _grew(segment: Segment) -> dict[str, Any] | None:
    """Against the end of yesterday."""
    yesterday = clock.today(segment.workspace.time_zone) - timedelta(1)
    before = SegmentDay.objects.filter(segment=segment, day=yesterday).values_list("size", flat=True).first()
    if not before or segment.size is None or segment.size < max(TENFOLD * before, SMALLEST):
        return None
    return {"before": before, "now": segment.size}


def _no_lift(segment: Segment) -> dict[str, Any] | None:
    found = lift(segment)
    if found is None or not found.is_without:
        return None
    low, high = (found.conversion.low, found.conversion.high) if found.conversion else (None, None)
    return {"treated": found.treated.people, "withheld": found.withheld.people, "low": low, "high": high}
