"""Take back what left: every release whose consent ended becomes a removal job with an end (verified or refused)."""

from collections.abc import Iterable

from django.db import connection
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
QUEUE = """
UPDATE tracking_release r SET removal = 'queued', removal_queued_at = %s
FROM unnest(%s::bigint[], %s::text[]) AS k (purpose, subject)
WHERE r.workspace_id = %s AND r.subject = k.subject AND r.purpose_id = k.purpose AND r.removal = ''
"""


def queue(workspace_id: int, keys: Iterable[tuple[int, str]]) -> int:
    """Queue the removal of everything that left or may have left of these (purpose id, subject index). How many."""
    ordered = sorted(keys)
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [clock.now(), [key[0] for key in ordered], [key[1] for key in ordered], workspace_id])
        return int(cursor.rowcount)


def due(workspace: Workspace, destination: str) -> QuerySet[Release]:
    """What a destination still has to take back, oldest first."""
    rows = Release.objects.filter(workspace=workspace, destination=destination, removal=Removal.QUEUED)
    return rows.order_by("removal_queued_at", "pk")


def settle(workspace: Workspace, releases: Iterable[int], outcome: Release.Removal) -> int:
    """Note what a destination answered for these rows; steps that make no sense change nothing. How many changed."""
    before = [state for state, after in STEPS.items() if outcome in after]
    rows = Release.objects.filter(workspace=workspace, pk__in=list(releases), removal__in=before)
    return rows.update(removal=outcome, removal_at=clock.now())
