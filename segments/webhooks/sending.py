"""Send waiting messages, with growing pauses after failures; given up after a day and kept for somebody to send again.

Entries pass the gate of consent at each attempt. Exits go to those the endpoint was given before, whatever they consent to now:
the receiver must learn that they are to be forgotten.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from mops.lib import clock
from mops.lib.crypto import unseal
from segments import leaving
from segments.leaving import Address, Outgoing
from segments.models import Delivery, Endpoint
from segments.webhooks import signing, target
from tracking.models import Release

# The schedule that the Standard Webhooks specification suggests, cut at about a day.
PAUSES = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
          timedelta(hours=10), timedelta(hours=10)]  # fmt: skip
LEASE = timedelta(minutes=2)  # an attempt whose worker died is made again after it
AT_ONCE = 50
State = Delivery.State
log = structlog.get_logger(__name__)


def run() -> int:
    """Try what is due. How many messages were tried."""
    tried = 0
    while delivery := _claim():
        _attempt(delivery)
        tried += 1
        if tried >= AT_ONCE:
            break
    return tried


def send_again(deliveries: QuerySet[Delivery]) -> int:
    """Somebody mended the receiver: try those of these messages that were given up. How many."""
    return deliveries.filter(state=State.DEAD).update(state=State.WAITING, attempt=0, next_at=clock.now(), error="")


def destination(endpoint: Endpoint) -> str:
    return f"webhook:{endpoint.uuid}"


def _claim() -> Delivery | None:
    """The next due message; nobody else takes it until the lease ends. One endpoint's messages go out in their order."""
    with transaction.atomic():
        due = Delivery.objects.filter(state=State.WAITING, next_at__lte=clock.now()).exclude(endpoint__state=Endpoint.State.PAUSED)
        first = (
            due.order_by("pk")
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("endpoint", "segment__workspace")
            .first()
        )
        if first:
            Delivery.objects.filter(pk=first.pk).update(next_at=clock.now() + LEASE, attempt=F("attempt") + 1)
            first.attempt += 1
    return first


def _attempt(delivery: Delivery) -> None:
    job = f"{delivery.uuid}:{delivery.attempt}"
    try:
        if delivery.event == "entered":
            found = leaving.addresses(delivery.segment, delivery.profiles)
            status = leaving.let_out(
                delivery.segment,
                found,
                destination=destination(delivery.endpoint),
                job=job,
                send=lambda people: _post(delivery, people),
            ).result
        else:
            people = leaving.in_clear(delivery.workspace_id, _told_before(delivery))
            status = _post(delivery, people) if people else None
    except (target.Unreachable, Refused) as error:
        _failed(delivery, str(error), error.status if isinstance(error, Refused) else None)
    except ValueError as error:
        _close(delivery, State.DEAD, str(error), None)
    else:
        _close(delivery, State.DELIVERED if status else State.NOBODY, "", status)


class Refused(Exception):
    """The receiver answered, but not with success."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


def _post(delivery: Delivery, people: Sequence[Outgoing]) -> int:
    """Raises Refused, target.Unreachable."""
    endpoint = delivery.endpoint
    body = json.dumps(payload(delivery, people), ensure_ascii=False).encode()
    secret = unseal(bytes(endpoint.sealed_secret), owner(endpoint))["secret"]
    status = target.post(endpoint.url, body, signing.headers(secret, f"msg_{delivery.uuid.hex}", clock.now(), body))
    if not 200 <= status < 300:
        raise Refused(status)
    return status


def payload(delivery: Delivery, people: Sequence[Outgoing]) -> dict[str, object]:
    """What a receiver gets: {"type", "timestamp", "data": {"segment", "people"}}."""
    return {
        "type": f"segment.{delivery.event}",
        "timestamp": delivery.at.isoformat(),
        "data": {
            "segment": {"id": delivery.segment_id, "name": delivery.segment.name},
            "people": [{"profile": str(person.uuid), **person.identifiers} for person in people],
        },
    }


def owner(endpoint: Endpoint) -> str:
    return f"endpoint:{endpoint.workspace_id}:{endpoint.uuid}"


def _told_before(delivery: Delivery) -> list[Address]:
    """The identifiers of these people that this endpoint was given."""
    found = leaving.addresses(delivery.segment, delivery.profiles)
    sent = Release.objects.filter(
        workspace=delivery.workspace_id,
        destination=destination(delivery.endpoint),
        subject__in=[address.blind for address in found],
    )
    known = set(sent.values_list("subject", flat=True))
    return [address for address in found if address.blind in known]


def _failed(delivery: Delivery, error: str, status: int | None) -> None:
    if delivery.attempt > len(PAUSES):
        _close(delivery, State.DEAD, error, status)
        Endpoint.objects.filter(pk=delivery.endpoint_id, state=Endpoint.State.ACTIVE).update(state=Endpoint.State.FAILING)
        return
    next_at = clock.now() + PAUSES[delivery.attempt - 1]
    Delivery.objects.filter(pk=delivery.pk).update(next_at=next_at, error=error[:300], status=status)
    log.info("webhook.failed", delivery=delivery.pk, attempt=delivery.attempt, error=error)


def _close(delivery: Delivery, state: str, error: str, status: int | None) -> None:
    delivered: datetime | None = clock.now() if state == State.DELIVERED else None
    Delivery.objects.filter(pk=delivery.pk).update(state=state, error=error[:300], status=status, delivered_at=delivered)
    if delivered:
        Endpoint.objects.filter(pk=delivery.endpoint_id, state=Endpoint.State.FAILING).update(state=Endpoint.State.ACTIVE)
