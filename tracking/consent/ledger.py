"""Write statements into the ledger: event, derived state and removals of what left already, in one transaction.

Call record or record_many at most once per transaction: two calls could take row locks in opposite orders.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from mops.lib import clock
from tracking import changes
from tracking.blind_index import Subject
from tracking.consent import appending, linking, locking, removals
from tracking.consent.appending import FOUND_OUT, PERSON, SYSTEM, Statement
from tracking.consent.deriving import RESTRICTIONS, derive
from tracking.consent.purposes import purposes_of
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, Purpose
from workspaces.models import Workspace

__all__ = ["PERSON", "SYSTEM", "Statement", "expire_due", "record", "record_many", "withdraw"]
Key = tuple[int, str]  # purpose id, subject index
LOCKED = """
SELECT s.id FROM tracking_consentstate s
JOIN unnest(%s::bigint[], %s::text[]) AS k (purpose, subject) ON s.purpose_id = k.purpose AND s.subject = k.subject
WHERE s.workspace_id = %s ORDER BY s.purpose_id, s.subject FOR UPDATE OF s"""
SAID = """
SELECT e.purpose_id, e.subject, e.seq, e.decision, e.at, e.given_at FROM tracking_consentevent e
JOIN unnest(%s::bigint[], %s::text[]) AS k (purpose, subject) ON e.purpose_id = k.purpose AND e.subject = k.subject
WHERE e.workspace_id = %s
"""
UNASKED = """
UPDATE tracking_doubleoptin d SET revoked_at = %s FROM unnest(%s::bigint[], %s::text[]) AS k (purpose, subject)
WHERE d.workspace_id = %s AND d.subject = k.subject AND d.purpose_id = k.purpose
  AND d.confirmed_at IS NULL AND d.revoked_at IS NULL
"""
DERIVED = """
UPDATE tracking_consentstate s SET decision = n.decision, since = n.since, expires_at = n.expires_at, event_seq = n.seq
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
    AS n (purpose, subject, decision, since, expires_at, seq)
WHERE s.workspace_id = %s AND s.purpose_id = n.purpose AND s.subject = n.subject
"""


class Said(NamedTuple):
    """What deriving reads of an event."""

    seq: int
    decision: str
    at: datetime
    given_at: datetime


def record(workspace: Workspace, statement: Statement) -> ConsentEvent:
    """The event of one statement. Raises purposes.UnknownPurpose."""
    return record_many(workspace, [statement])[0]


@transaction.atomic
def record_many(workspace: Workspace, statements: Sequence[Statement]) -> list[ConsentEvent]:
    """The events, in the order given; a restriction is also recorded for identifiers linked to the same person."""
    if not statements:
        return []
    locking.links(workspace.pk, changing=False)
    purposes = purposes_of(workspace, {statement.purpose for statement in statements})  # behind the lock: how long grants last
    everyone = [*statements, *_for_linked(workspace, statements)]
    keys = {(purposes[s.purpose].pk, s.subject.index): s.subject for s in everyone}
    _lock_states(workspace, keys)
    _close(workspace, {(purposes[s.purpose].pk, s.subject.index) for s in everyone if s.decision in RESTRICTIONS})
    said = _said(workspace, keys)
    changes.tell_of_subjects(workspace.pk, ((statement.subject.index, statement.purpose) for statement in everyone))
    locking.chain(workspace.pk)  # last: everybody of the workspace waits for it, so little is done behind it
    events = appending.append(workspace, purposes, everyone)
    for event in events:
        said[event.purpose_id, event.subject].append(Said(event.seq, event.decision, event.at, event.given_at))
    _refresh(workspace, {purpose.pk: purpose for purpose in purposes.values()}, said)
    return events[: len(statements)]


def _for_linked(workspace: Workspace, statements: Sequence[Statement]) -> Iterable[Statement]:
    """A restriction holds for the person, by whatever identifier they were known when they said it.

    What runs out, what one identifier takes over in a merge, and what ends with an address nobody said: that is of this identifier
    alone.
    """
    said = [s for s in statements if s.source not in FOUND_OUT]
    restricting = [s for s in said if s.decision in RESTRICTIONS and s.decision != Decision.EXPIRED]
    if not restricting:
        return
    groups = linking.groups(workspace.pk, {s.subject for s in restricting})
    for statement in restricting:
        for other in groups[statement.subject] - {statement.subject}:
            note = {"said_by": [statement.subject.kind, statement.subject.index]}
            yield replace(statement, subject=other, proof={**statement.proof, **note})


def _lock_states(workspace: Workspace, keys: Mapping[Key, Subject]) -> None:
    """Make missing rows, refusing, and lock all of them; waits for releases that are sending to one of them."""
    ordered = sorted(keys)
    if _take_free(workspace, ordered):
        return
    at = clock.now()
    fresh = [
        ConsentState(workspace=workspace, purpose_id=purpose_id, subject=index, subject_kind=keys[purpose_id, index].kind,
                     decision=Decision.DENIED, since=at, event_seq=0)
        for purpose_id, index in ordered
    ]  # fmt: skip
    ConsentState.objects.bulk_create(fresh, ignore_conflicts=True)
    if _take_free(workspace, ordered):
        return
    locking.wait_at_turnstile(purpose_id for purpose_id, _ in ordered)  # a release is sending to one of them
    with connection.cursor() as cursor:
        cursor.execute(LOCKED, _lists(ordered, workspace))


def _take_free(workspace: Workspace, ordered: Sequence[Key]) -> bool:
    """Lock the rows if all are there and free; else none stays locked, as waiting with some of them could block for ever."""
    with connection.cursor() as cursor:
        if len(ordered) > 1:
            cursor.execute("SAVEPOINT consent_rows")
        cursor.execute(LOCKED + " SKIP LOCKED", _lists(ordered, workspace))
        if cursor.rowcount == len(ordered):
            return True
        if len(ordered) > 1:
            cursor.execute("ROLLBACK TO SAVEPOINT consent_rows")
        return False


def _lists(ordered: Sequence[Key], workspace: Workspace) -> list[Any]:
    return [[key[0] for key in ordered], [key[1] for key in ordered], workspace.pk]


def _close(workspace: Workspace, keys: Collection[Key]) -> None:
    """Where nothing is allowed any more: queue removals of what left and end open confirmation mails."""
    if keys:
        removals.queue(workspace.pk, keys)
        with connection.cursor() as cursor:
            cursor.execute(UNASKED, [clock.now(), *_lists(sorted(keys), workspace)])


def _said(workspace: Workspace, keys: Mapping[Key, Subject]) -> dict[Key, list[Said]]:
    """What the locked people said before; nobody can add to it now."""
    said: dict[Key, list[Said]] = {key: [] for key in keys}
    with connection.cursor() as cursor:
        cursor.execute(SAID, _lists(sorted(keys), workspace))
        for purpose_id, subject, *event in cursor.fetchall():
            said[purpose_id, subject].append(Said(*event))
    return said


def _refresh(workspace: Workspace, purposes: Mapping[int, Purpose], said: Mapping[Key, Sequence[Said]]) -> None:
    """Derive the states anew."""
    rows = []
    for (purpose_id, index), events in said.items():
        derived = derive(events, purposes[purpose_id].expiry_months)
        assert derived is not None, "just appended"  # noqa: S101
        rows.append((purpose_id, index, str(derived.decision), derived.since, derived.expires_at, derived.seq))
    with connection.cursor() as cursor:
        cursor.execute(DERIVED, [*map(list, zip(*rows, strict=True)), workspace.pk])


def withdraw(
    workspace: Workspace, subject: Subject, purposes: Iterable[str], *, source: str, proof: Mapping[str, Any], actor: str = PERSON
) -> list[ConsentEvent]:
    """Close the gate for this person and these purposes; once this is committed nothing leaves any more."""
    keys = sorted(set(purposes))
    return record_many(workspace, [Statement(subject, key, Decision.WITHDRAWN, source, proof=proof, actor=actor) for key in keys])


def expire_due(workspace: Workspace, most: int = 1_000) -> int:
    """Say in the ledger which grants ran out. The gate refuses them from their last second on without this. How many."""
    due = ConsentState.objects.filter(workspace=workspace, decision=Decision.GRANTED, expires_at__lte=clock.now())
    statements = [
        Statement(Subject(state.subject_kind, state.subject), state.purpose.key, Decision.EXPIRED, "expiry", actor=SYSTEM)
        for state in due.select_related("purpose")[:most]
    ]
    return len(record_many(workspace, statements))
