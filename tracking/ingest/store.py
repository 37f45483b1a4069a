"""Write what the steps found out: events become stored, what was dropped becomes a refusal that can be replayed."""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection

from tracking.arrays import columns_of
from tracking.ingest.arrival import Arrival, text
from tracking.ingest.facts import Note
from tracking.models import Rejection

ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps makes an encoder each time
UPDATE = """
UPDATE tracking_event e SET state = 'stored', visitor = t.visitor, occurred_at = t.occurred_at, kind = t.kind, channel = t.channel,
    channel_rule = t.channel_rule, acquisition = t.acquisition::jsonb, device = t.device::jsonb, profile_id = t.profile_id,
    session_id = t.session_id, notes = t.notes::jsonb,
    context = CASE WHEN t.ip IS NULL THEN e.context ELSE jsonb_set(e.context, '{ip}', to_jsonb(t.ip)) END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bigint[], %s::uuid[], %s::text[], %s::text[])
    AS t(id, received_at, visitor, occurred_at, kind, channel, channel_rule, acquisition, device, profile_id, session_id, notes,
        ip)
WHERE e.id = t.id AND e.received_at = t.received_at
"""
DROP = """
WITH gone AS (
    DELETE FROM tracking_event e USING unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::bytea[])
        AS t(id, received_at, reason, detail, payload)
    WHERE e.id = t.id AND e.received_at = t.received_at
    RETURNING e.workspace_id, e.source_id, e.raw_id, e.message_id, e.type, e.sent_at, e.received_at, t.reason, t.detail, t.payload
)
INSERT INTO tracking_rejection (workspace_id, source_id, raw_id, index, message_id, endpoint, reason, detail, payload,
    sent_at, received_at, in_ingest)
SELECT workspace_id, source_id, raw_id, 0, message_id, type, reason, detail, payload, sent_at, received_at, true FROM gone
"""
NOTE = """
UPDATE tracking_event e SET notes = e.notes || jsonb_build_array(jsonb_build_array('facts', t.reason))
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS t(id, received_at, reason)
WHERE e.id = t.id AND e.received_at = t.received_at
    AND NOT e.notes @> jsonb_build_array(jsonb_build_array('facts', t.reason))
"""


def store(arrivals: Sequence[Arrival]) -> None:
    if arrivals:
        with connection.cursor() as cursor:
            cursor.execute(UPDATE, columns_of([_row(arrival) for arrival in arrivals]))


def drop(arrivals: Sequence[Arrival], reason: str) -> None:
    """Take these out of the events and keep them as refusals; what lacks consent keeps no content."""
    if arrivals:
        is_kept = reason != Rejection.Reason.NO_CONSENT
        rows = [(a.id, a.received_at, reason, a.dropped[:300], as_payload(a) if is_kept else b"") for a in arrivals]
        with connection.cursor() as cursor:
            cursor.execute(DROP, columns_of(rows))


def note(notes: Sequence[Note]) -> None:
    if notes:
        with connection.cursor() as cursor:
            cursor.execute(NOTE, columns_of(notes))


def _row(arrival: Arrival) -> tuple[Any, ...]:
    return (
        arrival.id, arrival.received_at, arrival.visitor, arrival.occurred_at, arrival.kind, arrival.channel, arrival.channel_rule,
        _json(arrival.acquisition), _json(arrival.device), arrival.profile_id, arrival.session_id,
        _json(arrival.notes), text(arrival.context, "ip") if "ip" in arrival.context else None,
    )  # fmt: skip


def _json(value: Any) -> str | None:
    return None if value is None else ENCODE(value)


def as_payload(arrival: Arrival) -> bytes:
    """The event in the form it can be sent in again."""
    ids = {
        "messageId": arrival.message_id, "anonymousId": arrival.anonymous_id, "userId": arrival.user_id,
        "previousId": arrival.previous_id, "groupId": arrival.group_id,
        "event" if arrival.type == "track" else "name": arrival.name,
    }  # fmt: skip
    times = {"originalTimestamp": arrival.original_at, "sentAt": arrival.sent_at}
    objects = {"properties": arrival.properties, "context": arrival.context, "traits": arrival.traits}
    said = {name: value for name, value in (ids | objects).items() if value}
    said |= {name: at.isoformat() for name, at in times.items() if at}
    return json.dumps({"type": arrival.type, **said}).encode()
