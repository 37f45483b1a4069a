"""Store requests in one transaction: the receipts with the raw bodies, the message ids, the events, the refusals.

That is one statement for any number of requests, and its commit is the acknowledgement. Only when the database refuses
something in it are the requests stored each alone, and the events of the one with the bad event halved until it is found, each
half in a savepoint, so that a bad event costs nobody but itself.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import psycopg
from django.db import DataError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import IntegrityError, InterfaceError, OperationalError

from mops.lib.period import month_start
from tracking import partitions
from tracking.arrays import Byteas, Texts, array, take_binary
from tracking.collector.parse import Incoming, Reason, Refusal, as_payload
from tracking.collector.sources import Known
from tracking.packing import pack


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


# Ordered by id, so that two writers with the same events wait for each other instead of deadlocking. IS TRUE keeps the planner,
# which knows no sizes here, from comparing every event with every fresh id: what is not joined is looked up in a hash.
STORE = """
WITH request AS (
    SELECT {raw_id} AS raw_id, t.* FROM unnest(%(numbers)s::int[], %(workspaces)s::bigint[], %(sources)s::bigint[],
        %(at)s::timestamptz[], %(endpoints)s::text[], %(bodies)s::bytea[], %(sums)s::bytea[], %(states)s::text[],
        %(events)s::int[], %(rejected)s::int[])
        AS t(number, workspace_id, source_id, received_at, endpoint, body, sha256, state, events, rejected)
),
incoming AS (
    SELECT * FROM unnest(%(request)s::int[], %(message_id)s::text[], %(type)s::text[], %(name)s::text[], %(anonymous_id)s::text[],
        %(user_id)s::text[], %(previous_id)s::text[], %(group_id)s::text[], %(original_at)s::timestamptz[],
        %(sent_at)s::timestamptz[], %(properties)s::text[], %(context)s::text[], %(traits)s::text[])
        AS t(number, message_id, type, name, anonymous_id, user_id, previous_id, group_id, original_at, sent_at, properties,
             context, traits)
),
fresh AS (
    INSERT INTO tracking_eventkey (workspace_id, message_id, received_at)
    SELECT workspace_id, message_id, received_at FROM incoming JOIN request USING (number) ORDER BY workspace_id, message_id
    ON CONFLICT DO NOTHING RETURNING workspace_id, message_id
),
stored AS (
    INSERT INTO tracking_event (workspace_id, source_id, raw_id, message_id, type, name,
        anonymous_id, user_id, previous_id, group_id, visitor, received_at, original_at, sent_at, occurred_at,
        properties, context, traits)
    SELECT workspace_id, source_id, raw_id, message_id, type, name, anonymous_id, user_id, previous_id, group_id,
        CASE WHEN anonymous_id <> '' THEN anonymous_id ELSE user_id END, received_at, original_at, sent_at, received_at,
        properties::jsonb, context::jsonb, traits::jsonb
    FROM incoming JOIN request USING (number)
    WHERE ((workspace_id, message_id) IN (SELECT workspace_id, message_id FROM fresh)) IS TRUE
    RETURNING raw_id
),
{refused}
receipt AS (
    SELECT request.*, events + rejected AS received, coalesce(accepted, 0) AS accepted FROM request
    LEFT JOIN (SELECT raw_id, count(*) AS accepted FROM stored GROUP BY raw_id) counted USING (raw_id)
)
{booked}
SELECT raw_id, received, accepted, events - accepted, rejected FROM receipt ORDER BY number
"""
REFUSED = """
refused AS (
    INSERT INTO tracking_rejection (workspace_id, source_id, raw_id, endpoint, received_at, in_ingest,
        index, reason, detail, payload, message_id, sent_at)
    SELECT workspace_id, source_id, raw_id, endpoint, received_at, false, index, reason, detail, payload, message_id, sent_at
    FROM unnest(%(refused_request)s::int[], %(index)s::int[], %(reason)s::text[], %(detail)s::text[], %(payload)s::bytea[],
        %(refused_id)s::text[], %(refused_sent_at)s::timestamptz[])
        AS t(number, index, reason, detail, payload, message_id, sent_at) JOIN request USING (number)
),
"""
BOOKED = """,
booked AS (
    INSERT INTO tracking_rawbody (id, workspace_id, source_id, received_at, endpoint, body, sha256, state,
        received, accepted, duplicate, rejected)
    SELECT raw_id, workspace_id, source_id, received_at, endpoint, body, sha256, state,
        received, accepted, events - accepted, rejected
    FROM receipt
)
"""
NEXT = "nextval('tracking_rawbody_id_seq')"
PREPARED_AFTER = 2  # times a statement is sent before it is prepared: planning costs more than storing
WITH_REFUSALS = STORE.format(raw_id=NEXT, refused=REFUSED, booked=BOOKED)
WITHOUT_REFUSALS = STORE.format(raw_id=NEXT, refused="", booked=BOOKED)
FOR_RECEIPT = STORE.format(raw_id="%(raw_id)s::bigint", refused="", booked="")


def store(request: Request) -> Receipt:
    """Durable when it returns. Raises OperationalError or InterfaceError when the database is away: nothing is stored then."""
    try:
        return store_all([request], connection)[0]
    except (DataError, IntegrityError):
        return _store_without_refused(request)


def store_all(requests: Sequence[Request], using: BaseDatabaseWrapper) -> list[Receipt]:
    """Store all or nothing, in one statement. Raises DataError or IntegrityError for a bad event, else as `store` does.

    Tries once more after making the month, after a deadlock, or on a fresh connection when ours turned out dead.
    """
    try:
        return _store(requests, using)
    except IntegrityError as error:
        if not partitions.is_missing(error):
            raise
        for month in {month_start(request.received_at.astimezone(UTC).date()) for request in requests}:
            partitions.ensure(month)
    except (OperationalError, InterfaceError):
        if using.in_atomic_block:
            raise
        using.close()
    return _store(requests, using)


def _store(requests: Sequence[Request], using: BaseDatabaseWrapper) -> list[Receipt]:
    statement = WITH_REFUSALS if any(request.refusals for request in requests) else WITHOUT_REFUSALS
    return _execute(statement, _parameters(requests), using)


def _execute(statement: str, parameters: dict[str, Any], using: BaseDatabaseWrapper) -> list[Receipt]:
    """A whole transaction, or a savepoint of the running one."""
    with _savepoint(using), using.wrap_database_errors:
        using.ensure_connection()
        if using.connection.prepare_threshold != PREPARED_AFTER:  # a fresh one; Django's own cursors never prepare
            using.connection.prepare_threshold = PREPARED_AFTER
            take_binary(using.connection)
        cursor = psycopg.Cursor(using.connection).execute(statement, parameters)
        return [Receipt._make(row) for row in cursor.fetchall()]


def _savepoint(using: BaseDatabaseWrapper) -> AbstractContextManager[object]:
    return transaction.atomic(using.alias) if using.in_atomic_block else nullcontext()


def _parameters(requests: Sequence[Request]) -> dict[str, Any]:
    columns = {
        "numbers": array(range(len(requests))),
        "workspaces": array(request.source.workspace_id for request in requests),
        "sources": array(request.source.id for request in requests),
        "at": array(request.received_at for request in requests),
        "endpoints": array(request.endpoint for request in requests),
        "bodies": Byteas.of(pack(request.body) for request in requests),
        "sums": Byteas.of(sha256(request.body).digest() for request in requests),
        "states": array(("trimmed" if request.trimmed else "whole") if request.body else "empty" for request in requests),
        "events": array(len(request.events) for request in requests),
        "rejected": array(len(request.refusals) for request in requests),
    }
    return columns | _event_columns(requests) | _refusal_columns(requests)


def insert_for_receipt(request: Request, raw_id: int) -> int:
    """Add the events of `request` to a receipt that is there already, in the running transaction. Return how many were new."""
    partitions.ensure(month_start(request.received_at.astimezone(UTC).date()))
    return _execute(FOR_RECEIPT, {**_parameters([request]), "raw_id": raw_id}, connection)[0].accepted


JSON = {"properties", "context", "traits"}


def _event_columns(requests: Sequence[Request]) -> dict[str, str | Texts]:
    """The first of several events with one id, with the number of its request."""
    unique: dict[tuple[int, str], tuple[int, Incoming]] = {}
    for number, request in enumerate(requests):
        for _index, event in request.events:
            unique.setdefault((request.source.workspace_id, event.message_id), (number, event))
    columns = zip(*(event for _number, event in unique.values()), strict=True) if unique else [()] * len(Incoming._fields)
    arrays = (Texts.of(values) if name in JSON else array(values) for name, values in zip(Incoming._fields, columns, strict=True))
    return dict(zip(Incoming._fields, arrays, strict=True)) | {"request": array(number for number, _event in unique.values())}


REFUSAL_COLUMNS = ("index", "reason", "detail", "payload", "refused_id", "refused_sent_at")


def _refusal_columns(requests: Sequence[Request]) -> dict[str, str]:
    rows = [(number, refusal) for number, request in enumerate(requests) for refusal in request.refusals]
    columns = zip(*(refusal for _number, refusal in rows), strict=True) if rows else [()] * len(REFUSAL_COLUMNS)
    named = dict(zip(REFUSAL_COLUMNS, columns, strict=True))
    literals = {name: array(values) for name, values in named.items()}
    return literals | {"refused_request": array(number for number, _refusal in rows)}


def _store_without_refused(request: Request) -> Receipt:
    """Set aside what the database refuses, then store all that passed together."""
    problems = _problems(request, request.events)
    good = [(place, event) for place, event in request.events if place not in problems]
    refusals = [
        Refusal(place, Reason.REFUSED, problems[place], as_payload(event), event.message_id, event.sent_at)
        for place, event in request.events
        if place in problems
    ]
    return _store([request._replace(events=good, refusals=[*request.refusals, *refusals])], connection)[0]


def _problems(request: Request, events: Sequence[tuple[int, Incoming]]) -> dict[int, str]:
    """Place → what the database says against that event, in a savepoint that is undone. By halves: nearly all are good."""
    problem = _problem(request._replace(body=b"", events=events, refusals=[]))
    if not problem or len(events) < 2:
        return {place: problem for place, _event in events if problem}
    middle = len(events) // 2
    return _problems(request, events[:middle]) | _problems(request, events[middle:])


def _problem(request: Request) -> str:
    """What the database says against these events; "" when it takes them."""
    try:
        with transaction.atomic():
            _store([request], connection)
            transaction.set_rollback(True)
    except (DataError, IntegrityError) as error:
        return str(error).strip().splitlines()[0][:300]
    return ""
