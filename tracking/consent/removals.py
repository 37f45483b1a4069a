"""Take back what left: every release whose consent ended becomes a removal job with an end (verified or refused)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from mops.lib import clock
from tracking.models import Release
from workspaces.models import Workspace

Removal = Release.Removal
STEPS = {  # what a removal may become
    Removal.QUEUED: {Removal.ACCEPTED, Removal.VERIFIED, Removal.REFUSED},
    Removal.ACCEPTED: {Removal.VERIFIED, Removal.REFUSED},
    Removal.REFUSED: {Removal.QUEUED},
}


def queue(workspace_id: int, purpose_id: int, subject: str, *, at: datetime | None = None) -> int:
    """Queue the removal of everything of this person that left or may have left for the purpose. How many."""
    left = Release.objects.filter(workspace_id=workspace_id, purpose_id=purpose_id, subject=subject, removal=Removal.NONE)
    return left.update(removal=Removal.QUEUED, removal_queued_at=at or clock.now())


def due(workspace: Workspace, destination: str) -> QuerySet[Release]:
    """What a destination still has to take back, oldest first."""
    rows = Release.objects.filter(workspace=workspace, destination=destination, removal=Removal.QUEUED)
    return rows.order_by("removal_queued_at", "pk")


def settle(workspace: Workspace, releases: Iterable[int], outcome: Release.Removal) -> int:
    """Note what a destination answered for these rows; steps that make no sense change nothing. How many changed."""
    before = [state for state, after in STEPS.items() if outcome in after]
    rows = Release.objects.filter(workspace=workspace, pk__in=list(releases), removal__in=before)
    return rows.update(removal=outcome, removal_at=clock.now())
