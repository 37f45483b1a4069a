"""The collector's books: received = stored + duplicate + rejected + pending, per source and UTC day of reception.

Every request leaves a receipt (RawBody) with what became of its events, written in the same transaction as these. The
books are the sum of the receipts, moved by what ingest set aside later; `tracking.invariants` holds them against the
rows themselves. No counter is updated while events come in: a shared row would make all requests wait for each other.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection

from mops.lib.clock import now
from tracking.models import Source, SourceDay

OPEN_DAYS = 3  # days counted anew whenever they are shown; older ones stand in SourceDay
REWRITTEN_DAYS = 30  # as long as there are raw bodies, replays may still move a day


class Line(NamedTuple):
    """A day of a source."""

    source_id: int
    day: date
    received: int
    stored: int
    duplicate: int
    rejected: int
    pending: int


COUNT = """
WITH receipts AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, sum(received) AS received, sum(accepted) AS accepted,
        sum(duplicate) AS duplicate, sum(rejected) AS rejected
    FROM tracking_rawbody WHERE received_at >= %(since)s {of_source} GROUP BY 1, 2
),
moved AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS dropped
    FROM tracking_rejection WHERE in_ingest AND replayed_at IS NULL AND received_at >= %(since)s {of_source} GROUP BY 1, 2
),
waiting AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS pending
    FROM tracking_event WHERE state = 'pending' AND received_at >= %(since)s {of_source} GROUP BY 1, 2
)
SELECT source_id, day, received, accepted - coalesce(dropped, 0) - coalesce(pending, 0), duplicate,
    rejected + coalesce(dropped, 0), coalesce(pending, 0)
FROM receipts LEFT JOIN moved USING (source_id, day) LEFT JOIN waiting USING (source_id, day)
ORDER BY source_id, day DESC
"""


def count(since: date, source: Source | None = None) -> list[Line]:
    """The days from `since` on as the receipts tell, newest first."""
    of_source = "AND source_id = %(source)s" if source else ""
    values = {"since": datetime.combine(since, time(), UTC), "source": source.pk if source else None}
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(of_source=of_source), values)
        return [Line(row[0], row[1], *map(int, row[2:])) for row in cursor.fetchall()]


def of_source(source: Source, days: int = 30) -> list[Line]:
    """The last days of a source, newest first: open days counted now, closed ones as they were written down."""
    today = now().date()
    opened = today - timedelta(days=OPEN_DAYS - 1)
    closed = SourceDay.objects.filter(source=source, day__lt=opened, day__gt=today - timedelta(days=days)).order_by("-day")
    return [*count(opened, source), *(Line._make(row) for row in closed.values_list("source_id", *Line._fields[1:]))]


def total(lines: Sequence[Line]) -> Line:
    """The sum of some days of a source; zeros for none."""
    return Line(
        lines[0].source_id if lines else 0, date.min, sum(line.received for line in lines), sum(line.stored for line in lines),
        sum(line.duplicate for line in lines), sum(line.rejected for line in lines), sum(line.pending for line in lines),
    )  # fmt: skip


WRITE = """
INSERT INTO tracking_sourceday (workspace_id, source_id, day, received, stored, duplicate, rejected, pending)
SELECT source.workspace_id, t.*
FROM unnest(%s::bigint[], %s::date[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS t(source_id, day, received, stored, duplicate, rejected, pending)
JOIN tracking_source source ON source.id = t.source_id
ON CONFLICT (source_id, day) DO UPDATE SET received = EXCLUDED.received, stored = EXCLUDED.stored, duplicate = EXCLUDED.duplicate,
    rejected = EXCLUDED.rejected, pending = EXCLUDED.pending
"""


def recount(source_id: int, day: date) -> None:
    """After receipts of a UTC day were taken back: a day that was written down is written again, or is no longer one."""
    source = Source.objects.get(pk=source_id)
    if SourceDay.objects.filter(source=source, day=day).delete()[0]:
        lines = [line for line in count(day, source) if line.day == day]
        if lines:
            with connection.cursor() as cursor:
                cursor.execute(WRITE, [list(column) for column in zip(*lines, strict=True)])


def close_days() -> int:
    """Write the past days down, as long as their receipts are there. Return how many lines."""
    today = now().date()
    lines = [line for line in count(today - timedelta(days=REWRITTEN_DAYS - 2)) if line.day < today]
    if lines:
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [list(column) for column in zip(*lines, strict=True)])
    return len(lines)
