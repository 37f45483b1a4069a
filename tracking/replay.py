"""Try a refused event again: after a mapping was saved, a step was mended, a limit was raised.

It keeps the day it came in on. Its receipt is put right in the same transaction, so that the books stay balanced.
"""

from typing import NamedTuple

from django.db import connection, transaction

from mops.lib.clock import now
from tracking.collector import body, door, hooks, mapping, shops
from tracking.collector.parse import Refusal, shown
from tracking.collector.sources import known
from tracking.collector.store import Request, insert_for_receipt
from tracking.models import EventKey, RawBody, Rejection, Source

REASON = Rejection.Reason
HOPELESS = (REASON.NO_CONSENT, REASON.ORIGIN, REASON.SIGNATURE, REASON.TOO_LARGE, REASON.TOO_MANY)  # nothing kept, or no better


class Replayed(NamedTuple):
    """What became of it. All 0: it was refused once more, and says why."""

    accepted: int
    duplicate: int


def can_be_replayed(rejection: Rejection) -> bool:
    return rejection.replayed_at is None and rejection.reason not in HOPELESS and bool(rejection.payload)


@transaction.atomic
def replay(pk: int) -> Replayed:
    """Send the refused event `pk` through the door once more."""
    rejection = Rejection.objects.select_for_update().select_related("source").get(pk=pk)
    receipt = RawBody.objects.select_for_update().filter(pk=rejection.raw_id).first()
    if not can_be_replayed(rejection) or receipt is None:
        return Replayed(0, 0)
    try:
        request = _again(rejection)
    except (body.Unreadable, shops.NotUnderstood) as error:
        return _refused_again(rejection, rejection.reason, str(error))
    if request.refusals or not request.events:
        again = request.refusals[0] if request.refusals else Refusal(0, rejection.reason, "no event in it", b"")
        return _refused_again(rejection, again.reason, again.detail)
    if rejection.in_ingest:
        EventKey.objects.filter(workspace_id=rejection.workspace_id, message_id=rejection.message_id).delete()
    accepted = insert_for_receipt(request._replace(received_at=rejection.received_at), receipt.pk)
    result = Replayed(accepted, len(request.events) - accepted)
    _put_right(rejection, receipt, result)
    return result


def _again(rejection: Rejection) -> Request:
    """The kept content as a request. Raises Unreadable or NotUnderstood."""
    content, source = body.read(bytes(rejection.payload)), rejection.source
    if rejection.reason == REASON.MAPPING and source.dialect == Source.Dialect.MAPPED:
        events = mapping.events(source.mapping, content, hooks.own_id(bytes(rejection.payload)))
        return door.prepared("hook", known(source), b"", {}, events)
    request = door.prepared(rejection.endpoint, known(source), b"", {}, [content])
    events_with_time = [(place, event._replace(sent_at=event.sent_at or rejection.sent_at)) for place, event in request.events]
    return request._replace(events=events_with_time)


def _refused_again(rejection: Rejection, reason: str, detail: str) -> Replayed:
    rejection.reason, rejection.detail = reason, shown(detail)
    rejection.save(update_fields=["reason", "detail"])
    return Replayed(0, 0)


def _put_right(rejection: Rejection, receipt: RawBody, result: Replayed) -> None:
    """One refused event became some events: the receipt says so, and its lines still add up."""
    rejection.replayed_at = now()
    rejection.save(update_fields=["replayed_at"])
    receipt.received += result.accepted + result.duplicate - 1
    receipt.accepted += result.accepted - (1 if rejection.in_ingest else 0)
    receipt.rejected -= 0 if rejection.in_ingest else 1
    receipt.duplicate += result.duplicate
    receipt.save(update_fields=["received", "accepted", "rejected", "duplicate"])


def replay_all(source: Source, reason: str) -> Replayed:
    """Every replayable refusal of a source with this reason, at most 1,000 at a time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM tracking_rejection WHERE source_id = %s AND reason = %s AND replayed_at IS NULL AND payload <> ''"
            " ORDER BY id LIMIT 1000",
            [source.pk, reason],
        )
        results = [replay(row[0]) for row in cursor.fetchall()]
    return Replayed(sum(result.accepted for result in results), sum(result.duplicate for result in results))
