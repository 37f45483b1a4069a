"""Two identifiers turn out to be one person: the stricter of their decisions holds for both, and an objection for all of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

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
    was_known = other in linking.groups(workspace.pk, [one])[one]  # by way of a third: nothing new about the person
    if not linking.link(workspace, one, other) or was_known:
        return 0
    person = linking.groups(workspace.pk, [one])[one]
    return _keep_stricter(workspace, [sorted(person, key=lambda subject: subject.index)])


@transaction.atomic
def merge_persons(workspace: Workspace, persons: Sequence[Sequence[Subject]]) -> int:
    """merge_subjects for the identifiers of many people at once, in a constant number of statements. How many grants ended."""
    locking.links(workspace.pk, changing=True)
    linking.link_many(workspace, [(person[0], other) for person in persons for other in person[1:] if other != person[0]])
    return _keep_stricter(workspace, persons)


def _keep_stricter(workspace: Workspace, persons: Sequence[Sequence[Subject]]) -> int:
    listed = suppression.spread(workspace, persons)
    owners = {subject.index: number for number, person in enumerate(persons) for subject in person}
    states = defaultdict(list)
    known = ConsentState.objects.filter(workspace=workspace).extra(where=["subject = ANY(%s::text[])"], params=[array(owners)])
    for state in known.select_related("purpose").order_by("pk"):
        states[owners[state.subject], state.purpose.key].append(state)
    said = [
        one for number, purpose in sorted(states) for one in _stricter(purpose, persons[number], states[number, purpose], listed)
    ]
    ended = {(state.subject, key) for (_, key), rows in states.items() for state in rows if state.decision == Decision.GRANTED}
    record_many(workspace, said)
    return sum((statement.subject.index, statement.purpose) in ended for statement in said)


def _stricter(
    purpose: str, person: Sequence[Subject], states: Sequence[ConsentState], listed: Mapping[str, str]
) -> list[Statement]:
    """Also for identifiers that said nothing yet: a grant they gave before the merge may still be on its way.

    `listed` by this merge came those who must never be reached: for them it is said anew.
    """
    refusing = min((s for s in states if s.decision in RESTRICTIONS), key=lambda s: s.event_seq, default=None)
    reasons = [listed[subject.index] for subject in person if subject.index in listed]
    if refusing is None and not reasons:
        return []
    proof: dict[str, object] = {"mechanism": reasons[0]} if reasons else {}
    if refusing:
        proof["stricter"] = {"subject": refusing.subject, "seq": refusing.event_seq, "decision": refusing.decision}
    closed = {state.subject for state in states if state.decision in RESTRICTIONS} - listed.keys()
    return [
        Statement(subject, purpose, Decision.DENIED, "merge", proof=proof, actor=SYSTEM)
        for subject in dict.fromkeys(person)
        if subject.index not in closed
    ]
