"""Whose event it is. One function, so that everything that resolves people stands behind it."""

from collections.abc import Sequence

from tracking.ingest.arrival import Arrival
from tracking.profiles.resolution import resolve_events


def identify(arrivals: Sequence[Arrival]) -> None:
    """Name the visitor: the device where it is known, else the user. Then the person, by everything that is known."""
    for arrival in arrivals:
        arrival.visitor = arrival.anonymous_id or arrival.user_id
    resolve_events(arrivals)
