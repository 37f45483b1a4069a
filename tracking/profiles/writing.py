"""Write down who is who: profiles, identities, merges with their reasons, doubts, and what follows for consents and events."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from mops.lib import clock
from tracking import buyers
from tracking.arrays import array
from tracking.changes import PERSON, tell
from tracking.goals import days
from tracking.models import DuplicateSuggestion, Merge
from tracking.profiles import consents, moving, people, store
from tracking.profiles.grouping import Edge, Grouping
from tracking.profiles.people import Assignment, ProfileRow
from tracking.profiles.store import Row
from tracking.profiles.vault import Vault, identity_owner
from workspaces.models import Workspace

MOVE = """
UPDATE tracking_event e SET profile_id = t.target FROM unnest(%s::bigint[], %s::bigint[]) AS t (source, target)
WHERE e.workspace_id = %s AND e.profile_id = ANY(%s::bigint[]) AND e.profile_id = t.source
"""


class Change(NamedTuple):
    """Whole clusters before and after something was learnt."""

    before: Mapping[int, Row]
    rows: dict[int, Row]  # settle fills in whose they are
    edges: list[Edge]
    news: Collection[tuple[int, int]]  # the links that are new
    unknown: Mapping[int, str]  # clear text of identities that are yet to insert
    reason: str = Merge.Reason.SEEN_TOGETHER


def settle(workspace: Workspace, change: Change) -> set[str]:
    """Decide who is who among the identities of `change` and write the difference. The keys for `buyers.relink`."""
    found = people.group(change.rows, change.edges)
    assigned = Assignment(change.rows, found.groups, _profiles(change))
    fresh = iter(store.next_ids("tracking_profile", assigned.of_group.count(0)))
    owners = [profile_id or next(fresh) for profile_id in assigned.of_group]
    for profile_id, ids in zip(owners, found.groups, strict=True):
        for id_ in ids:
            row = change.rows[id_]
            change.rows[id_] = row._replace(profile_id=profile_id, home_id=row.home_id or profile_id)
    _write_profiles(workspace, change, found, owners, assigned)
    _write_identities(workspace, change)
    _write_merges(workspace, change, found, assigned)
    _suggest(workspace, change, found)
    consents.follow(workspace, change.rows, change.before, change.unknown)
    _move_events(workspace, change, dict(assigned.absorbed))
    tell(workspace.pk, ((profile_id, PERSON) for profile_id in _of_changed(change)))
    return buyers.moved(change.rows, change.before)


def _of_changed(change: Change) -> set[int]:
    """Profiles that are new, or won or lost an identifier."""
    found = set()
    for id_, row in change.rows.items():
        was = change.before[id_].profile_id if id_ in change.before else 0
        if was != row.profile_id:
            found |= {was, row.profile_id} - {0}
    return found


def _profiles(change: Change) -> dict[int, ProfileRow]:
    wanted = {id_ for row in change.rows.values() for id_ in (row.profile_id, row.home_id) if id_}
    return {row[0]: ProfileRow(*row) for row in store.run(store.PROFILES, array(wanted))} if wanted else {}


def _write_profiles(workspace: Workspace, change: Change, found: Grouping, owners: list[int], assigned: Assignment) -> None:
    fresh = []
    changed: list[tuple[int, datetime, datetime, int | None]] = []
    for profile_id, was, ids in zip(owners, assigned.of_group, found.groups, strict=True):
        rows = [change.rows[id_] for id_ in ids]
        times = min(row.first_at for row in rows), max(row.last_at for row in rows)
        if not was:
            fresh.append((profile_id, *times))
        elif assigned.profiles[profile_id][1:] != (None, *times):
            changed.append((profile_id, *times, None))
    for source, into in assigned.absorbed:
        changed.append((source, *assigned.profiles[source][2:], into))
    store.write(store.NEW_PROFILES, fresh, workspace.pk)
    store.write(store.CHANGED_PROFILES, sorted(changed, key=lambda row: row[0]))
    store.write(store.FOLLOW, assigned.absorbed)


def _write_identities(workspace: Workspace, change: Change) -> None:
    vault = Vault(workspace.pk) if change.unknown else None
    fresh, changed = [], []
    for id_, row in change.rows.items():
        counters = (row.first_at, row.last_at, row.cluster, row.users, row.others, row.leaves, row.guard)
        if vault and id_ in change.unknown:
            sealed = vault.seal(change.unknown[id_], identity_owner(row.kind, row.blind))
            fresh.append((id_, row.profile_id, row.kind, row.blind, sealed, *counters))
        elif row != change.before.get(id_):
            changed.append((id_, row.profile_id, *counters))
    store.write(store.NEW_IDENTITIES, fresh, workspace.pk)
    store.write(store.CHANGED_IDENTITIES, sorted(changed))


def _write_merges(workspace: Workspace, change: Change, found: Grouping, assigned: Assignment) -> None:
    if not assigned.absorbed:
        return
    winners = {into for _, into in assigned.absorbed}
    why: dict[int, list[dict[str, object]]] = defaultdict(list)
    for edge in found.followed:
        if edge[:2] in change.news:
            hub, leaf = change.rows[edge.hub], change.rows[edge.leaf]
            if hub.profile_id in winners:
                why[hub.profile_id].append({"kinds": [hub.kind, leaf.kind], "at": edge.at.isoformat()})
    moved: dict[tuple[int, int], list[int]] = defaultdict(list)
    for id_, row in change.before.items():
        moved[row.profile_id, change.rows[id_].profile_id].append(id_)
    merges = []
    for source, into in assigned.absorbed:
        evidence = {"links": why[into][:5], "stayed": moved[into, into]}
        merges.append((into, source, change.reason, json.dumps(evidence), json.dumps(moved[source, into])))
    store.write(store.NEW_MERGES, merges, workspace.pk, clock.now())


def _suggest(workspace: Workspace, change: Change, found: Grouping) -> None:
    """Ask about new links that were not followed; the earlier id first, so that a pair is asked about once."""
    asked = {(min(edge[:2]), max(edge[:2])) for edge in found.refused if edge[:2] in change.news}
    store.write(store.SUGGEST, sorted(asked), workspace.pk, DuplicateSuggestion.Reason.TWO_USERS, clock.now())


def _move_events(workspace: Workspace, change: Change, absorbed: Mapping[int, int]) -> None:
    """Events follow a merge as they are; where a profile was split they are looked at again."""
    days.mark_of_profiles(workspace, absorbed)
    if absorbed:
        store.run(MOVE, array(absorbed), array(absorbed.values()), workspace.pk, array(absorbed))
    split = {
        row.profile_id
        for id_, row in change.before.items()
        if absorbed.get(row.profile_id, row.profile_id) != change.rows[id_].profile_id
    }
    if split:
        heirs = {change.rows[id_].profile_id for id_, row in change.before.items() if row.profile_id in split}
        moving.reassign(workspace, split | heirs)
