"""Two identifiers turn out to be one person: the stricter of their decisions holds for both."""

from collections import defaultdict

from django.db import transaction

from tracking.blind_index import Subject
from tracking.consent import linking, locking
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
    if not linking.link(workspace, one, other):
        return 0
    person = linking.groups(workspace.pk, [one])[one]
    states = defaultdict(list)
    for state in ConsentState.objects.filter(workspace=workspace, subject__in=[s.index for s in person]).select_related("purpose"):
        states[state.purpose.key].append(state)
    return len(record_many(workspace, [statement for key in sorted(states) for statement in _stricter(key, states[key])]))


def _stricter(purpose: str, states: list[ConsentState]) -> list[Statement]:
    refusing = min((s for s in states if s.decision in RESTRICTIONS), key=lambda s: s.event_seq, default=None)
    if refusing is None:
        return []
    proof = {"stricter": {"subject": refusing.subject, "seq": refusing.event_seq, "decision": refusing.decision}}
    return [
        Statement(Subject(state.subject_kind, state.subject), purpose, Decision.DENIED, "merge", proof=proof, actor=SYSTEM)
        for state in states
        if state.decision not in RESTRICTIONS
    ]
