"""Whose event it is. One function, so that everything that resolves people stands behind it."""

from collections.abc import Sequence

from tracking.ingest.arrival import Arrival


def identify(arrivals: Sequence[Arrival]) -> None:
    """Name the visitor: the device where it is known, else the user."""
    for arrival in arrivals:
        arrival.visitor = arrival.anonymous_id or arrival.user_id
