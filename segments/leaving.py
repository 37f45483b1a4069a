"""The people of a segment on their way out: by which identifiers they may be known, and the one gate they pass.

Members of the control group never leave. What a person can be named by outside are the identifiers whose own consent allows it.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connection

from segments import shares
from segments.models import Segment
from tracking.blind_index import Subject
from tracking.consent.gate import LARGEST_BATCH, Released, release
from tracking.profiles.batch import SUBJECT_KINDS
from tracking.profiles.vault import Vault, identity_owner

T = TypeVar("T")
KINDS = {subject: kind for kind, subject in SUBJECT_KINDS.items()}  # the profile's word by the ledger's
ADDRESSES = """
SELECT p.id, p.uuid, i.kind, i.index, i.sealed FROM tracking_profile p
JOIN tracking_identity i ON i.profile_id = p.id AND i.kind = ANY(%(kinds)s)
WHERE p.workspace_id = %(workspace)s AND p.id = ANY(%(profiles)s) AND NOT {bucket} < %(withheld)s
ORDER BY p.id, i.kind, i.index
"""
MEMBERS = """
SELECT profile_id FROM segments_membership WHERE workspace_id = %s AND segment_id = %s AND profile_id > %s
ORDER BY profile_id LIMIT %s
"""


class Address(NamedTuple):
    """One identifier of a person."""

    profile_id: int
    uuid: UUID
    kind: str  # tracking.models.Identity.Kind
    blind: str  # its blind index
    sealed: bytes

    @property
    def subject(self) -> Subject:
        return Subject(SUBJECT_KINDS[self.kind], self.blind)


class Outgoing(NamedTuple):
    """A person as the outside may know them: identifiers in clear, by kind."""

    uuid: UUID
    identifiers: dict[str, list[str]]


def addresses(segment: Segment, profiles: Collection[int], kinds: Collection[str] = tuple(SUBJECT_KINDS)) -> list[Address]:
    """Identifiers of these people without the control group, strangers to no consent yet: hand them to `let_out`."""
    parameters: dict[str, Any] = {
        "workspace": segment.workspace_id, "profiles": list(profiles), "kinds": [str(kind) for kind in kinds],
        "salt": segment.salt, "withheld": shares.below(segment.holdout_percent),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(ADDRESSES.format(bucket=shares.bucket_sql("%(salt)s", "p.uuid")), parameters)
        return [Address._make((*row[:4], bytes(row[4]))) for row in cursor.fetchall()]


def let_out(
    segment: Segment, found: Collection[Address], *, destination: str, job: str, send: Callable[[list[Outgoing]], T]
) -> Released[T]:
    """Hand the people who consented to the segment's purpose to `send`, inside the gate. Raises what `release` raises.

    The segment must have a purpose; at most LARGEST_BATCH identifiers at once.
    """
    if segment.purpose is None:
        raise ValueError("A segment without a purpose lets nobody out")
    by_index = {address.blind: address for address in found}
    return release(
        segment.workspace, segment.purpose.key, [address.subject for address in found], destination=destination, job=job,
        send=lambda subjects: send(in_clear(segment.workspace_id, [by_index[subject.index] for subject in subjects])),
    )  # fmt: skip


def in_clear(workspace_id: int, found: Collection[Address]) -> list[Outgoing]:
    """People with what they are called, in the order of their profiles."""
    vault, people = Vault(workspace_id), dict[UUID, dict[str, list[str]]]()
    for address in sorted(found, key=lambda one: (one.profile_id, one.kind, one.blind)):
        value = str(vault.open(address.sealed, identity_owner(address.kind, address.blind)))
        people.setdefault(address.uuid, {}).setdefault(address.kind, []).append(value)
    return [Outgoing(uuid, identifiers) for uuid, identifiers in people.items()]


def batches(segment: Segment, kinds: Collection[str]) -> Iterator[list[Address]]:
    """Addresses of all members, at most LARGEST_BATCH at a time."""
    last = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(MEMBERS, [segment.workspace_id, segment.pk, last, LARGEST_BATCH // 5])
            profiles = [id_ for (id_,) in cursor.fetchall()]
        if not profiles:
            return
        last, found = profiles[-1], addresses(segment, profiles, kinds)
        for start in range(0, len(found), LARGEST_BATCH):
            yield found[start : start + LARGEST_BATCH]
