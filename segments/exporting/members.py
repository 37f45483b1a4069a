"""The members of a segment as CSV, batch by batch through the gate of consent: a withdrawal in between still counts."""

from collections.abc import Iterator
from uuid import uuid4

from segments import leaving
from segments.leaving import Outgoing
from segments.models import Segment
from tracking.models import Identity

DESTINATION = "export:csv"
KINDS = (Identity.Kind.EMAIL, Identity.Kind.PHONE, Identity.Kind.USER_ID)


def rows(segment: Segment, kind: str) -> Iterator[tuple[str, str]]:
    """(profile uuid, identifier) of everybody who may leave, one row per identifier. Writes the ledger of releases as it goes.

    Never call it inside a transaction. Raises ValueError for a segment without a purpose, or one that is for a platform.
    """
    job = f"export-{uuid4().hex}"
    for number, batch in enumerate(leaving.batches(segment, [kind])):
        released = leaving.let_out(segment, batch, destination=DESTINATION, job=f"{job}:{number}", send=_as_they_are)
        for person in released.result or []:
            for identifier in person.identifiers[kind]:
                yield str(person.uuid), identifier


def _as_they_are(people: list[Outgoing]) -> list[Outgoing]:
    return people
