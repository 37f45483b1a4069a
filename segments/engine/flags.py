"""Say that something about a segment is odd, once, and that it is over."""

from typing import Any

from django.db import connection, transaction

from mops.lib import clock
from segments.models import Flag, Segment

RAISE = """
INSERT INTO segments_flag (workspace_id, segment_id, kind, figures, found_at)
SELECT s.workspace_id, s.id, %s, %s::jsonb, %s FROM segments_segment s WHERE s.id = %s
ON CONFLICT (segment_id, kind) WHERE closed_at IS NULL DO UPDATE SET figures = excluded.figures
"""


def put(segment_id: int, kind: Flag.Kind, figures: dict[str, Any]) -> None:
    """Open a flag, or renew the figures of the open one."""
    import json

    with connection.cursor() as cursor:
        cursor.execute(RAISE, [kind, json.dumps(figures), clock.now(), segment_id])


def close(segment_id: int, kind: Flag.Kind) -> None:
    Flag.objects.filter(segment_id=segment_id, kind=kind, closed_at=None).update(closed_at=clock.now())


@transaction.atomic
def stop(segment_id: int, error: str) -> None:
    """A segment whose rule fails stands still, with the reason; the others go on."""
    stopped = Segment.objects.filter(pk=segment_id, state=Segment.State.LIVE).update(state=Segment.State.PAUSED)
    put(segment_id, Flag.Kind.FAILED, {"error": error, "paused": bool(stopped)})
