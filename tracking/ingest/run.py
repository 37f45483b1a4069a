"""Work through the waiting events: micro-batches, each one transaction, so that a killed worker leaves nothing half done.

At least once becomes exactly once: the claim, the facts and the state "stored" are committed together or not at all.

Locks are taken in one sequence, here and wherever else several of them are held: waiting events, people (one lock of a
workspace), visitors, orders (one lock of a workspace). Customers, orders and refunds are written under the orders' lock only.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import structlog
from django.db import OperationalError, connection, transaction

from tracking import buyers, changes
from tracking.arrays import array, rows_of
from tracking.consent import banner
from tracking.goals.days import mark_events
from tracking.ingest import facts, sessions, steps, store
from tracking.ingest.arrival import Arrival
from tracking.models import Event, Rejection
from tracking.plan import counting
from workspaces.models import Workspace

BATCH = 500
MOST_TASKS = 20  # micro-batches asked for at once; the next tick asks for the rest
log = structlog.get_logger(__name__)

CLAIM = """
SELECT e.id, e.workspace_id, e.source_id, source.kind, e.raw_id, e.message_id, e.type, e.name,
    e.anonymous_id, e.user_id, e.previous_id, e.group_id, e.received_at, e.original_at, e.sent_at, e.properties, e.context, e.traits
FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
WHERE e.state = 'pending' {only}
ORDER BY e.id LIMIT %s
FOR UPDATE OF e SKIP LOCKED
"""


def due() -> int:
    """Micro-batches that wait, up to MOST_TASKS."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM tracking_event WHERE state = 'pending' LIMIT %s) AS waiting", [BATCH * MOST_TASKS]
        )
        waiting: int = cursor.fetchone()[0]
    return -(-waiting // BATCH)


def run_batch() -> int:
    """Take up to BATCH waiting events through all steps. Return how many there were.

    When a step fails, the events are tried one by one and those it fails for are set aside with the error.
    """
    claimed: list[int] = []
    try:
        return _run(None, claimed)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  whatever one event does to a step, the others go on
        log.warning("ingest.batch_failed", error=repr(error), events=len(claimed))
    return sum(_run_alone(event_id) for event_id in claimed)


def _run_alone(event_id: int) -> int:
    try:
        return _run(event_id, [])
    except OperationalError:
        raise
    except Exception as error:
        log.exception("ingest.event_failed", event_id=event_id)
        step = [*getattr(error, "__notes__", []), "?"][0]
        problem = f"{step}: {type(error).__name__}: {error}".replace("\0", "")
    with transaction.atomic():
        for arrival in _claim(event_id):
            arrival.dropped = problem
            store.drop([arrival], Rejection.Reason.STEP_FAILED)
    return 1


def _run(event_id: int | None, claimed: list[int]) -> int:
    with transaction.atomic():
        arrivals = _claim(event_id)
        claimed += [arrival.id for arrival in arrivals]
        if arrivals:
            _take_through(arrivals)
    return len(arrivals)


def _claim(event_id: int | None) -> list[Arrival]:
    only, values = ("AND e.id = %s", [event_id]) if event_id else ("", [])
    rows = rows_of(CLAIM.format(only=only), [*values, BATCH])
    return [Arrival(*row[:15], *(json.loads(text) if text != "{}" else {} for text in row[15:])) for row in rows]


def _take_through(arrivals: Sequence[Arrival]) -> None:
    found = {workspace.pk: workspace for workspace in Workspace.objects.filter(pk__in={a.workspace_id for a in arrivals})}
    events, goodbyes = banner.part(arrivals)
    kept, bots = steps.run_before_storing(events)
    store.drop(bots, Rejection.Reason.BOT)
    lock_visitors([*kept, *goodbyes])
    zones = {pk: ZoneInfo(workspace.time_zone) for pk, workspace in found.items()}
    with steps.named("sessions"):
        visited = sessions.recompute(kept, zones)
    with steps.named("store"):
        store.store(kept)
    banner.keep([*kept, *goodbyes])
    store.drop(goodbyes, Rejection.Reason.NO_CONSENT)
    mark_events(kept, zones)
    with steps.named("facts"):
        for workspace_id, workspace in sorted(found.items()):  # of the orders' locks too one after the other
            own = [arrival for arrival in kept if arrival.workspace_id == workspace_id]
            buyers.relink(workspace_id, customers={key for arrival in own for key in arrival.moved})
            store.note(facts.store(own, visited, {workspace_id: workspace}))
    for workspace_id in found:
        own = [arrival for arrival in kept if arrival.workspace_id == workspace_id]
        changes.tell(workspace_id, (pair for arrival in own for pair in _facets(arrival)))
    with steps.named("quality"):
        counting.count(kept)


def _facets(arrival: Arrival) -> Iterator[tuple[int, str]]:
    if arrival.profile_id:
        yield arrival.profile_id, changes.event_facet(arrival.type, arrival.name)
        if arrival.type == "identify" or "traits" in arrival.context:
            yield arrival.profile_id, changes.TRAIT


def lock_visitors(arrivals: Sequence[Arrival | Event]) -> None:
    """One batch at a time computes a visitor's visits. In order, so that two batches cannot wait for each other."""
    keys = sorted({zlib.crc32(f"{a.workspace_id}:{a.visitor}".encode()) - 2**31 for a in arrivals})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1869509492, key) FROM unnest(%s::int[]) AS key", [array(keys)])
