"""From identifiers to people, a micro-batch at a time. The result for a set of events is the same in any order of arrival.

Known identifiers seen together before cost five statements and no lock between batches. Anything new takes the workspace's
lock, looks at the clusters it touches as a whole (tracking.profiles.grouping) and writes the difference.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import transaction

from mops.lib.locks import lock_in_transaction
from tracking import buyers
from tracking.blind_index import Indexer
from tracking.profiles import aliases, extract, people, store, traits, writing
from tracking.profiles.batch import Batch, Key, Observation
from tracking.profiles.country import country_of
from tracking.profiles.grouping import Edge
from tracking.profiles.store import Row
from tracking.profiles.writing import Change
from workspaces.models import Workspace

LOCK = "profiles"


class Arriving(extract.Told, Protocol):
    """An event on its way through ingest (tracking.ingest.arrival.Arrival)."""

    workspace_id: int
    source_id: int
    source_kind: str
    profile_id: int | None
    moved: Collection[str]


class Resolved(NamedTuple):
    batch: Batch
    known: dict[Key, Row]
    moved: Collection[str]  # blind indexes of user and CRM ids that are new or somebody else's now


def resolve_events(events: Sequence[Arriving]) -> None:
    """Set `profile_id` of events (None where no identifier is usable) and keep their traits. Runs in the caller's transaction,
    who calls `buyers.relink` with what is `moved`: the same for all events of a workspace.
    """
    by_workspace: dict[int, list[Arriving]] = defaultdict(list)
    for event in events:
        by_workspace[event.workspace_id].append(event)
    for workspace in Workspace.objects.filter(pk__in=by_workspace).order_by("pk"):
        own, country = by_workspace[workspace.pk], country_of(workspace.time_zone)
        observations = [Observation(event.id, event.occurred_at, extract.identities(event, country)) for event in own]
        indexer = Indexer(workspace.pk)
        batch, known, moved = _resolved(workspace, indexer, observations)
        for event in own:
            hub = batch.hubs.get(event.id)
            event.profile_id, event.moved = known[hub].profile_id if hub else None, moved
        traits.keep(workspace, indexer, [(known[hub].id, event) for event in own if (hub := batch.hubs.get(event.id))])
        aliases.suggest(workspace, indexer, own)


@transaction.atomic
def resolve(workspace: Workspace, observations: Sequence[Observation]) -> dict[int, int]:
    """Profile id by event id; events without identifiers are left out. A constant number of statements."""
    batch, known, moved = _resolved(workspace, Indexer(workspace.pk), observations)
    buyers.relink(workspace.pk, customers=moved)
    return {event_id: known[hub].profile_id for event_id, hub in batch.hubs.items()}


def _resolved(workspace: Workspace, indexer: Indexer, observations: Sequence[Observation]) -> Resolved:
    batch = Batch(indexer, observations)
    if not batch.seen:
        return Resolved(batch, {}, frozenset())
    known = {(row.kind, row.blind): row for row in store.known(workspace.pk, batch.seen.keys())}
    if not _is_news(batch, known) and (touched := _touch(batch, known)):
        return Resolved(batch, touched, frozenset())
    lock_in_transaction(LOCK, workspace.pk)
    return Resolved(batch, *_learn(workspace, batch))


def _is_news(batch: Batch, known: Mapping[Key, Row]) -> bool:
    """Whether something was never seen, never seen together, or seen together earlier than we knew."""
    if len(known) < len(batch.seen):
        return True
    wanted = {(known[hub].id, known[leaf].id): together.at for (hub, leaf), together in batch.links.items()}
    found = store.pairs(wanted.keys())
    return any(pair not in found or at < found[pair] for pair, at in wanted.items())


def _touch(batch: Batch, known: Mapping[Key, Row]) -> dict[Key, Row]:
    """Only the times of what is known, which stays whose it is until we commit; {} when some of it was forgotten meanwhile."""
    there = {id_: (profile_id, is_news) for id_, profile_id, is_news in store.write(
        store.SEEN, sorted((known[key].id, seen.first_at, seen.last_at) for key, seen in batch.seen.items()))}  # fmt: skip
    if len(there) < len(known):
        return {}
    profiles: dict[int, tuple[datetime, datetime]] = {}
    for key, seen in batch.seen.items():
        profile_id, is_news = there[known[key].id]
        if is_news:
            first, last = profiles.get(profile_id, (seen.first_at, seen.last_at))
            profiles[profile_id] = min(first, seen.first_at), max(last, seen.last_at)
    store.write(store.SEEN_PROFILES, sorted((id_, *times) for id_, times in profiles.items()))
    return {key: row._replace(profile_id=there[row.id][0]) for key, row in known.items()}


def _learn(workspace: Workspace, batch: Batch) -> tuple[dict[Key, Row], set[str]]:
    """Write down what is new and who is who now. The identities of the batch as they are then, and the keys that moved."""
    before = {row.id: row for row in store.members(workspace.pk, store.clusters(workspace.pk, batch.seen.keys()))}
    ids, rows = _with_new(batch, before)
    links = {(ids[hub], ids[leaf]): together for (hub, leaf), together in batch.links.items()}
    found = store.pairs(links.keys())
    news = {pair: link for pair, link in links.items() if pair not in found or link.at < found[pair]}
    edges = {edge[:2]: edge for edge in store.links(before.values())}
    for pair, link in news.items():
        edges[pair] = Edge(*pair, link.at, pair in edges and edges[pair].is_confirmed)
    people.count(rows, [pair for pair in news if pair not in found])
    people.join_clusters(rows, [edges[pair] for pair in news])
    unknown = {ids[key]: seen.value for key, seen in batch.seen.items() if ids[key] not in before}
    moved = writing.settle(workspace, Change(before, rows, list(edges.values()), news.keys(), unknown))
    store.write(store.NEW_LINKS, sorted((*pair, *link) for pair, link in news.items()), workspace.pk)
    return {key: rows[ids[key]] for key in batch.seen}, moved


def _with_new(batch: Batch, before: Mapping[int, Row]) -> tuple[dict[Key, int], dict[int, Row]]:
    """Ids by key, and all identities with the times of the batch; new ones belong to no profile (0) yet."""
    rows, ids = dict(before), {(row.kind, row.blind): row.id for row in before.values()}
    unknown = [key for key in batch.seen if key not in ids]
    for key, id_ in zip(unknown, store.next_ids("tracking_identity", len(unknown)), strict=True):
        seen, ids[key] = batch.seen[key], id_
        rows[id_] = Row(id_, *key, 0, 0, seen.first_at, seen.last_at, id_, 0, 0, 0, "", store.UNMARKED)
    for key, seen in batch.seen.items():
        row = rows[ids[key]]
        if seen.first_at < row.first_at or seen.last_at > row.last_at:
            rows[row.id] = row._replace(first_at=min(row.first_at, seen.first_at), last_at=max(row.last_at, seen.last_at))
    return ids, rows
