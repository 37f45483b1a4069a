"""Visits: a visitor's events less than 30 minutes apart, cut at midnight of the workspace's zone.

An event is stored with its visit: the visits are computed from the events that are there and those that come, before these are
written. The cut at midnight makes a visitor's day a unit of its own: when an event arrives late, the visits of that day are
computed again from all its events, and the result is the one that any other order of arrival gives.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from tracking.arrays import array, columns_of, rows_of
from tracking.channel_grouping import Origin, group
from tracking.ingest.arrival import VISITED, Arrival, text

PAUSE = timedelta(minutes=30)
NAMESPACE = uuid.UUID("6f5b1f0e-6a0e-4a39-9a39-6d6f70730003")
DIRECT = group(Origin())
URL_LENGTH = 500


class VisitorDay(NamedTuple):
    workspace_id: int
    visitor: str
    day: date  # in the workspace's zone


class Step(NamedTuple):
    """An event of a visit."""

    workspace_id: int
    visitor: str
    occurred_at: datetime
    message_id: str
    id: int
    received_at: datetime
    source_id: int
    kind: str
    channel: str
    channel_rule: str
    acquisition: str | None  # JSON
    url: str | None
    session_id: uuid.UUID | None
    order_key: str | None  # of an order


class Visit(NamedTuple):
    id: uuid.UUID
    workspace_id: int
    source_id: int
    visitor: str
    day: date
    started_at: datetime
    ended_at: datetime
    events: int
    pages: int
    entry_page: str
    channel: str
    channel_rule: str
    acquisition: str


def recompute(arrivals: Sequence[Arrival], zones: dict[int, ZoneInfo]) -> set[tuple[int, str]]:
    """The visits of every visitor's day these events fall on, and `session_id` of the events, which are yet to be stored.

    The orders of these days that were there before, as (workspace id, order id): their origin may be another now. The caller
    holds the visitors' locks.
    """
    coming = {a.id: a for a in arrivals if a.makes_visits}
    days = sorted({VisitorDay(a.workspace_id, a.visitor, day_of(a.occurred_at, zones[a.workspace_id])) for a in coming.values()})
    return _recompute(days, coming, zones)


def recompute_days(days: Sequence[VisitorDay], zones: dict[int, ZoneInfo]) -> None:
    """The visits of these days from the events there are now; none where none is left. The caller holds the visitors' locks."""
    _recompute(days, {}, zones)


def _recompute(days: Sequence[VisitorDay], coming: Mapping[int, Arrival], zones: dict[int, ZoneInfo]) -> set[tuple[int, str]]:
    if not days:
        return set()
    there = _steps(days, zones)
    visits: list[Visit] = []
    moved: list[tuple[int, datetime, uuid.UUID]] = []
    for (workspace_id, _visitor), own in groupby(sorted([*there, *map(_step, coming.values())]), key=lambda step: step[:2]):
        for part in split(own, zones[workspace_id]):
            visit = summary(part, zones[workspace_id])
            visits.append(visit)
            for step in part:
                if step.id in coming:
                    coming[step.id].session_id = visit.id
                elif step.session_id != visit.id:
                    moved.append((step.id, step.received_at, visit.id))
    _write(days, visits, moved)
    return {(step.workspace_id, step.order_key) for step in there if step.order_key}


def _step(a: Arrival) -> Step:
    acquisition = json.dumps(a.acquisition, ensure_ascii=False) if a.acquisition else None
    return Step(
        a.workspace_id, a.visitor, a.occurred_at, a.message_id, a.id, a.received_at, a.source_id, a.kind, a.channel, a.channel_rule,
        acquisition, text(a.context, "page", "url"), None, None,
    )  # fmt: skip


def day_of(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants a day begins and ends at: 23, 24 or 25 hours apart."""
    since, until = (datetime.combine(d, time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return since, until


def split(steps: Iterable[Step], zone: ZoneInfo) -> list[list[Step]]:
    """One visitor's events, sorted by time, as visits."""
    visits: list[list[Step]] = []
    for step in steps:
        last = visits[-1][-1] if visits else None
        if (
            last
            and step.occurred_at - last.occurred_at < PAUSE
            and day_of(step.occurred_at, zone) == day_of(last.occurred_at, zone)
        ):
            visits[-1].append(step)
        else:
            visits.append([step])
    return visits


def summary(steps: Sequence[Step], zone: ZoneInfo) -> Visit:
    """The first event that names an origin decides the channel; a visit in which none does is direct."""
    first, named = steps[0], next((step for step in steps if step.acquisition), None)
    name = f"{first.workspace_id}:{first.visitor}:{first.occurred_at.isoformat()}"
    pages = [step for step in steps if step.kind == "page"]
    channel, rule = (named.channel, named.channel_rule) if named else DIRECT
    return Visit(
        uuid.uuid5(NAMESPACE, name), first.workspace_id, first.source_id, first.visitor, day_of(first.occurred_at, zone),
        first.occurred_at, steps[-1].occurred_at, len(steps), len(pages), ((pages or steps)[0].url or "")[:URL_LENGTH],
        channel, rule, (named.acquisition if named else None) or "{}",
    )  # fmt: skip


STEPS = """
SELECT e.workspace_id, e.visitor, e.occurred_at, e.message_id, e.id, e.received_at, e.source_id, e.kind, e.channel, e.channel_rule,
    e.acquisition::text,
    CASE WHEN jsonb_typeof(e.context #> '{page,url}') = 'string' THEN e.context #>> '{page,url}' END, e.session_id,
    CASE WHEN e.kind = 'order' THEN e.properties->>'order_id' END
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[]) AS wanted(workspace_id, visitor, since, until)
JOIN tracking_event e ON e.workspace_id = wanted.workspace_id AND e.visitor = wanted.visitor
    AND e.occurred_at >= wanted.since AND e.occurred_at < wanted.until
JOIN tracking_source source ON source.id = e.source_id
WHERE e.state = 'stored' AND e.anonymous_id <> '' AND e.type IN ('track', 'page', 'screen') AND source.kind = ANY(%s)
"""
DELETE = """
DELETE FROM tracking_session session
USING unnest(%s::bigint[], %s::text[], %s::date[]) AS wanted(workspace_id, visitor, day)
WHERE session.workspace_id = wanted.workspace_id AND session.visitor = wanted.visitor AND session.day = wanted.day
  AND session.id <> ALL(%s::uuid[])
"""
UPSERT = """
INSERT INTO tracking_session (id, workspace_id, source_id, visitor, day, started_at, ended_at, events, pages,
    entry_page, channel, channel_rule, acquisition)
SELECT id, workspace_id, source_id, visitor, day, started_at, ended_at, events, pages,
    entry_page, channel, channel_rule, acquisition::jsonb
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::text[], %s::date[], %s::timestamptz[], %s::timestamptz[],
    %s::int[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS t(id, workspace_id, source_id, visitor, day, started_at, ended_at, events, pages,
         entry_page, channel, channel_rule, acquisition)
ON CONFLICT (id) DO UPDATE SET source_id = EXCLUDED.source_id, ended_at = EXCLUDED.ended_at, events = EXCLUDED.events,
    pages = EXCLUDED.pages, entry_page = EXCLUDED.entry_page, channel = EXCLUDED.channel, channel_rule = EXCLUDED.channel_rule,
    acquisition = EXCLUDED.acquisition
"""
MOVE = """
UPDATE tracking_event e SET session_id = moved.session_id
FROM unnest(%s::bigint[], %s::timestamptz[], %s::uuid[]) AS moved(id, received_at, session_id)
WHERE e.id = moved.id AND e.received_at = moved.received_at
"""


def _steps(days: Sequence[VisitorDay], zones: dict[int, ZoneInfo]) -> list[Step]:
    limits = [bounds(day.day, zones[day.workspace_id]) for day in days]
    wanted = [(day.workspace_id, day.visitor, *limit) for day, limit in zip(days, limits, strict=True)]
    return [Step._make(row) for row in rows_of(STEPS, [*columns_of(wanted), list(VISITED)])]


def _write(days: Sequence[VisitorDay], visits: Sequence[Visit], moved: Sequence[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(DELETE, [*columns_of(days), array(visit.id for visit in visits)])
        if visits:
            cursor.execute(UPSERT, columns_of(visits))
        if moved:
            cursor.execute(MOVE, columns_of(moved))
