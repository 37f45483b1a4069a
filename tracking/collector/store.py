"""Store a request in one transaction: the receipt with the raw body, the message ids, the events, the refusals.

Usually that is one statement, and its commit is the acknowledgement. Only when the database refuses one of the events
are they written one by one, each in a savepoint, so that a bad event costs nobody but itself.
"""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg
from django.db import DataError, connection, transaction
from django.db.utils import IntegrityError, InterfaceError, OperationalError

from mops.lib.period import month_start
from tracking import partitions
from tracking.collector.parse import Incoming, Reason, Refusal, as_payload
from tracking.collector.sources import Known


class Receipt(NamedTuple):
    """What became of a request. accepted + duplicate + rejected = received."""

    raw_id: int
    received: int
    accepted: int
    duplicate: int
    rejected: int


class Request(NamedTuple):
    """A request ready to be stored. `events` are numbered by their place in it."""

    source: Known
    endpoint: str
    received_at: datetime
    body: bytes  # to keep, "" when nothing of it may be kept
    trimmed: bool  # events without consent were cut out of it
    events: Sequence[tuple[int, Incoming]]
    refusals: Sequence[Refusal]


EVENTS = """
incoming AS (
    SELECT * FROM unnest(%(message_ids)s::text[], %(types)s::text[], %(names)s::text[], %(anonymous)s::text[], %(users)s::text[],
        %(previous)s::text[], %(groups)s::text[], %(original)s::timestamptz[], %(sent)s::timestamptz[], %(properties)s::text[],
        %(contexts)s::text[], %(traits)s::text[])
        AS t(message_id, type, name, anonymous_id, user_id, previous_id, group_id, original_at, sent_at, properties, context,
             traits)
),
fresh AS (
    INSERT INTO tracking_eventkey (workspace_id, message_id, received_at)
    SELECT %(workspace)s, message_id, %(at)s FROM incoming
    ON CONFLICT DO NOTHING RETURNING message_id
),
stored AS (
    INSERT INTO tracking_event (workspace_id, source_id, raw_id, message_id, type, name,
        anonymous_id, user_id, previous_id, group_id, visitor, received_at, original_at, sent_at, occurred_at,
        properties, context, traits)
    SELECT %(workspace)s, %(source)s, (SELECT id FROM raw), message_id, type, name, anonymous_id, user_id, previous_id, group_id,
        CASE WHEN anonymous_id <> '' THEN anonymous_id ELSE user_id END, %(at)s, original_at, sent_at, %(at)s,
        properties::jsonb, context::jsonb, traits::jsonb
    FROM incoming JOIN fresh USING (message_id)
    RETURNING 1
)
"""
REFUSALS = """
refused AS (
    INSERT INTO tracking_rejection (workspace_id, source_id, raw_id, endpoint, received_at, in_ingest,
        index, reason, detail, payload, message_id, sent_at)
    SELECT %(workspace)s, %(source)s, (SELECT id FROM raw), %(endpoint)s, %(at)s, false, t.*
    FROM unnest(%(indexes)s::int[], %(reasons)s::text[], %(details)s::text[], %(payloads)s::bytea[], %(refused_ids)s::text[],
        %(refused_sent)s::timestamptz[]) AS t(index, reason, detail, payload, message_id, sent_at)
)
"""
STORE = """
WITH raw AS (SELECT nextval('tracking_rawbody_id_seq') AS id),
{parts}
INSERT INTO tracking_rawbody (id, workspace_id, source_id, received_at, endpoint, body, sha256, state,
    received, accepted, duplicate, rejected)
SELECT raw.id, %(workspace)s, %(source)s, %(at)s, %(endpoint)s, %(body)s, %(sha256)s, %(state)s,
    %(events)s + %(rejected)s, {accepted}, %(events)s - {accepted}, %(rejected)s
FROM raw
RETURNING id, received, accepted, duplicate, rejected
"""
ACCEPTED = "(SELECT count(*) FROM stored)"
BOTH = STORE.format(parts=EVENTS + "," + REFUSALS, accepted=ACCEPTED)
ONLY_EVENTS = STORE.format(parts=EVENTS, accepted=ACCEPTED)
ONLY_REFUSALS = STORE.format(parts=REFUSALS, accepted="0")

FOR_RECEIPT = f"WITH raw AS (SELECT %(raw_id)s::bigint AS id), {EVENTS} SELECT count(*) FROM stored"  # noqa: S608


def store(request: Request) -> Receipt:
    """Durable when it returns. Raises OperationalError or InterfaceError when the database is away: nothing is stored then."""
    try:
        return _store_patiently(request)
    except (DataError, IntegrityError):
        return _store_one_by_one(request)


def _store_patiently(request: Request) -> Receipt:
    """Once more after making the month, after a deadlock, or on a fresh connection when ours turned out dead."""
    try:
        return _store(request)
    except IntegrityError as error:
        if not partitions.is_missing(error):
            raise
        partitions.ensure(month_start(request.received_at.astimezone(UTC).date()))
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
    return _store(request)


def _store(request: Request) -> Receipt:
    statement = (BOTH if request.refusals else ONLY_EVENTS) if request.events else ONLY_REFUSALS
    outer = transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()
    with outer, connection.wrap_database_errors:
        connection.ensure_connection()
        connection.connection.prepare_threshold = 2  # planning costs more than storing; Django's own cursors never prepare
        cursor = psycopg.Cursor(connection.connection).execute(statement, _parameters(request))
        return Receipt._make(cursor.fetchall()[0])


def _parameters(request: Request) -> dict[str, Any]:
    return _event_columns(request) | _refusal_columns(request) | {
        "workspace": request.source.workspace_id,
        "source": request.source.id,
        "at": request.received_at,
        "endpoint": request.endpoint,
        "body": request.body,
        "sha256": sha256(request.body).digest(),
        "state": ("trimmed" if request.trimmed else "whole") if request.body else "empty",
        "events": len(request.events),
        "rejected": len(request.refusals),
    }  # fmt: skip


EVENT_COLUMNS = (
    "message_ids", "types", "names", "anonymous", "users", "previous", "groups", "original", "sent",
    "properties", "contexts", "traits",
)  # fmt: skip
REFUSAL_COLUMNS = ("indexes", "reasons", "details", "payloads", "refused_ids", "refused_sent")


def insert_for_receipt(request: Request, raw_id: int) -> int:
    """Add the events of `request` to a receipt that is there already, in the running transaction. Return how many were new."""
    partitions.ensure(month_start(request.received_at.astimezone(UTC).date()))
    columns = _event_columns(request)
    values: dict[str, Any] = {
        "workspace": request.source.workspace_id,
        "source": request.source.id,
        "at": request.received_at,
        "raw_id": raw_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(FOR_RECEIPT, {**columns, **values})
        accepted: int = cursor.fetchone()[0]
    return accepted


def _event_columns(request: Request) -> dict[str, list[Any]]:
    """The first of several events with one id, in the order of ids: two requests with the same ids cannot deadlock."""
    unique: dict[str, Incoming] = {}
    for _index, event in request.events:
        unique.setdefault(event.message_id, event)
    rows = [unique[message_id] for message_id in sorted(unique)]
    return dict(zip(EVENT_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)) if rows else {}


def _refusal_columns(request: Request) -> dict[str, list[Any]]:
    return dict(zip(REFUSAL_COLUMNS, map(list, zip(*request.refusals, strict=True)), strict=True)) if request.refusals else {}


def _store_one_by_one(request: Request) -> Receipt:
    """Find what the database refuses: each event alone in a savepoint that is undone, then all that passed together."""
    good, refusals = [], list(request.refusals)
    for index, event in request.events:
        alone = request._replace(events=[(index, event)], refusals=[])
        if problem := _problem(alone):
            refusals.append(Refusal(index, Reason.REFUSED, problem, as_payload(event), event.message_id, event.sent_at))
        else:
            good.append((index, event))
    return _store(request._replace(events=good, refusals=refusals))


def _problem(request: Request) -> str:
    """What the database says against this event; "" when it takes it."""
    try:
        with transaction.atomic():
            _store(request)
            transaction.set_rollback(True)
    except (DataError, IntegrityError) as error:
        return str(error).strip().splitlines()[0][:300]
    return ""
