"""Conversions of a day, computed again from its events whenever they change: the same events give the same conversions.

"Once per person" looks at all days: the earliest event counts, whenever it arrives. Of several events about one order, on
whatever days, one counts: that of a visit, else the earliest. What people did who were erased since, or whose time is over,
stays as it was counted: of their events too little is left to count them again.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from mops.lib.locks import lock_in_transaction
from tracking.event_models import ERASED
from tracking.goals import conditions, days, touchpoints
from tracking.ingest.sessions import bounds
from tracking.models import Goal
from workspaces.models import Workspace

KEYS = {  # what counts once
    Goal.Counting.ALWAYS: "told.message_id",
    Goal.Counting.SESSION: "coalesce(told.session_id::text, told.message_id)",
    Goal.Counting.PERSON: "coalesce('p' || told.profile_id, 'v' || told.visitor)",
}
NAMED = {
    Goal.Kind.TRACK: "e.type = 'track' AND e.name = %(event)s",
    Goal.Kind.PAGE: "e.type IN ('page', 'screen') AND (%(event)s = '' OR e.name = %(event)s)",
}
MATCHING = "e.workspace_id = %(workspace)s AND e.state = 'stored' AND {named} AND e.message_id !~ %(erased)s AND {conditions}"
# An array, not a join: without statistics, as after a large import, a join compares every event with every order.
COUNTED = f"""
WITH told AS (
    SELECT e.id, e.message_id, e.session_id, e.visitor, e.profile_id, e.occurred_at, e.channel,
        e.{{column}} #>> %(path)s::text[] AS value, e.properties->>'currency' AS currency,
        CASE WHEN e.kind = 'order' THEN nullif(e.properties->>'order_id', '') END AS order_id
    FROM tracking_event e WHERE {MATCHING} AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
),
of_orders AS (
    SELECT DISTINCT ON (e.properties->>'order_id') e.id FROM tracking_event e
    WHERE {MATCHING} AND e.kind = 'order' AND e.kind IN ('order', 'refund')
        AND e.properties->>'order_id' = ANY(ARRAY(SELECT DISTINCT order_id FROM told WHERE order_id IS NOT NULL))
    ORDER BY e.properties->>'order_id', e.session_id IS NULL, e.occurred_at, e.message_id
)
SELECT DISTINCT ON ({{key}}) told.message_id, told.session_id, told.visitor, told.profile_id, told.occurred_at,
    coalesce(session.channel, nullif(told.channel, ''), 'direct') AS channel,
    coalesce(CASE WHEN told.value ~ '^-?[0-9]{{{{1,12}}}}([.][0-9]{{{{1,20}}}})?$' THEN told.value::numeric(18, 6) END,
        %(default_value)s) AS value,
    CASE WHEN told.currency ~ '^[A-Z]{{{{3}}}}$' THEN told.currency ELSE %(currency)s END AS currency
FROM told LEFT JOIN tracking_session session ON session.id = told.session_id
WHERE told.order_id IS NULL OR told.id IN (SELECT id FROM of_orders)
ORDER BY {{key}}, told.occurred_at, told.message_id
"""  # noqa: S608  only names of ours
COUNT = "SELECT count(*), sum(value) FROM ({counted}) AS counted"
PERSON = "coalesce('p' || {0}.profile_id, 'v' || {0}.visitor)"
EARLIER = f"""
WHERE NOT EXISTS (SELECT 1 FROM tracking_conversion earlier WHERE earlier.goal_id = %(goal)s
    AND {PERSON.format("earlier")} = {PERSON.format("counted")}
    AND (earlier.occurred_at, earlier.message_id) < (counted.occurred_at, counted.message_id))
"""  # noqa: S608  only names of ours
WRITE = """
WITH counted AS (SELECT * FROM ({counted}) AS counted {unless}),
gone AS (
    DELETE FROM tracking_conversion conversion WHERE conversion.goal_id = %(goal)s AND conversion.day = %(day)s
        AND conversion.message_id !~ %(erased)s AND conversion.message_id NOT IN (SELECT message_id FROM counted)
)
INSERT INTO tracking_conversion (workspace_id, goal_id, message_id, session_id, visitor, profile_id, occurred_at, day, channel,
    value, currency)
SELECT %(workspace)s, %(goal)s, message_id, session_id, visitor, profile_id, occurred_at, %(day)s, channel, value, currency
FROM counted
ON CONFLICT (goal_id, message_id) DO UPDATE SET session_id = EXCLUDED.session_id, visitor = EXCLUDED.visitor,
    profile_id = EXCLUDED.profile_id, occurred_at = EXCLUDED.occurred_at, day = EXCLUDED.day, channel = EXCLUDED.channel,
    value = EXCLUDED.value, currency = EXCLUDED.currency
"""
LATER = f"""
DELETE FROM tracking_conversion later USING tracking_conversion first
WHERE first.goal_id = %s AND first.day = %s AND later.goal_id = first.goal_id
    AND {PERSON.format("later")} = {PERSON.format("first")}
    AND (later.occurred_at, later.message_id) > (first.occurred_at, first.message_id)
"""  # noqa: S608


class Count(NamedTuple):
    conversions: int
    value: Decimal | None


def run_waiting(most: int = 100) -> int:
    """Compute up to `most` changed days, each in a transaction of its own. Return how many."""
    found = days.waiting(most)
    spaces = {space.pk: space for space in Workspace.objects.filter(pk__in={one.workspace_id for one in found})}
    for one in found:
        with transaction.atomic():
            compute(spaces[one.workspace_id], one.day)
            days.done(one)
    return len(found)


def compute(workspace: Workspace, day: date) -> None:
    """Touchpoints of a day and the conversions of every active goal on it."""
    with transaction.atomic():
        lock_in_transaction("goals", workspace.pk)
        touchpoints.compute(workspace, day)
        for goal in Goal.objects.filter(workspace=workspace, state=Goal.State.ACTIVE):
            _compute_goal(workspace, goal, day)


def _compute_goal(workspace: Workspace, goal: Goal, day: date) -> None:
    since, until = bounds(day, ZoneInfo(workspace.time_zone))
    counted, values = _counted(workspace, goal, since, until)
    person = goal.counting == Goal.Counting.PERSON
    with connection.cursor() as cursor:
        cursor.execute(WRITE.format(counted=counted, unless=EARLIER if person else ""), {**values, "goal": goal.pk, "day": day})
        if person:
            cursor.execute(LATER, [goal.pk, day])


def count(workspace: Workspace, goal: Goal, since: datetime, until: datetime) -> Count:
    """What a goal, also one that is not saved, counts in a period of instants."""
    counted, values = _counted(workspace, goal, since, until)
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(counted=counted), values)
        return Count._make(cursor.fetchone())


def _counted(workspace: Workspace, goal: Goal, since: datetime, until: datetime) -> tuple[str, dict[str, Any]]:
    """The query of the events that count, and its parameters. Nothing a person wrote becomes part of the text."""
    sql, wanted = conditions.where(conditions.load(goal.conditions))
    column, path = conditions.place(goal.value_property)
    values: dict[str, Any] = {
        "workspace": workspace.pk, "event": goal.event, "since": since, "until": until, "path": path,
        "default_value": goal.default_value, "currency": workspace.currency, "erased": ERASED,
    }  # fmt: skip
    sql, named = _by_name(sql, wanted)
    filled = COUNTED.format(
        key=KEYS[Goal.Counting(goal.counting)], named=NAMED[Goal.Kind(goal.kind)], conditions=sql, column=column
    )  # fmt: skip
    return filled, {**values, **named}


def _by_name(sql: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """Positional parameters as named ones, for a query that has both."""
    parts = sql.split("%s")
    named = "".join(f"{part}%(c{index})s" for index, part in enumerate(parts[:-1])) + parts[-1]
    return named, {f"c{index}": value for index, value in enumerate(values)}
