"""Which tracked events came in the last days, and what they looked like: how a plan begins, and how it takes in a new event.

Read from the newest events of each name only, however many there are. Values are looked at for their type and never kept.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from mops.lib import clock
from tracking.plan import names
from tracking.plan.schema import EventType, PlannedEvent, Property, Type
from workspaces.models import Workspace

DAYS = 7
SAMPLE = 300  # newest events of a name that are looked at
MOST_NAMES = 300
COUNTED = 10_000  # a number says "at least" from here on
MOST_PROPERTIES = 60  # proposed of an event
NAMES = """
WITH RECURSIVE names(name) AS (
    (SELECT name FROM tracking_event WHERE workspace_id = %(workspace)s AND state = 'stored' AND name > ''
        AND received_at >= %(since)s ORDER BY name LIMIT 1)
    UNION ALL
    SELECT (SELECT e.name FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.name > names.name
        AND e.received_at >= %(since)s ORDER BY e.name LIMIT 1)
    FROM names WHERE names.name IS NOT NULL
),
found AS (SELECT name FROM names WHERE name IS NOT NULL LIMIT %(most)s)
SELECT found.name, counted.number FROM found CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.name = found.name
            AND e.type = 'track' AND e.occurred_at >= %(since)s AND e.received_at >= %(since)s LIMIT %(counted)s) AS rows_of_name
) AS counted
WHERE counted.number > 0
"""
NEWEST = """
SELECT wanted.name, newest.properties::text FROM unnest(%(names)s::text[]) AS wanted(name) CROSS JOIN LATERAL (
    SELECT e.properties FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.name = wanted.name
        AND e.type = 'track' AND e.occurred_at >= %(since)s AND e.received_at >= %(since)s
    ORDER BY e.occurred_at DESC LIMIT %(sample)s
) AS newest
"""


class Seen(NamedTuple):
    """An event name of the last days."""

    name: str
    number: int

    @property
    def is_more(self) -> bool:
        return self.number >= COUNTED


def event_names(workspace: Workspace) -> list[Seen]:
    """Tracked events of the last 7 days by name; those that do not look like a name are left out."""
    values: dict[str, Any] = {"workspace": workspace.pk, "since": _since(), "most": MOST_NAMES, "counted": COUNTED}
    with connection.cursor() as cursor:
        cursor.execute(NAMES, values)
        return [Seen(*row) for row in cursor.fetchall() if names.event_name(row[0])]


def proposals(workspace: Workspace, wanted: Iterable[str]) -> list[PlannedEvent]:
    """These events with the properties and types seen in the last 7 days; names that were not seen are left out."""
    samples: dict[str, list[dict[str, Any]]] = defaultdict(list)
    values: dict[str, Any] = {
        "workspace": workspace.pk,
        "since": _since(),
        "names": sorted(set(wanted))[:MOST_NAMES],
        "sample": SAMPLE,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, values)
        for name, properties in cursor.fetchall():
            samples[name].append(json.loads(properties))
    return [PlannedEvent(EventType.TRACK, name, properties=tuple(infer(sample))) for name, sample in sorted(samples.items())]


def _since() -> datetime:
    return clock.now() - timedelta(days=DAYS)


def infer(sample: Sequence[dict[str, Any]], prefix: str = "") -> list[Property]:
    """Properties that fit the sample: the most frequent type of each, required where every object has it."""
    values: dict[str, list[Any]] = defaultdict(list)
    for one in sample:
        for name, value in one.items():
            if names.property_name(name) and not any(char in name for char in ".[]"):
                values[name].append(value)
    found: list[Property] = []
    for name, seen in list(values.items())[:MOST_PROPERTIES]:
        kind = most_frequent_type(seen)
        found.append(Property(prefix + name, kind, len(seen) == len(sample), any(one is None for one in seen)))
        if not prefix and kind == Type.OBJECT:
            found += infer([one for one in seen if isinstance(one, dict)], f"{name}.")
        elif not prefix and kind == Type.ARRAY:
            found += _infer_items(name, [item for one in seen if isinstance(one, list) for item in one])
    return found


def _infer_items(name: str, items: Sequence[Any]) -> list[Property]:
    kind = most_frequent_type(items)
    if kind == Type.OBJECT:
        return infer([one for one in items if isinstance(one, dict)], f"{name}[].")
    return [Property(f"{name}[]", kind)] if kind not in (Type.ANY, Type.ARRAY) else []


def most_frequent_type(values: Sequence[Any]) -> str:
    """ANY where nothing but null was seen. A number is proposed as a number, though only whole ones were seen."""
    kinds = Counter(type_of(value) for value in values if value is not None)
    return str(kinds.most_common(1)[0][0]) if kinds else str(Type.ANY)


def type_of(value: Any) -> Type:
    if isinstance(value, bool):
        return Type.BOOLEAN
    if isinstance(value, int | float):
        return Type.NUMBER
    if isinstance(value, str):
        return Type.DATE_TIME if _is_instant(value) else Type.STRING
    return Type.ARRAY if isinstance(value, list) else Type.OBJECT if isinstance(value, dict) else Type.NULL


def _is_instant(value: str) -> bool:
    if len(value) < 20 or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
