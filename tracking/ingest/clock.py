"""When something happened by our clock, though the sender's may be wrong by years.

Snowplow's formula: received − (sent − created). The sender's clock appears twice and its error cancels out; what is
left is the time the event waited before it was sent.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tracking.ingest.arrival import Arrival

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
TOLERATED = timedelta(seconds=2)  # in the future by less is no remark worth


class Corrected(NamedTuple):
    at: datetime
    note: str  # "" when the time needed no help


def set_times(arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        arrival.occurred_at, note = corrected(arrival.original_at, arrival.sent_at, arrival.received_at)
        if note:
            arrival.notes.append(("clock", note))


def corrected(original: datetime | None, sent: datetime | None, received: datetime) -> Corrected:
    """The time of the event, never after its reception and never before the year 2000."""
    if original is None:
        return Corrected(received, "")
    try:
        at = received - (sent - original) if sent else original
    except OverflowError:
        return Corrected(received, "time out of range")
    if at > received:
        return Corrected(received, "time in the future" if at - received > TOLERATED else "")
    if at < EARLIEST:
        return Corrected(received, "time before the year 2000")
    return Corrected(at, "")
