"""Count what the events of a micro-batch broke and how good they are: one statement each, in the ingest's transaction.

Counted and stored are committed together, so a worker killed half-way counts nothing and the next one counts once. The
statements come last in the transaction and write in the order of their keys: no two batches can wait for each other.

A sender can make up names without end. Beyond a number of rows per source and day new ones are counted without names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from tracking.arrays import columns_of
from tracking.consent.intake import signals
from tracking.ingest.arrival import Arrival
from tracking.plan import names
from tracking.plan_models import PROPERTY_LENGTH, PlanViolation

LATE = timedelta(days=1)  # then it changes the numbers of a day that was reported already
MOST_VIOLATIONS = 2_000  # rows of a source and day
MOST_RELEASES = 100
UTM = ("utm_source", "utm_medium", "utm_campaign")

VIOLATIONS = """
WITH found AS (
    SELECT * FROM unnest(%(workspace)s::bigint[], %(source)s::bigint[], %(version)s::bigint[], %(day)s::date[], %(release)s::text[],
        %(event)s::text[], %(kind)s::text[], %(property)s::text[], %(number)s::bigint[], %(last_at)s::timestamptz[])
        AS t(workspace_id, source_id, version_id, day, release, event, kind, property, number, last_at)
),
full_days AS (
    SELECT source_id, day FROM tracking_planviolation WHERE (source_id, day) IN (SELECT source_id, day FROM found)
    GROUP BY 1, 2 HAVING count(*) >= %(most)s
),
named AS (
    SELECT found.*, full_days.day IS NULL OR EXISTS (
        SELECT FROM tracking_planviolation there
        WHERE (there.source_id, there.day, there.version_id, there.event, there.kind, there.property, there.release)
            = (found.source_id, found.day, found.version_id, found.event, found.kind, found.property, found.release)) AS keeps
    FROM found LEFT JOIN full_days USING (source_id, day)
)
INSERT INTO tracking_planviolation AS v (workspace_id, source_id, version_id, day, release, event, kind, property, number, last_at)
SELECT workspace_id, source_id, version_id, day, CASE WHEN keeps THEN release ELSE '' END, CASE WHEN keeps THEN event ELSE '' END,
    kind, CASE WHEN keeps THEN property ELSE '' END, sum(number), max(last_at)
FROM named GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 2, 4, 3, 6, 7, 8, 5
ON CONFLICT (source_id, day, version_id, event, kind, property, release)
DO UPDATE SET number = v.number + EXCLUDED.number, last_at = greatest(v.last_at, EXCLUDED.last_at)
"""
QUALITY = """
WITH found AS (
    SELECT t.*, source.consent_mode = 'declared' AND source.legal_basis <> '' AS declared,
        (SELECT count(*) FROM tracking_qualityday there WHERE there.source_id = t.source_id AND there.day = t.day) >= %(most)s
        AND NOT EXISTS (SELECT FROM tracking_qualityday there
            WHERE (there.source_id, there.day, there.release) = (t.source_id, t.day, t.release)) AS is_full
    FROM unnest(%(workspace)s::bigint[], %(source)s::bigint[], %(day)s::date[], %(release)s::text[], %(events)s::bigint[],
        %(checked)s::bigint[], %(invalid)s::bigint[], %(consented)s::bigint[], %(identified)s::bigint[], %(late)s::bigint[],
        %(tagged)s::bigint[], %(tagged_whole)s::bigint[], %(last_at)s::timestamptz[])
        AS t(workspace_id, source_id, day, release, events, checked, invalid, consented, identified, late, tagged, tagged_whole,
            last_at)
    JOIN tracking_source source ON source.id = t.source_id
)
INSERT INTO tracking_qualityday AS q (workspace_id, source_id, day, release, events, checked, invalid, grounded, identified, late,
    tagged, tagged_whole, last_at)
SELECT workspace_id, source_id, day, CASE WHEN is_full THEN '' ELSE release END, sum(events), sum(checked), sum(invalid),
    sum(CASE WHEN declared THEN events ELSE consented END), sum(identified), sum(late), sum(tagged), sum(tagged_whole), max(last_at)
FROM found GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 4
ON CONFLICT (source_id, day, release) DO UPDATE SET events = q.events + EXCLUDED.events, checked = q.checked + EXCLUDED.checked,
    invalid = q.invalid + EXCLUDED.invalid, grounded = q.grounded + EXCLUDED.grounded,
    identified = q.identified + EXCLUDED.identified, late = q.late + EXCLUDED.late, tagged = q.tagged + EXCLUDED.tagged,
    tagged_whole = q.tagged_whole + EXCLUDED.tagged_whole, last_at = greatest(q.last_at, EXCLUDED.last_at)
"""


class Place(NamedTuple):
    """Whose count it is."""

    workspace: int
    source: int
    day: date
    release: str


class Broken(NamedTuple):
    """A row of violations."""

    place: Place
    version: int
    event: str
    kind: str
    property: str


def count(arrivals: Sequence[Arrival]) -> None:
    """Count these stored events. To be called once per event, in the transaction that stores it."""
    for statement, columns, most in (
        (QUALITY, quality(arrivals), MOST_RELEASES),
        (VIOLATIONS, violations(arrivals), MOST_VIOLATIONS),
    ):
        if columns:
            with connection.cursor() as cursor:
                cursor.execute(statement, {**columns, "most": most})


def _place(arrival: Arrival) -> Place:
    day = arrival.received_at.astimezone(UTC).date()
    return Place(arrival.workspace_id, arrival.source_id, day, names.release_of(arrival.context, arrival.properties))


def _broken(place: Place, arrival: Arrival) -> Iterable[Broken]:
    for kind, path in arrival.violations:
        name = names.event_name(arrival.name) if kind == PlanViolation.Kind.UNKNOWN_EVENT else arrival.name
        event = name if arrival.type == "track" else arrival.type
        yield Broken(place, arrival.plan_version, event, kind, path[:PROPERTY_LENGTH])


def violations(arrivals: Sequence[Arrival]) -> dict[str, str]:
    """What these events break, by rule and place, as columns of that name; {} for nothing."""
    broken: Counter[Broken] = Counter()
    last: dict[Broken, datetime] = {}
    for arrival in arrivals:
        for one in _broken(_place(arrival), arrival) if arrival.violations else ():
            broken[one] += 1
            last[one] = max(last.get(one, arrival.received_at), arrival.received_at)
    rows = [(*one.place, *one[1:], number, last[one]) for one, number in broken.items()]
    columns = ("workspace", "source", "day", "release", "version", "event", "kind", "property", "number", "last_at")
    return dict(zip(columns, columns_of(rows), strict=True)) if rows else {}


def quality(arrivals: Sequence[Arrival]) -> dict[str, str]:
    """What is counted of these events, by place, as columns of that name; {} for nothing."""
    sums: dict[Place, list[int]] = {}
    last: dict[Place, datetime] = {}
    for arrival in arrivals:
        place = _place(arrival)
        before = sums.get(place, [0] * len(COUNTED))
        sums[place] = [number + counts(arrival) for number, counts in zip(before, COUNTED.values(), strict=True)]
        last[place] = max(last.get(place, arrival.received_at), arrival.received_at)
    rows = [(*place, *numbers, last[place]) for place, numbers in sums.items()]
    columns = ("workspace", "source", "day", "release", *COUNTED, "last_at")
    return dict(zip(columns, columns_of(rows), strict=True)) if rows else {}


def _is_tagged(arrival: Arrival) -> bool:
    return any(name.startswith("utm_") for name in (arrival.acquisition or {}).get("raw", ()))


COUNTED: dict[str, Callable[[Arrival], bool]] = {
    "events": lambda arrival: True,
    "checked": lambda arrival: bool(arrival.plan_version),
    "invalid": lambda arrival: bool(arrival.violations),
    "consented": lambda arrival: signals(arrival.context).get("analytics", False),
    "identified": lambda arrival: arrival.profile_id is not None,
    "late": lambda arrival: arrival.received_at - arrival.occurred_at > LATE,
    "tagged": _is_tagged,
    "tagged_whole": lambda arrival: _is_tagged(arrival) and all((arrival.acquisition or {}).get(name) for name in UTM),
}
