"""The list of those who are never to be reached: stronger than any consent.

The list shuts the gate for everything at once. What the person said stands in the ledger like any other refusal, so that proof,
late grants, open confirmation mails and merges follow from it, also after the list has let go of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from mops.lib import clock
from tracking import changes
from tracking.arrays import array
from tracking.blind_index import Subject
from tracking.consent import linking, locking, purposes
from tracking.consent.deriving import RESTRICTIONS
from tracking.consent.ledger import PERSON, SYSTEM, Statement, record_many
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, Purpose, Suppression
from workspaces.models import Workspace

Reason = Suppression.Reason
SAID = (Reason.OBJECTION, Reason.COMPLAINT)  # by the person, of everything; the others are found out, and end what was granted

NOTHING: Mapping[str, Any] = MappingProxyType({})
NEVER = datetime.min.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """Why and since when somebody is on the list."""

    reason: Suppression.Reason
    at: datetime


@transaction.atomic
def suppress(
    workspace: Workspace,
    subject: Subject,
    reason: Suppression.Reason,
    *,
    actor: str = PERSON,
    proof: Mapping[str, Any] = NOTHING,
) -> set[Subject]:
    """Put a person on the list, by all their identifiers; whatever they had granted is withdrawn and taken back. Who that was.

    An objection or complaint is also written down for every purpose nobody had agreed to, and anew each time it is said.
    """
    if reason in SAID:
        purposes.ensure(workspace)  # before the locks
    locking.links(workspace.pk, changing=True)
    person = linking.groups(workspace.pk, [subject])[subject]
    _add(workspace, dict.fromkeys(person, Entry(reason, clock.now())))
    held = ConsentState.objects.filter(workspace=workspace, subject__in=[one.index for one in person], decision=Decision.GRANTED)
    granted = set(held.values_list("purpose__key", flat=True))
    keys = set(_keys(workspace)) if reason in SAID else granted
    record_many(workspace, [
        Statement(subject, key, Decision.WITHDRAWN if key in granted else Decision.DENIED, "objection",
                  proof={"mechanism": reason, **proof}, actor=actor)
        for key in sorted(keys)
    ])  # fmt: skip
    return person


def _keys(workspace: Workspace) -> Iterable[str]:
    return Purpose.objects.filter(workspace=workspace).values_list("key", flat=True)


def _add(workspace: Workspace, entries: Mapping[Subject, Entry]) -> None:
    """Call with the links locked, so that nobody else does."""
    rows = [
        Suppression(workspace=workspace, subject_kind=subject.kind, subject=subject.index, reason=entry.reason, at=entry.at)
        for subject, entry in entries.items()
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    changes.tell_of_subjects(workspace.pk, ((row.subject, changes.SUPPRESSION) for row in rows))


def spread(workspace: Workspace, persons: Sequence[Collection[Subject]]) -> dict[str, str]:
    """Where one identifier of a person is on the list, its others follow. Reason by index of those who came on it.

    Call with the links locked, and end what they had granted.
    """
    everybody = [subject.index for person in persons for subject in person]
    rows = Suppression.objects.filter(workspace=workspace).extra(where=["subject = ANY(%s::text[])"], params=[array(everybody)])
    listed = {row.subject: Entry(Reason(row.reason), row.at) for row in rows}
    fresh: dict[Subject, Entry] = {}
    for person in persons if listed else ():
        entries = [listed[subject.index] for subject in person if subject.index in listed]
        if entries:
            strictest = min(entries, key=lambda entry: (entry.reason == Reason.OBJECTION, entry.at))
            fresh |= {subject: strictest for subject in person if subject.index not in listed}
    if fresh:
        _add(workspace, fresh)
    return {subject.index: entry.reason.value for subject, entry in fresh.items()}


def entry(workspace: Workspace, subject: Subject) -> Suppression | None:
    """Why this identifier must not be reached, if so."""
    return Suppression.objects.filter(workspace=workspace, subject=subject.index).first()


def is_unreachable(workspace: Workspace, subject: Subject) -> bool:
    """Whether not even a question may be sent: a person who only objected may still ask anew."""
    found = entry(workspace, subject)
    return found is not None and found.reason != Reason.OBJECTION


@transaction.atomic
def record_own(workspace: Workspace, statements: Sequence[Statement]) -> list[ConsentEvent]:
    """Write down what a person does themselves, now. By agreeing to anything they end their objection, and only that:
    complaints, bounces and erasures stay, and so does every refusal in the ledger. The events, in the order given.
    """
    locking.links(workspace.pk, changing=False)
    agreed = {statement.subject for statement in statements if statement.decision == Decision.GRANTED}
    keys = {statement.purpose for statement in statements}
    lasting = [one for subject in sorted(agreed, key=lambda one: one.index) for one in _lift(workspace, subject, keys)]
    return record_many(workspace, [*lasting, *statements])[len(lasting) :]


def _lift(workspace: Workspace, subject: Subject, agreed: Collection[str]) -> list[Statement]:
    """Take the objection of a person off the list. Returns what it still has to say of purposes that came after it."""
    person = linking.groups(workspace.pk, [subject])[subject]
    indexes = [one.index for one in person]
    rows = list(Suppression.objects.filter(workspace=workspace, subject__in=indexes, reason=Reason.OBJECTION))
    if not rows:
        return []
    Suppression.objects.filter(pk__in=[row.pk for row in rows]).delete()
    changes.tell_of_subjects(workspace.pk, ((row.subject, changes.SUPPRESSION) for row in rows))
    refused = ConsentEvent.objects.filter(workspace=workspace, subject__in=indexes, decision__in=RESTRICTIONS).order_by()
    last = {(index, key): at for index, key, at in refused.values_list("subject", "purpose__key").annotate(at=Max("at"))}
    unsaid = {key for key in _keys(workspace) for row in rows if last.get((row.subject, key), NEVER) < row.at}
    return [
        Statement(subject, key, Decision.DENIED, "objection", proof={"mechanism": Reason.OBJECTION}, actor=SYSTEM)
        for key in sorted(unsaid - set(agreed))
    ]
