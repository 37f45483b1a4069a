"""Take back what only some events said of people: a file that was imported by mistake. What other events say stays.

Identifiers, links and traits nobody else showed go, profiles that only they joined are parted again, empty ones vanish. An
identifier that only with them was shared by too many links again: all its links are kept, so what is left of them can be counted.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from django.db.models import F, Q

from mops.lib import clock
from tracking import buyers
from tracking.arrays import array
from tracking.blind_index import Indexer
from tracking.models import Event, Identity, IdentityLink, Merge, Profile, Trait
from tracking.profiles import consents, extract, people, store, traits, writing
from tracking.profiles.batch import Batch, Key, Observation
from tracking.profiles.country import country_of
from tracking.profiles.grouping import STRONG, Edge, guard
from tracking.profiles.store import Row
from workspaces.models import Workspace

TIMES = """
UPDATE tracking_identitylink l SET first_at = t.first_at, event_id = t.event
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS t (id, first_at, event) WHERE l.id = t.id
"""
LINKS_OF = """
SELECT hub_id, leaf_id, first_at, is_confirmed FROM tracking_identitylink
WHERE hub_id = ANY(%s::bigint[]) OR leaf_id = ANY(%s::bigint[])
"""
CLUSTERS = "SELECT DISTINCT cluster FROM tracking_identity WHERE workspace_id = %s AND id = ANY(%s::bigint[])"


class Evidence(NamedTuple):
    """What some events say of people."""

    batch: Batch
    events: Sequence[Event]


def forget(workspace: Workspace, events: Sequence[Event]) -> set[int]:
    """Call in the transaction that deleted `events`, with their `source`, under the locks of people, visitors and orders.

    The profiles concerned that are still there.
    """
    if not events:
        return set()
    indexer = Indexer(workspace.pk)
    gone = _evidence(workspace, indexer, events)
    before = {row.id: row for row in store.members(workspace.pk, store.clusters(workspace.pk, gone.batch.seen.keys()))}
    family = _family(workspace, {row.profile_id for row in before.values()} | {e.profile_id for e in events if e.profile_id})
    rest = _evidence(workspace, indexer, Event.objects.filter(workspace=workspace, profile_id__in=family).select_related("source"))
    ids = {(row.kind, row.blind): row.id for row in before.values()}
    rows = _without_links(before, ids, gone, rest)
    _forget_traits(workspace, indexer, ids, gone, rest)
    lost = _lost(before, ids, gone, rest)
    _forget_identities(workspace, [before[id_] for id_ in lost])
    kept = {id_: _seen(row, gone, rest) for id_, row in rows.items() if id_ not in lost}
    if kept:
        known = {id_: before[id_] for id_ in kept}
        _link_again(workspace, known, kept)
        moved = writing.settle(workspace, writing.Change(known, kept, store.links(kept.values()), [], {}))
        buyers.relink(workspace.pk, customers=moved)
    _end_merges(workspace, family)
    return _drop_empty(workspace, family)


def _evidence(workspace: Workspace, indexer: Indexer, events: Iterable[Event]) -> Evidence:
    country, found = country_of(workspace.time_zone), list(events)
    told = (Observation(event.pk, event.occurred_at, extract.identities(event, country)) for event in found)
    return Evidence(Batch(indexer, told), found)


def _family(workspace: Workspace, profiles: Collection[int]) -> list[int]:
    return [row[0] for row in store.run(store.FAMILY, workspace.pk, list(profiles), list(profiles))]


def _lost(before: dict[int, Row], ids: dict[Key, int], gone: Evidence, rest: Evidence) -> set[int]:
    """Identities nobody else named: no event that is there, none that retention took, no member."""
    lost = set()
    for key, seen in gone.batch.seen.items():
        row = before.get(ids.get(key, 0))
        if row and key not in rest.batch.seen and seen.first_at <= row.first_at and row.last_at <= seen.last_at:
            lost.add(row.id)
    confirmed = IdentityLink.objects.filter(Q(hub__in=lost) | Q(leaf__in=lost), is_confirmed=True)
    return lost - {id_ for pair in confirmed.values_list("hub", "leaf") for id_ in pair}


def _seen(row: Row, gone: Evidence, rest: Evidence) -> Row:
    """With the times other events give, where the ones taken back gave them."""
    key = row.kind, row.blind
    if key not in gone.batch.seen or key not in rest.batch.seen:
        return row
    was, still = gone.batch.seen[key], rest.batch.seen[key]
    first: datetime = still.first_at if row.first_at == was.first_at else row.first_at
    last: datetime = still.last_at if row.last_at == was.last_at else row.last_at
    return row._replace(first_at=first, last_at=last)


def _without_links(before: dict[int, Row], ids: dict[Key, int], gone: Evidence, rest: Evidence) -> dict[int, Row]:
    """Delete the links only these events showed; the identities with what is left of their counters."""
    rows, taken = dict(before), {event.pk for event in gone.events}
    wanted = {(ids[hub], ids[leaf]): (hub, leaf) for hub, leaf in gone.batch.links if hub in ids and leaf in ids}
    found = IdentityLink.objects.filter(hub__in={hub for hub, _ in wanted}, event_id__in=taken, is_confirmed=False)
    later, lost = [], []
    for link in found:
        pair = wanted.get((link.hub_id, link.leaf_id))
        if pair is None:
            continue
        if still := rest.batch.links.get(pair):
            later.append((link.pk, still.at, still.event_id))
            continue
        lost.append(link.pk)
        hub, leaf = rows[link.hub_id], rows[link.leaf_id]
        is_user = hub.kind in STRONG
        rows[hub.id] = hub._replace(leaves=max(hub.leaves - 1, 0))
        rows[leaf.id] = leaf._replace(users=max(leaf.users - is_user, 0), others=max(leaf.others - (not is_user), 0))
    store.write(TIMES, later)
    IdentityLink.objects.filter(pk__in=lost).delete()
    return rows


def _link_again(workspace: Workspace, known: dict[int, Row], rows: dict[int, Row]) -> None:
    """Put back into play what is within the limits now, with the clusters of its neighbours: they are added to both."""
    freed = [row for row in rows.values() if row.guard and not guard(row.kind, row.users, row.others, row.leaves)]
    if not freed:
        return
    ids = array(row.id for row in freed)
    edges = [Edge(*row) for row in store.run(LINKS_OF, ids, ids)]
    away = {id_ for edge in edges for id_ in edge[:2]} - rows.keys()
    for row in store.members(workspace.pk, [row[0] for row in store.run(CLUSTERS, workspace.pk, array(away))]):
        known[row.id] = rows[row.id] = row
    for row in freed:
        rows[row.id] = row._replace(guard="")
    people.join_clusters(rows, sorted(edges, key=lambda edge: (not edge.is_confirmed, edge.at)))


def _forget_traits(workspace: Workspace, indexer: Indexer, ids: dict[Key, int], gone: Evidence, rest: Evidence) -> None:
    """Delete traits these events gave last, and say again what other events say of the same identities."""
    given = {
        (ids[hub], name, event.source_id, event.occurred_at)
        for event in gone.events
        if (hub := gone.batch.hubs.get(event.pk)) in ids
        for name in extract.traits(event)
    }
    rows = Trait.objects.filter(workspace=workspace, identity__in={one[0] for one in given})
    taken = [row for row in rows.values_list("pk", "identity_id", "name", "source_id", "at") if row[1:] in given]
    Trait.objects.filter(pk__in=[row[0] for row in taken]).delete()
    touched = {row[1] for row in taken}
    again: list[tuple[int, traits.Sent]] = []
    for event in rest.events:
        hub = rest.batch.hubs.get(event.pk)
        if hub in ids and ids[hub] in touched and extract.traits(event):
            event.source_kind = event.source.kind  # type: ignore[attr-defined]  # which makes it one that was sent
            again.append((ids[hub], cast(traits.Sent, event)))
    traits.keep(workspace, indexer, again)


def _forget_identities(workspace: Workspace, lost: Sequence[Row]) -> None:
    Identity.objects.filter(workspace=workspace, pk__in=[row.id for row in lost]).delete()
    if lost:
        indexes = [row.blind for row in lost]
        consents.part(workspace, indexes)
        buyers.relink(workspace.pk, customers=indexes)


def _end_merges(workspace: Workspace, family: Collection[int]) -> None:
    """Merges whose profiles live apart again are over."""
    apart = Merge.objects.filter(workspace=workspace, source__in=family, source__merged_into=None, undone_at=None)
    apart.update(undone_at=clock.now())


def _drop_empty(workspace: Workspace, family: Collection[int]) -> set[int]:
    """Delete profiles nothing is known of any more, and merged ones that nobody could return to. Those that live."""
    identities = Identity.objects.filter(workspace=workspace)
    known = set(identities.filter(profile__in=family).values_list("profile", flat=True))
    seen = Event.objects.filter(workspace=workspace, profile_id__in=family).values_list("profile_id", flat=True)
    known |= {pk for pk in seen.distinct() if pk}
    homes = set(identities.filter(home__in=family).values_list("home", flat=True))
    merged = dict(Profile.objects.filter(workspace=workspace, pk__in=family).values_list("pk", "merged_into"))
    empty = {pk for pk, into in merged.items() if pk not in known and (into is None or pk not in homes)}
    identities.filter(home__in=empty).update(home=F("profile"))
    Profile.objects.filter(workspace=workspace, pk__in=empty).delete()
    return {pk for pk, into in merged.items() if into is None} - empty
