"""Which days wait to be computed. Ingest adds a line in the transaction that stores the events, so none is forgotten."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

from mops.lib import clock
from tracking.ingest.arrival import Arrival
from tracking.ingest.naming import id_of
from tracking.models import ChangedDay
from workspaces.models import Workspace

BACK = 90  # days a new or changed goal is counted back
OF_EVENTS = """
INSERT INTO tracking_changedday (workspace_id, day)
SELECT DISTINCT e.workspace_id, (e.occurred_at AT TIME ZONE %s)::date FROM tracking_event e
WHERE e.workspace_id = %s AND e.{} = ANY(%s)
"""
OF_ORDERS = """
INSERT INTO tracking_changedday (workspace_id, day)
SELECT DISTINCT e.workspace_id, (e.occurred_at AT TIME ZONE %s)::date FROM tracking_event e
WHERE e.workspace_id = %s AND e.state = 'stored' AND e.kind = 'order' AND e.kind IN ('order', 'refund')
    AND e.properties->>'order_id' = ANY(%s)
"""


class Waiting(NamedTuple):
    workspace_id: int
    day: date
    upto: int  # the newest line about this day; later ones come with later events


def mark_events(arrivals: Iterable[Arrival], zones: dict[int, ZoneInfo]) -> None:
    """The days of these events, and of all others about the same orders. In the caller's transaction."""
    arrivals = list(arrivals)
    days = {(a.workspace_id, a.occurred_at.astimezone(zones[a.workspace_id]).date()) for a in arrivals}
    ChangedDay.objects.bulk_create([ChangedDay(workspace_id=workspace_id, day=day) for workspace_id, day in sorted(days)])
    for workspace_id, zone in zones.items():
        own = [a for a in arrivals if a.workspace_id == workspace_id and a.kind == "order"]
        _mark_of_orders(workspace_id, zone.key, {id_of(a.properties, "order_id") for a in own})


def mark(workspace: Workspace, days: Iterable[date]) -> None:
    ChangedDay.objects.bulk_create([ChangedDay(workspace=workspace, day=day) for day in days])


def mark_of_events(workspace: Workspace, ids: Collection[int]) -> None:
    """The days of events that are about to lose their person."""
    _mark_of(workspace, "id", ids)


def mark_of_profiles(workspace: Workspace, profiles: Collection[int]) -> None:
    """The days of all events of these profiles, before they move to another: people count differently on them."""
    _mark_of(workspace, "profile_id", profiles)


def _mark_of(workspace: Workspace, column: str, values: Collection[int]) -> None:
    if values:
        with connection.cursor() as cursor:
            cursor.execute(OF_EVENTS.format(column), [workspace.time_zone, workspace.pk, list(values)])


def mark_of_orders(workspace: Workspace, order_ids: Collection[str]) -> None:
    """The days of all events about these orders: one of them counts, and which may be another now."""
    _mark_of_orders(workspace.pk, workspace.time_zone, order_ids)


def _mark_of_orders(workspace_id: int, zone: str, order_ids: Collection[str]) -> None:
    if order_ids:
        with connection.cursor() as cursor:
            cursor.execute(OF_ORDERS, [zone, workspace_id, list(order_ids)])


def mark_back(workspace: Workspace) -> None:
    """Today and the days before it: for a goal that is new or counts differently."""
    today = clock.today(workspace.time_zone)
    mark(workspace, [today - timedelta(days=back) for back in range(BACK)])


def waiting(most: int) -> list[Waiting]:
    """Days to compute, oldest change first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT workspace_id, day, max(id) FROM tracking_changedday GROUP BY 1, 2 ORDER BY min(id) LIMIT %s", [most])
        return [Waiting._make(row) for row in cursor.fetchall()]


def done(one: Waiting) -> None:
    """Take the lines away that this computation has seen; of the same transaction as the computation."""
    ChangedDay.objects.filter(workspace_id=one.workspace_id, day=one.day, id__lte=one.upto).delete()
