"""Two identifiers turn out to be one person: the stricter of their decisions holds for both, and an objection for all of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import transaction

from tracking.arrays import array
from tracking.blind_index import Subject
from tracking.consent import linking, locking, suppression
from tracking.consent.deriving import RESTRICTIONS
from tracking.consent.ledger import SYSTEM, Statement, record_many
from tracking.consent_models import Decision
from tracking.models import ConsentState
from workspaces.models import Workspace


@transaction.atomic
def merge_subjects(workspace: Workspace, one: Subject, other: Subject) -> int:
    """Link both; where one of the person's identifiers refuses, grants of the others end. How many ended.

    A grant given after the merge counts again, for the identifier it was given for. linking.unlink undoes the link only.
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
def merge_persons(workspace: Workspace, persons: Sequence[Sequence[Subject]]) -> int:
    """merge_subjects for the identifiers of many people at once, in a constant number of statements. How many grants ended."""
    locking.links(workspace.pk, changing=True)
    known = linking.groups(workspace.pk, [subject for person in persons for subject in person])
    linking.link_many(workspace, [(person[0], other) for person in persons for other in person[1:] if other != person[0]])
    return _keep_stricter(workspace, persons, known)


def _keep_stricter(workspace: Workspace, persons: Sequence[Sequence[Subject]], known: Mapping[Subject, set[Subject]]) -> int:
    """`known`: who was one person with each identifier before. What those decided among themselves stands."""
    listed = suppression.spread(workspace, persons)
    owners = {subject.index: number for number, person in enumerate(persons) for subject in person}
    states = defaultdict(list)
    rows = ConsentState.objects.filter(workspace=workspace).extra(where=["subject = ANY(%s::text[])"], params=[array(owners)])
    for state in rows.select_related("purpose").order_by("pk"):
        states[owners[state.subject], state.purpose.key].append(state)
    said = [
        statement
        for number, purpose in sorted(states)
        for subject in dict.fromkeys(persons[number])
        if (statement := _stricter(subject, purpose, states[number, purpose], known[subject], listed.get(subject.index, "")))
    ]
    ended = {(state.subject, key) for (_, key), rows in states.items() for state in rows if state.decision == Decision.GRANTED}
    record_many(workspace, said)
    return sum((statement.subject.index, statement.purpose) in ended for statement in said)


def _stricter(
    subject: Subject, purpose: str, states: Sequence[ConsentState], known: Collection[Subject], listed: str
) -> Statement | None:
    """What this identifier takes over from those that were not known to be the same person, if one of them refuses.

    Also if it said nothing yet: a grant given before the merge may still be on its way. `listed` is why it must never be reached,
    if this merge found that out: then it is said anew.
    """
    refused = [state for state in states if state.decision in RESTRICTIONS]
    is_closed = any(state.subject == subject.index for state in refused)
    mine = {one.index for one in known}
    refusing = min((state for state in refused if state.subject not in mine), key=lambda state: state.event_seq, default=None)
    if not listed and (refusing is None or is_closed):
        return None
    proof: dict[str, object] = {"mechanism": listed} if listed else {}
    if refusing:
        proof["stricter"] = {"subject": refusing.subject, "seq": refusing.event_seq, "decision": refusing.decision}
    return Statement(subject, purpose, Decision.DENIED, "merge", proof=proof, actor=SYSTEM)
