"""The list of those who are never to be reached: stronger than any consent."""

from django.db import transaction

from mops.lib import clock
from tracking import changes
from tracking.blind_index import Subject
from tracking.consent import linking, locking
from tracking.consent.ledger import PERSON, Statement, record_many
from tracking.consent_models import Decision
from tracking.models import ConsentState, Suppression
from workspaces.models import Workspace


@transaction.atomic
def suppress(workspace: Workspace, subject: Subject, reason: Suppression.Reason, *, actor: str = PERSON) -> None:
    """Put a person on the list, by all their identifiers; whatever they had granted is withdrawn and taken back."""
    locking.links(workspace.pk, changing=True)
    person = linking.groups(workspace.pk, [subject])[subject]
    entries = [
        Suppression(workspace=workspace, subject_kind=s.kind, subject=s.index, reason=reason, at=clock.now()) for s in person
    ]
    Suppression.objects.bulk_create(entries, ignore_conflicts=True)
    changes.tell_of_subjects(workspace.pk, ((s.index, changes.SUPPRESSION) for s in person))
    granted = ConsentState.objects.filter(workspace=workspace, subject__in=[s.index for s in person], decision=Decision.GRANTED)
    record_many(workspace, [
        Statement(Subject(state.subject_kind, state.subject), state.purpose.key, Decision.WITHDRAWN, "objection",
                  proof={"reason": reason}, actor=actor)
        for state in granted.select_related("purpose").order_by("purpose", "subject")
    ])  # fmt: skip


def is_suppressed(workspace: Workspace, subject: Subject) -> bool:
    return Suppression.objects.filter(workspace=workspace, subject=subject.index).exists()


def is_unreachable(workspace: Workspace, subject: Subject) -> bool:
    """Whether not even a question may be sent: a person who only objected may still ask anew."""
    rows = Suppression.objects.filter(workspace=workspace, subject=subject.index)
    return rows.exclude(reason=Suppression.Reason.OBJECTION).exists()


def lift(workspace: Workspace, subject: Subject) -> bool:
    """After a new, proven consent of the same person an old objection ends; complaints, bounces and erasures stay."""
    rows = Suppression.objects.filter(workspace=workspace, subject=subject.index, reason=Suppression.Reason.OBJECTION)
    changes.tell_of_subjects(workspace.pk, [(subject.index, changes.SUPPRESSION)])
    return bool(rows.delete()[0])
