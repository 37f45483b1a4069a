"""Removals that no worker takes back: a person has to remove somebody from a list, and says so here. No row waits unseen."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from tracking.consent import removals
from tracking.models import DataSubjectRequest, Identity, Release
from tracking.profiles.vault import Vault, identity_owner
from workspaces import audit
from workspaces.models import User, Workspace

AUTOMATIC: frozenset[str] = frozenset()  # platforms whose connector takes people back: the part of a destination before the colon
MOST = 200  # shown at once
WAITING = (Release.Removal.QUEUED, Release.Removal.REFUSED)


class Destination(NamedTuple):
    name: str
    removals: int
    since: datetime  # of the oldest


class Line(NamedTuple):
    release: Release
    identifier: str  # in clear; "" where nobody knows it any more


def waiting(workspace: Workspace) -> QuerySet[Release]:
    """Everything somebody has to take back themselves, oldest first."""
    rows = Release.objects.filter(workspace=workspace, removal__in=WAITING)
    for platform in AUTOMATIC:
        rows = rows.exclude(destination__startswith=f"{platform}:", removal=Release.Removal.QUEUED)
    return rows.order_by("removal_queued_at", "pk")


def destinations(workspace: Workspace) -> list[Destination]:
    rows = waiting(workspace).order_by().values_list("destination")
    return [Destination._make(row) for row in rows.annotate(n=Count("pk"), since=Min("removal_queued_at")).order_by("since")]


def lines(workspace: Workspace, destination: str) -> list[Line]:
    """Whom to remove there, by the identifier that left."""
    rows = list(waiting(workspace).filter(destination=destination).select_related("purpose")[:MOST])
    known = _identifiers(workspace, {row.subject for row in rows})
    return [Line(row, known.get(row.subject, "")) for row in rows]


def _identifiers(workspace: Workspace, indexes: Collection[str]) -> dict[str, str]:
    """Clear text by blind index, from profiles, and from requests of people whose profile is erased already."""
    vault = Vault(workspace.pk)
    requests = DataSubjectRequest.objects.filter(workspace=workspace).exclude(sealed_identifier=b"")
    found = {request.subject: request.identifier for request in requests.filter(subject__in=indexes)}
    for request in requests.filter(state=DataSubjectRequest.State.RUNNING):
        found |= request.found.get("identifiers", {})
    for identity in Identity.objects.filter(workspace=workspace, index__in=indexes):
        found[identity.index] = str(vault.open(bytes(identity.sealed), identity_owner(identity.kind, identity.index)))
    return found


@transaction.atomic
def done(workspace: Workspace, user: User, destination: str, releases: Collection[int]) -> int:
    """Note that these were removed there by hand; audited. How many still waited."""
    chosen = list(waiting(workspace).filter(destination=destination, pk__in=releases).values_list("pk", flat=True))
    removals.settle(workspace, chosen, Release.Removal.QUEUED)  # a refused one is tried again, by hand
    count = removals.settle(workspace, chosen, Release.Removal.VERIFIED)
    if count:
        audit.record(workspace, user, "consent.removed_by_hand", destination, releases=count)
    return count
