"""The list of those who are never to be reached: stronger than any consent.

The list shuts the gate for everything at once. What the person said stands in the ledger like any other refusal, so that proof,
late grants, open confirmation mails and merges follow from it, also after the list has let go of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
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
SAID = (Reason.OBJECTION, Reason.COMPLAINT)  # by the person, of everything; the others are about one address and end grants

NOTHING: Mapping[str, Any] = MappingProxyType({})
NEVER = datetime.min.replace(tzinfo=UTC)


class Entry(NamedTuple):
    """Why and since when somebody is on the list; by a link: not by what was said of this identifier itself."""

    reason: Suppression.Reason
    at: datetime
    by_link: bool = False


@transaction.atomic
def suppress(
    workspace: Workspace,
    subject: Subject,
    reason: Suppression.Reason,
    *,
    actor: str = PERSON,
    proof: Mapping[str, Any] = NOTHING,
) -> set[Subject]:
    """Put somebody on the list; what they had granted is withdrawn and taken back. Who came on it.

    An objection or complaint is the person's: their other identifiers follow with an objection, and it is written down for every
    purpose, also those nobody had agreed to, and anew each time it is said. Bounce and erasure shut this one address; a bounce ends
    its grants, an erasure those of the whole person.
    """
    locking.links(workspace.pk, changing=True)
    person = linking.groups(workspace.pk, [subject])[subject]
    statements, at = _statements(workspace, subject, person, reason), clock.now()
    Suppression.objects.filter(workspace=workspace, subject=subject.index, by_link=True).delete()  # its own now
    others = person - {subject} if reason in SAID else set()
    _add(workspace, {subject: Entry(reason, at), **dict.fromkeys(others, Entry(Reason.OBJECTION, at, by_link=True))})
    record_many(workspace, [replace(one, proof={"mechanism": reason, **proof}, actor=actor) for one in statements])
    return {subject, *others}


def _statements(workspace: Workspace, subject: Subject, person: Collection[Subject], reason: Suppression.Reason) -> list[Statement]:
    """What the ledger has to say of it."""
    indexes = [subject.index] if reason == Reason.BOUNCE else [one.index for one in person]
    held = ConsentState.objects.filter(workspace=workspace, subject__in=indexes, decision=Decision.GRANTED).order_by("pk")
    rows = list(held.values_list("subject_kind", "subject", "purpose__key"))
    if reason not in SAID:
        return [Statement(Subject(kind, index), key, Decision.WITHDRAWN, reason.value) for kind, index, key in rows]
    purposes.ensure(workspace)
    granted = {key for _kind, _index, key in rows}
    return [
        Statement(subject, key, Decision.WITHDRAWN if key in granted else Decision.DENIED, "objection")
        for key in sorted(_keys(workspace))
    ]


def _keys(workspace: Workspace) -> Iterable[str]:
    return Purpose.objects.filter(workspace=workspace).values_list("key", flat=True)


def _add(workspace: Workspace, entries: Mapping[Subject, Entry]) -> None:
    """Call with the links locked, so that nobody else does."""
    rows = [
        Suppression(workspace=workspace, subject_kind=subject.kind, subject=subject.index, **entry._asdict())
        for subject, entry in entries.items()
    ]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    changes.tell_of_subjects(workspace.pk, ((row.subject, changes.SUPPRESSION) for row in rows))


def spread(
    workspace: Workspace, persons: Sequence[Collection[Subject]], known: Mapping[Subject, Collection[Subject]]
) -> dict[str, str]:
    """Whoever turns out to be somebody who objected or complained follows with an objection. Why, by index of those who came on it.

    `known`: who was one person with each identifier before. Call with the links locked, and end what they had granted.
    """
    listed = {row.subject: Entry(Reason(row.reason), row.at) for row in _rows(workspace, chain.from_iterable(persons))}
    fresh: dict[Subject, Entry] = {}
    for person in persons if listed else ():
        said = [(listed[one.index], one) for one in person if one.index in listed and listed[one.index].reason in SAID]
        for subject in person if said else ():
            entries = [entry for entry, one in said if one not in known[subject]]
            if entries and subject.index not in listed:
                fresh[subject] = min(entries, key=lambda entry: (entry.reason == Reason.OBJECTION, entry.at))
    if fresh:
        _add(workspace, {subject: Entry(Reason.OBJECTION, entry.at, by_link=True) for subject, entry in fresh.items()})
    return {subject.index: entry.reason.value for subject, entry in fresh.items()}


def let_go(workspace: Workspace, before: Iterable[Collection[Subject]]) -> None:
    """Take those off the list whom only links brought there that ended. `before`: whole people as they were with these links.

    Whoever is still one person with somebody who objected or complained stays. The ledger stays as it is: what was refused is
    open again when the person says so. Call with the links locked.
    """
    people = {frozenset(person) for person in before}
    rows = {row.subject: row for row in _rows(workspace, chain.from_iterable(people))}
    own = {index for index, row in rows.items() if row.reason in SAID and not row.by_link}
    brought = {one for person in people if any(two.index in own for two in person) for one in person
               if one.index in rows and rows[one.index].by_link}  # fmt: skip
    now = linking.groups(workspace.pk, brought) if brought else {}
    over = [rows[one.index] for one in brought if not any(two.index in own for two in now[one])]
    _remove(workspace, over)


def _rows(workspace: Workspace, subjects: Iterable[Subject]) -> Iterable[Suppression]:
    rows = Suppression.objects.filter(workspace=workspace)
    return rows.extra(where=["subject = ANY(%s::text[])"], params=[array(subject.index for subject in subjects)])


def _remove(workspace: Workspace, rows: Collection[Suppression]) -> None:
    if rows:
        Suppression.objects.filter(pk__in=[row.pk for row in rows]).delete()
        changes.tell_of_subjects(workspace.pk, ((row.subject, changes.SUPPRESSION) for row in rows))


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
    entries = list(Suppression.objects.filter(workspace=workspace, subject__in=indexes))
    rows = [row for row in entries if row.reason == Reason.OBJECTION]
    if not rows or any(row.subject == subject.index and row.reason != Reason.OBJECTION for row in entries):
        return []
    _remove(workspace, rows)
    refused = ConsentEvent.objects.filter(workspace=workspace, subject__in=indexes, decision__in=RESTRICTIONS).order_by()
    last = {(index, key): at for index, key, at in refused.values_list("subject", "purpose__key").annotate(at=Max("at"))}
    unsaid = {key for key in _keys(workspace) for row in rows if last.get((row.subject, key), NEVER) < row.at}
    return [
        Statement(subject, key, Decision.DENIED, "objection", proof={"mechanism": Reason.OBJECTION}, actor=SYSTEM)
        for key in sorted(unsaid - set(agreed))
    ]
