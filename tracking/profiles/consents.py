"""What the consent ledger learns from identity resolution: whose identifiers belong together, and whose no longer do."""

from collections.abc import Collection, Mapping
from itertools import chain

from mops.lib import clock
from tracking.arrays import array
from tracking.blind_index import Subject
from tracking.consent import linking, locking, merging, suppression
from tracking.profiles import store
from tracking.profiles.batch import SUBJECT_KINDS
from tracking.profiles.store import Row
from workspaces.models import Workspace

LINKED = """
SELECT id, first_kind, first, second_kind, second FROM tracking_subjectlink
WHERE workspace_id = %s AND ended_at IS NULL AND (first = ANY(%s::text[]) OR second = ANY(%s::text[]))
"""
END = "UPDATE tracking_subjectlink SET ended_at = %s WHERE id = ANY(%s::bigint[])"


def follow(workspace: Workspace, rows: Mapping[int, Row], before: Mapping[int, Row], new: Collection[int]) -> None:
    """Link the identifiers of every profile that changed; end links between those that were parted."""
    moved = {id_ for id_, row in before.items() if rows[id_].profile_id != row.profile_id}
    changed = {rows[id_].profile_id for id_ in (*new, *moved)} | {before[id_].profile_id for id_ in moved}
    people: dict[int, list[Subject]] = {}
    for row in sorted(rows.values(), key=lambda row: (row.kind, row.blind)):
        if row.profile_id in changed and row.kind in SUBJECT_KINDS:
            people.setdefault(row.profile_id, []).append(Subject(SUBJECT_KINDS[row.kind], row.blind))
    persons = [subjects for subjects in people.values() if len(subjects) > 1]
    if not persons and not moved:
        return
    locking.links(workspace.pk, changing=True)
    known = linking.groups(workspace.pk, chain.from_iterable(people.values()))  # links of those who stay may hang on who goes
    parted = bool(moved) and _end(workspace, rows, moved)
    if persons:
        merging.merge_persons(workspace, persons, known)
    if parted:
        suppression.let_go(workspace, known.values())


def _end(workspace: Workspace, rows: Mapping[int, Row], moved: Collection[int]) -> bool:
    """Whether any link ended."""
    owners = {row.blind: row.profile_id for row in rows.values() if row.kind in SUBJECT_KINDS}
    indexes = array(rows[id_].blind for id_ in moved)
    links = store.run(LINKED, workspace.pk, indexes, indexes)
    parted = [id_ for id_, _kind, first, _other, second in links if owners.get(first) != owners.get(second)]
    if parted:
        store.run(END, clock.now(), array(parted))
    return bool(parted)


def part(workspace: Workspace, indexes: Collection[str]) -> None:
    """End every link of identifiers that are known no more. Whom they made one person stays one until something parts them."""
    locking.links(workspace.pk, changing=True)
    links = store.run(LINKED, workspace.pk, array(indexes), array(indexes))
    if not links:
        return
    known = linking.groups(workspace.pk, {Subject(*side) for link in links for side in (link[1:3], link[3:5])})
    store.run(END, clock.now(), array(link[0] for link in links))
    gone = set(indexes)
    left = [[one for one in person if one.index not in gone] for person in set(map(frozenset, known.values()))]
    linking.link_many(workspace, [(person[0], other) for person in left for other in person[1:]])
    suppression.let_go(workspace, known.values())
