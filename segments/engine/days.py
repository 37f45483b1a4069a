"""The size of every segment at the end of every day of its workspace's zone, with entries and exits."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from mops.lib import clock
from workspaces.models import Workspace

LONGEST = 40  # days made up for after a standstill

# Sizes are counted backwards from now: who came since is taken off, who went is put back.
CLOSE = """
WITH days AS (
    SELECT t.day, t.since, t.until FROM unnest(%(days)s::date[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[])
        AS t (day, since, until)
), entries AS (
    SELECT segment_id, since AS at, 1 AS came, 0 AS went FROM segments_membership
    WHERE workspace_id = %(workspace)s AND since >= %(first)s
    UNION ALL
    SELECT segment_id, since, 1, 0 FROM segments_pastmembership
    WHERE workspace_id = %(workspace)s AND until >= %(first)s AND since >= %(first)s
    UNION ALL
    SELECT segment_id, until, 0, 1 FROM segments_pastmembership WHERE workspace_id = %(workspace)s AND until >= %(first)s
), moves AS (
    SELECT segment_id, day, sum(came)::int AS came, sum(went)::int AS went
    FROM entries JOIN days ON at >= days.since AND at < days.until GROUP BY 1, 2
), sizes AS (
    SELECT s.id AS segment_id, d.day, coalesce(m.came, 0) AS came, coalesce(m.went, 0) AS went,
        s.size - coalesce(sum(m.came - m.went) OVER (PARTITION BY s.id ORDER BY d.day DESC
                                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS size
    FROM segments_segment s CROSS JOIN days d LEFT JOIN moves m ON m.segment_id = s.id AND m.day = d.day
    WHERE s.workspace_id = %(workspace)s AND s.size IS NOT NULL AND s.state <> 'archived' AND s.created_at < d.until
)
INSERT INTO segments_segmentday AS old (workspace_id, segment_id, day, size, entered, "left")
SELECT %(workspace)s, segment_id, day, greatest(size, 0), came, went FROM sizes
ON CONFLICT (segment_id, day) DO UPDATE SET size = excluded.size, entered = excluded.entered, "left" = excluded."left"
WHERE (old.size, old.entered, old."left") IS DISTINCT FROM (excluded.size, excluded.entered, excluded."left")
"""


def close() -> None:
    """Yesterday and today of every workspace, and days that were missed. May be repeated."""
    for workspace in Workspace.objects.filter(segments__isnull=False).distinct():
        close_days(workspace)


def close_days(workspace: Workspace) -> None:
    days = list(_days(workspace))
    bounds = [_bounds(day, ZoneInfo(workspace.time_zone)) for day in days]
    sinces, untils = [since for since, _ in bounds], [until for _, until in bounds]
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"workspace": workspace.pk, "days": days, "sinces": sinces, "untils": untils, "first": min(sinces)})


def _days(workspace: Workspace) -> list[date]:
    from segments.models import SegmentDay

    today = clock.today(workspace.time_zone)
    last = SegmentDay.objects.filter(workspace=workspace, day__lt=today).order_by("-day").values_list("day", flat=True).first()
    first = max(min(last or today, today - timedelta(days=1)), today - timedelta(days=LONGEST))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def _bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[since, until) of the day in its zone."""
    first, last = (
        datetime.combine(day, datetime.min.time(), zone),
        datetime.combine(day + timedelta(days=1), datetime.min.time(), zone),
    )
    return first, last
