"""Two identifiers turn out to be one person: the stricter of their decisions holds for both, and an objection for all of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from tracking.arrays import array
from tracking.blind_index import Subject
from tracking.consent import linking, locking, suppression
from tracking.consent.appending import LOST
from tracking.consent.deriving import RESTRICTIONS
from tracking.consent.ledger import SYSTEM, Statement, record_many
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState
from workspaces.models import Workspace

Place = tuple[int, str]  # number of the person, key of the purpose


@transaction.atomic
def merge_subjects(workspace: Workspace, one: Subject, other: Subject) -> int:
    """Link both; where one of the person's identifiers refuses, grants of the others end. How many ended.

    A grant given after the merge counts again, for the identifier it was given for. `unlink` undoes it.
    """
    if one == other:
        return 0
    locking.links(workspace.pk, changing=True)
    known = linking.groups(workspace.pk, [one, other])
    if not linking.link(workspace, one, other):
        return 0
    person = sorted(known[one] | known[other], key=lambda subject: subject.index)
    return _keep_stricter(workspace, [person], {subject: known[one if subject in known[one] else other] for subject in person})


@transaction.atomic
def unlink(workspace: Workspace, one: Subject, other: Subject) -> None:
    """Undo a merge that was wrong: whom it brought on the list is off it. What it refused stays so until the person agrees anew."""
    locking.links(workspace.pk, changing=True)
    before = linking.groups(workspace.pk, [one, other])
    linking.end(workspace, one, other)
    suppression.let_go(workspace, before.values())


@transaction.atomic
def merge_persons(
    workspace: Workspace, persons: Sequence[Sequence[Subject]], known: Mapping[Subject, set[Subject]] | None = None
) -> int:
    """merge_subjects for the identifiers of many people at once, in a constant number of statements. How many grants ended.

    `known`: who was one person with each identifier before, for a caller that ended links meanwhile.
    """
    locking.links(workspace.pk, changing=True)
    if known is None:
        known = linking.groups(workspace.pk, [subject for person in persons for subject in person])
    linking.link_many(workspace, [(person[0], other) for person in persons for other in person[1:] if other != person[0]])
    return _keep_stricter(workspace, persons, known)


def _keep_stricter(workspace: Workspace, persons: Sequence[Sequence[Subject]], known: Mapping[Subject, set[Subject]]) -> int:
    """`known`: who was one person with each identifier before. What those decided among themselves stands."""
    listed = suppression.spread(workspace, persons, known)
    owners = {subject.index: number for number, person in enumerate(persons) for subject in person}
    states: dict[Place, list[ConsentState]] = defaultdict(list)
    rows = ConsentState.objects.filter(workspace=workspace).extra(where=["subject = ANY(%s::text[])"], params=[array(owners)])
    for state in rows.select_related("purpose").order_by("pk"):
        states[owners[state.subject], state.purpose.key].append(state)
    refused = _refused(workspace, states)
    said = [
        statement
        for number, purpose in sorted(states)
        for subject in dict.fromkeys(persons[number])
        if (statement := _stricter(subject, purpose, refused[number, purpose], known[subject], listed.get(subject.index, "")))
    ]
    ended = {(state.subject, key) for (_, key), rows in states.items() for state in rows if state.decision == Decision.GRANTED}
    record_many(workspace, said)
    return sum((statement.subject.index, statement.purpose) in ended for statement in said)


def _refused(workspace: Workspace, states: Mapping[Place, Sequence[ConsentState]]) -> dict[Place, list[ConsentState]]:
    """The refusals among them. That an address came to its end is none."""
    refused = {place: [state for state in group if state.decision in RESTRICTIONS] for place, group in states.items()}
    seqs = {state.event_seq for group in refused.values() for state in group}
    if not seqs:
        return refused
    events = ConsentEvent.objects.filter(workspace=workspace, source__in=LOST)
    lost = set(events.extra(where=["seq = ANY(%s::bigint[])"], params=[array(seqs)]).values_list("seq", flat=True))
    return {place: [state for state in group if state.event_seq not in lost] for place, group in refused.items()}


def _stricter(
    subject: Subject, purpose: str, refused: Sequence[ConsentState], known: Collection[Subject], listed: str
) -> Statement | None:
    """What this identifier takes over from those that were not known to be the same person, if one of them refuses.

    Also if it said nothing yet: a grant given before the merge may still be on its way. `listed` is why it must never be reached,
    if this merge found that out: then it is said anew.
    """
    is_closed = any(state.subject == subject.index for state in refused)
    mine = {one.index for one in known}
    refusing = min((state for state in refused if state.subject not in mine), key=lambda state: state.event_seq, default=None)
    if not listed and (refusing is None or is_closed):
        return None
    proof: dict[str, object] = {"mechanism": listed} if listed else {}
    if refusing:
        proof["stricter"] = {"subject": refusing.subject, "seq": refusing.event_seq, "decision": refusing.decision}
    return Statement(subject, purpose, Decision.DENIED, "merge", proof=proof, actor=SYSTEM)
