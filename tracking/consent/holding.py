"""What holds for a person today, by all their identifiers: what one of them refuses none allows, but each has its own grants."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import linking
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ConsentState, Purpose, Suppression
from workspaces.models import Workspace


class Known(NamedTuple):
    """A person's identifiers: the one asked for first, then those linked to it."""

    subjects: Sequence[Subject]

    @property
    def numbers(self) -> Mapping[str, int]:
        """1, 2, 3 … by blind index."""
        return {one.index: number for number, one in enumerate(self.subjects, 1)}

    def name(self, index: str) -> str:
        """ "2 · Telephone number"."""
        number = self.numbers[index]
        return f"{number} · {SubjectKind(self.subjects[number - 1].kind).label}"


class Line(NamedTuple):
    """One purpose by one identifier."""

    purpose: Purpose
    identifier: str
    decision: Decision
    since: datetime
    expires_at: datetime | None
    event_seq: int
    is_first: bool  # of its purpose: a refusal is noted once for all identifiers
    is_granted: bool  # by any of them


def known(workspace: Workspace, subject: Subject) -> Known:
    """Everybody who was noted to be the same person as `subject`."""
    others = linking.groups(workspace.pk, [subject])[subject] - {subject}
    return Known([subject, *sorted(others, key=lambda other: (other.kind, other.index))])


def lines(workspace: Workspace, person: Known) -> list[Line]:
    """By purpose, then by identifier as numbered. A grant whose time is over counts as such before it is noted."""
    numbers, seen = person.numbers, set[int]()
    found = ConsentState.objects.filter(workspace=workspace, subject__in=numbers).select_related("purpose")
    states = sorted(found, key=lambda state: (state.purpose_id, numbers[state.subject]))
    granted = {state.purpose_id for state in states if _today(state) == Decision.GRANTED}
    rows = []
    for state in states:
        rows.append(
            Line(state.purpose, person.name(state.subject), _today(state), state.since, state.expires_at, state.event_seq,
                 state.purpose_id not in seen, state.purpose_id in granted)
        )  # fmt: skip
        seen.add(state.purpose_id)
    return rows


def suppressions(workspace: Workspace, person: Known) -> list[Suppression]:
    """Entries of the suppression list, by identifier as numbered."""
    rows = Suppression.objects.filter(workspace=workspace, subject__in=person.numbers)
    return sorted(rows, key=lambda row: person.numbers[row.subject])


def _today(state: ConsentState) -> Decision:
    is_over = state.expires_at is not None and state.expires_at <= clock.now()
    return Decision.EXPIRED if is_over else Decision(state.decision)
