"""What members decide: undo a merge, confirm or dismiss a suggested duplicate. Every decision can be taken back."""

from collections.abc import Mapping
from types import MappingProxyType

from django.db import transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from tracking import buyers
from tracking.models import DuplicateSuggestion, Identity, IdentityLink, Merge, Profile
from tracking.profiles import people, store, writing
from tracking.profiles.batch import strength
from tracking.profiles.grouping import Edge
from tracking.profiles.resolution import LOCK
from tracking.profiles.store import Row
from workspaces import audit
from workspaces.models import User, Workspace

LEFT, RIGHT = "left", "right"


class UnableToDecide(Exception):
    """The decision was taken meanwhile."""


@transaction.atomic
def undo(workspace: Workspace, merge_id: int, member: User) -> Profile:
    """Part the two profiles of a merge: the moved identities return, events follow, and the rules keep them apart.

    The profile that was brought back. Raises UnableToDecide when the merge was undone already or nothing is left of a side.
    """
    lock_in_transaction(LOCK, workspace.pk)
    merge = Merge.objects.select_for_update().get(workspace=workspace, pk=merge_id)
    together = Identity.objects.filter(workspace=workspace, profile=merge.into_id).select_for_update().order_by("pk")
    before = {**dict.fromkeys(merge.evidence["stayed"], RIGHT), **dict.fromkeys(merge.identities, LEFT)}
    sides = {identity.pk: before[identity.pk] for identity in together if identity.pk in before}  # later ones follow their links
    if merge.undone_at or set(sides.values()) != {LEFT, RIGHT}:
        raise UnableToDecide
    for identity in together:
        if identity.pk in sides:
            identity.marks = {**identity.marks, str(merge.pk): sides[identity.pk]}
    Identity.objects.bulk_update(together, ["marks"])
    merge.undone_at, merge.undone_by = clock.now(), member
    merge.save(update_fields=["undone_at", "undone_by"])
    homes = {id_: merge.source_id for id_, side in sides.items() if side == LEFT}
    rows = _again(workspace, {identity.cluster for identity in together}, homes=homes)
    left = min((id_ for id_, side in sides.items() if side == LEFT), key=lambda id_: strength((rows[id_].kind, rows[id_].blind)))
    brought_back = Profile.objects.get(pk=rows[left].profile_id)
    audit.record(workspace, member, "profile.merge_undone", str(brought_back), merge=merge.pk)
    return brought_back


@transaction.atomic
def confirm(workspace: Workspace, suggestion_id: int, member: User) -> Profile:
    """Make one profile of two, also against different user ids. Raises UnableToDecide when it is not open any more."""
    lock_in_transaction(LOCK, workspace.pk)
    suggestion = _decided(workspace, suggestion_id, member, DuplicateSuggestion.State.CONFIRMED)
    sides = [_strongest(workspace, identity.profile_id) for identity in (suggestion.first, suggestion.second)]
    one, other = sorted(sides, key=lambda identity: strength((identity.kind, identity.index)))
    if one.profile_id != other.profile_id:
        _allow(workspace, one.profile_id, other.profile_id)
        IdentityLink.objects.update_or_create(
            hub=one, leaf=other, defaults={"is_confirmed": True},
            create_defaults={"workspace": workspace, "first_at": clock.now(), "is_confirmed": True},
        )  # fmt: skip
        confirmed = Edge(one.pk, other.pk, clock.now(), is_confirmed=True)
        _again(workspace, {one.cluster, other.cluster}, Merge.Reason.CONFIRMED, confirmed)
    profile = Profile.objects.get(identities=one.pk)
    audit.record(workspace, member, "profile.duplicate_confirmed", str(profile), suggestion=suggestion.pk)
    return profile


@transaction.atomic
def dismiss(workspace: Workspace, suggestion_id: int, member: User) -> None:
    """Two people after all: never asked again. Raises UnableToDecide."""
    suggestion = _decided(workspace, suggestion_id, member, DuplicateSuggestion.State.DISMISSED)
    audit.record(workspace, member, "profile.duplicate_dismissed", str(suggestion.first.profile), suggestion=suggestion.pk)


def _decided(workspace: Workspace, suggestion_id: int, member: User, state: str) -> DuplicateSuggestion:
    still = DuplicateSuggestion.objects.filter(workspace=workspace, pk=suggestion_id, state=DuplicateSuggestion.State.OPEN)
    if not still.update(state=state, decided_at=clock.now(), decided_by=member):
        raise UnableToDecide
    return DuplicateSuggestion.objects.select_related("first__profile", "second__profile").get(pk=suggestion_id)


def _strongest(workspace: Workspace, profile_id: int) -> Identity:
    identities = Identity.objects.filter(workspace=workspace, profile=profile_id)
    return min(identities, key=lambda identity: (bool(identity.guard), *strength((identity.kind, identity.index))))


def _allow(workspace: Workspace, *profiles: int) -> None:
    """Forget which sides a member once kept apart between these profiles: the later decision counts."""
    identities = list(Identity.objects.filter(workspace=workspace, profile__in=profiles))
    sides: dict[str, set[str]] = {}
    for identity in identities:
        for key, side in identity.marks.items():
            sides.setdefault(key, set()).add(side)
    for identity in identities:
        identity.marks = {key: side for key, side in identity.marks.items() if len(sides[key]) == 1}
    Identity.objects.bulk_update(identities, ["marks"])


def _again(
    workspace: Workspace,
    clusters: set[int],
    reason: str = Merge.Reason.SEEN_TOGETHER,
    confirmed: Edge | None = None,
    homes: Mapping[int, int] = MappingProxyType({}),
) -> dict[int, Row]:
    """Look at whole clusters anew; the identities as they are then. `homes`: where identities are to return to."""
    before = {row.id: row for row in store.members(workspace.pk, clusters)}
    edges = store.links(before.values())
    rows = {id_: row._replace(home_id=homes.get(id_, row.home_id)) for id_, row in before.items()}
    if confirmed:
        edges = [edge for edge in edges if edge[:2] != confirmed[:2]] + [confirmed]
        people.join_clusters(rows, [confirmed])
    news = [(confirmed.hub, confirmed.leaf)] if confirmed else []
    moved = writing.settle(workspace, writing.Change(before, rows, edges, news, {}, reason))
    buyers.relink(workspace.pk, customers=moved)
    return rows
