"""People and their statements, in short."""

from typing import Any

from tracking.blind_index import Subject, subject_of
from tracking.consent.gate import Released, release
from tracking.consent.ledger import Statement, record
from tracking.consent_models import Decision
from tracking.models import ConsentEvent
from workspaces.models import Workspace


def someone(workspace: Workspace, name: str = "erika") -> Subject:
    return subject_of(workspace.pk, "email", f"{name}@example.org")


def say(workspace: Workspace, subject: Subject, decision: Decision, purpose: str = "email", **more: Any) -> ConsentEvent:
    return record(workspace, Statement(subject, purpose, decision, more.pop("source", "form"), **more))


def leave(workspace: Workspace, *subjects: Subject, purpose: str = "email", job: str = "job-1") -> Released[int]:
    """Try to send these people somewhere."""
    return release(workspace, purpose, subjects, destination="newsletter", job=job, send=len)
