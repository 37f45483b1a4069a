"""Write statements into the ledger: event, derived state and removals of what left already, in one transaction.

Call record or record_many at most once per transaction: two calls could take row locks in opposite orders.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import linking, locking, removals
from tracking.consent.chain import START, digest, storable
from tracking.consent.deriving import RESTRICTIONS, derive
from tracking.consent.purposes import purposes_of
from tracking.consent_models import Decision
from tracking.models import ChainHead, ConsentEvent, ConsentState, ConsentText, DoubleOptIn, Purpose
from workspaces.models import Workspace

SOURCES = (
    *("banner", "form", "api", "import", "double_opt_in", "preferences", "one_click", "member", "merge", "expiry"),
    "objection",
)
PERSON, SYSTEM = "person", "system"
Key = tuple[int, str]  # purpose id, subject index
LOCKED = """
SELECT s.id FROM tracking_consentstate s
JOIN unnest(%s::bigint[], %s::text[]) AS k (purpose, subject) ON s.purpose_id = k.purpose AND s.subject = k.subject
WHERE s.workspace_id = %s ORDER BY s.purpose_id, s.subject FOR UPDATE OF s"""


@dataclass(frozen=True)
class Statement:
    """One decision of one person on one purpose, with everything that proves it."""

    subject: Subject
    purpose: str  # its key
    decision: Decision
    source: str
    text: ConsentText | None = None
    given_at: datetime | None = None  # None: just now; a time in the future counts as now
    proof: Mapping[str, Any] = field(default_factory=dict)
    actor: str = PERSON


def record(workspace: Workspace, statement: Statement) -> ConsentEvent:
    """The event of one statement. Raises purposes.UnknownPurpose."""
    return record_many(workspace, [statement])[0]


@transaction.atomic
def record_many(workspace: Workspace, statements: Sequence[Statement]) -> list[ConsentEvent]:
    """The events, in the order given; a restriction is also recorded for identifiers linked to the same person."""
    if not statements:
        return []
    purposes = purposes_of(workspace, {statement.purpose for statement in statements})
    locking.links(workspace.pk, changing=False)
    everyone = [*statements, *_for_linked(workspace, statements)]
    keys = {(purposes[s.purpose].pk, s.subject.index): s.subject for s in everyone}
    _lock_states(workspace, keys)
    _close(workspace, {(purposes[s.purpose].pk, s.subject.index) for s in everyone if s.decision in RESTRICTIONS})
    said = _said(workspace, keys)
    locking.chain(workspace.pk)  # last: everybody of the workspace waits for it, so little is done behind it
    events = _append(workspace, purposes, everyone)
    for event in events:
        said[event.purpose_id, event.subject].append(event)
    _refresh(workspace, {purpose.pk: purpose for purpose in purposes.values()}, said)
    return events[: len(statements)]


def _for_linked(workspace: Workspace, statements: Sequence[Statement]) -> Iterable[Statement]:
    """A restriction holds for the person, by whatever identifier they were known when they said it."""
    restricting = [s for s in statements if s.decision in RESTRICTIONS and s.decision != Decision.EXPIRED]
    if not restricting:
        return
    groups = linking.groups(workspace.pk, {s.subject for s in restricting})
    for statement in restricting:
        for other in groups[statement.subject] - {statement.subject}:
            note = {"said_by": [statement.subject.kind, statement.subject.index]}
            yield replace(statement, subject=other, proof={**statement.proof, **note})


def _lock_states(workspace: Workspace, keys: Mapping[Key, Subject]) -> None:
    """Make missing rows, refusing, and lock all of them; waits for releases that are sending to one of them."""
    at, ordered = clock.now(), sorted(keys)
    fresh = [
        ConsentState(workspace=workspace, purpose_id=purpose_id, subject=index, subject_kind=keys[purpose_id, index].kind,
                     decision=Decision.DENIED, since=at, event_seq=0)
        for purpose_id, index in ordered
    ]  # fmt: skip
    ConsentState.objects.bulk_create(fresh, ignore_conflicts=True)
    values: list[Any] = [[key[0] for key in ordered], [key[1] for key in ordered], workspace.pk]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCKED + " NOWAIT", values)
    except OperationalError:  # a release is sending to one of them
        locking.wait_at_turnstile(purpose_id for purpose_id, _ in ordered)
        with connection.cursor() as cursor:
            cursor.execute(LOCKED, values)


def _append(workspace: Workspace, purposes: Mapping[str, Purpose], statements: Sequence[Statement]) -> list[ConsentEvent]:
    """Chain the events to the last one; each has an instant of its own, later than all before."""
    last = ConsentEvent.objects.filter(workspace=workspace).order_by("-seq").values("seq", "hash", "at").first()
    seq, previous, at = (last["seq"], last["hash"], last["at"]) if last else (0, START, None)
    events = []
    for statement in statements:
        at = max(clock.now(), at + timedelta(microseconds=1)) if at else clock.now()
        event = _event(workspace, purposes[statement.purpose], statement, at)
        event.seq, event.prev_hash = seq + 1, previous
        event.hash = digest(event, purpose_key=statement.purpose, text_sha256=statement.text.sha256 if statement.text else "")
        seq, previous = event.seq, event.hash
        events.append(event)
    ConsentEvent.objects.bulk_create(events)
    if not ChainHead.objects.filter(workspace=workspace).update(seq=seq, hash=previous):
        ChainHead.objects.create(workspace=workspace, seq=seq, hash=previous)
    return events


def _event(workspace: Workspace, purpose: Purpose, statement: Statement, at: datetime) -> ConsentEvent:
    if statement.source not in SOURCES:
        raise ValueError(f"Unknown source {statement.source!r}")
    return ConsentEvent(
        workspace=workspace, subject_kind=statement.subject.kind, subject=statement.subject.index, purpose=purpose,
        decision=statement.decision, at=at, given_at=min(statement.given_at or at, at), text=statement.text,
        source=statement.source, proof=storable(statement.proof), actor=statement.actor[:200],
    )  # fmt: skip


def _close(workspace: Workspace, keys: Iterable[Key]) -> None:
    """Where nothing is allowed any more: queue removals of what left and end open confirmation mails."""
    for purpose_id, index in sorted(keys):
        removals.queue(workspace.pk, purpose_id, index)
        asked = DoubleOptIn.objects.filter(workspace=workspace, purpose_id=purpose_id, subject=index)
        asked.filter(confirmed_at=None, revoked_at=None).update(revoked_at=clock.now())


def _said(workspace: Workspace, keys: Mapping[Key, Subject]) -> dict[Key, list[ConsentEvent]]:
    """What the locked people said before; nobody can add to it now."""
    said: dict[Key, list[ConsentEvent]] = {key: [] for key in keys}
    events = ConsentEvent.objects.filter(
        workspace=workspace, subject__in={index for _, index in keys}, purpose__in={purpose_id for purpose_id, _ in keys}
    )
    for event in events.only("seq", "decision", "at", "given_at", "purpose_id", "subject"):
        if (event.purpose_id, event.subject) in said:
            said[event.purpose_id, event.subject].append(event)
    return said


def _refresh(workspace: Workspace, purposes: Mapping[int, Purpose], said: Mapping[Key, Sequence[ConsentEvent]]) -> None:
    """Derive the states anew."""
    for (purpose_id, index), events in said.items():
        derived = derive(events, purposes[purpose_id].expiry_months)
        assert derived is not None, "just appended"  # noqa: S101
        ConsentState.objects.filter(workspace=workspace, purpose_id=purpose_id, subject=index).update(
            decision=derived.decision, since=derived.since, expires_at=derived.expires_at, event_seq=derived.seq
        )


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
