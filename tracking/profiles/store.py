"""The SQL of identity resolution: every statement takes a whole micro-batch, so their number never grows with it."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from tracking.arrays import array, columns_of, rows_of
from tracking.profiles.grouping import Edge

KNOWN = """
SELECT i.id, i.kind, i.index, i.profile_id, i.home_id, i.first_at, i.last_at, i.cluster, i.users, i.others, i.leaves, i.guard,
    i.marks
FROM tracking_identity i WHERE i.workspace_id = %s AND ({kinds}) ORDER BY i.id
"""
CLUSTERS = "SELECT DISTINCT i.cluster FROM tracking_identity i WHERE i.workspace_id = %s AND ({kinds})"
OF_KIND = "(i.kind = %s AND i.index = ANY(%s::text[]))"  # each an index scan, whatever the planner knows of the table
MEMBERS = """
SELECT id, kind, index, profile_id, home_id, first_at, last_at, cluster, users, others, leaves, guard, marks
FROM tracking_identity WHERE cluster = ANY(%s::bigint[]) AND workspace_id = %s ORDER BY id FOR NO KEY UPDATE
"""
PAIRS = """
SELECT l.hub_id, l.leaf_id, l.first_at FROM tracking_identitylink l
JOIN unnest(%s::bigint[], %s::bigint[]) AS k (hub, leaf) ON l.hub_id = k.hub AND l.leaf_id = k.leaf
"""
LINKS = "SELECT hub_id, leaf_id, first_at, is_confirmed FROM tracking_identitylink WHERE hub_id = ANY(%s::bigint[])"
NEXT_IDS = """
WITH sequence AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, 'id')::regclass AS name)
SELECT nextval(name) FROM sequence, generate_series(1, %s)
"""
PROFILES = "SELECT id, merged_into_id, first_seen, last_seen FROM tracking_profile WHERE id = ANY(%s::bigint[]) ORDER BY id"
FAMILY = "SELECT id FROM tracking_profile WHERE workspace_id = %s AND (id = ANY(%s) OR merged_into_id = ANY(%s))"
SEEN = """
WITH there AS (
    SELECT i.id, i.profile_id, t.first_at, t.last_at, t.first_at < i.first_at OR t.last_at > i.last_at AS is_news
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS t (id, first_at, last_at)
    JOIN tracking_identity i ON i.id = t.id ORDER BY i.id FOR NO KEY UPDATE OF i
), _ AS (
    UPDATE tracking_identity i SET first_at = least(i.first_at, there.first_at), last_at = greatest(i.last_at, there.last_at)
    FROM there WHERE i.id = there.id AND there.is_news
)
SELECT id, profile_id, is_news FROM there
"""
SEEN_PROFILES = """
WITH t AS (
    SELECT p.id, t.first_at, t.last_at FROM tracking_profile p
    JOIN unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS t (id, first_at, last_at) ON p.id = t.id
    WHERE t.first_at < p.first_seen OR t.last_at > p.last_seen ORDER BY p.id FOR NO KEY UPDATE OF p
)
UPDATE tracking_profile p SET first_seen = least(p.first_seen, t.first_at), last_seen = greatest(p.last_seen, t.last_at)
FROM t WHERE p.id = t.id
"""
NEW_PROFILES = """
INSERT INTO tracking_profile (id, workspace_id, uuid, first_seen, last_seen)
SELECT t.id, %s, gen_random_uuid(), t.first_at, t.last_at
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS t (id, first_at, last_at)
"""
CHANGED_PROFILES = """
UPDATE tracking_profile p SET first_seen = t.first_at, last_seen = t.last_at, merged_into_id = t.merged_into
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[]) AS t (id, first_at, last_at, merged_into)
WHERE p.id = t.id
"""
FOLLOW = """
UPDATE tracking_profile p SET merged_into_id = t.target FROM unnest(%s::bigint[], %s::bigint[]) AS t (source, target)
WHERE p.merged_into_id = t.source
"""
NEW_IDENTITIES = """
INSERT INTO tracking_identity (id, workspace_id, profile_id, home_id, kind, index, sealed, first_at, last_at, cluster, users,
    others, leaves, guard, marks)
SELECT t.id, %s, t.profile, t.profile, t.kind, t.index, t.sealed, t.first_at, t.last_at, t.cluster, t.users,
    t.others, t.leaves, t.guard, '{}'
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[], %s::timestamptz[], %s::bigint[],
    %s::int[], %s::int[], %s::int[], %s::text[])
    AS t (id, profile, kind, index, sealed, first_at, last_at, cluster, users, others, leaves, guard)
"""
CHANGED_IDENTITIES = """
UPDATE tracking_identity i SET profile_id = t.profile, first_at = t.first_at, last_at = t.last_at, cluster = t.cluster,
    users = t.users, others = t.others, leaves = t.leaves, guard = t.guard
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::int[], %s::int[], %s::int[],
    %s::text[])
    AS t (id, profile, first_at, last_at, cluster, users, others, leaves, guard)
WHERE i.id = t.id
"""
NEW_LINKS = """
INSERT INTO tracking_identitylink (workspace_id, hub_id, leaf_id, first_at, event_id, is_confirmed)
SELECT %s, t.hub, t.leaf, t.at, t.event, false
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::bigint[]) AS t (hub, leaf, at, event)
ON CONFLICT (hub_id, leaf_id) DO UPDATE SET first_at = excluded.first_at, event_id = excluded.event_id
WHERE excluded.first_at < tracking_identitylink.first_at
"""
NEW_MERGES = """
INSERT INTO tracking_merge (workspace_id, into_id, source_id, reason, evidence, identities, merged_at)
SELECT %s, t.target, t.source, t.reason, t.evidence::jsonb, t.identities::jsonb, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[]) AS t (target, source, reason, evidence, identities)
"""
SUGGEST = """
INSERT INTO tracking_duplicatesuggestion (workspace_id, first_id, second_id, reason, state, found_at)
SELECT %s, t.first, t.second, %s, 'open', %s FROM unnest(%s::bigint[], %s::bigint[]) AS t (first, second) ORDER BY 2, 3
ON CONFLICT (first_id, second_id) DO NOTHING
"""


class Row(NamedTuple):
    """An identity as it is stored, or is to be."""

    id: int
    kind: str
    blind: str  # index
    profile_id: int
    home_id: int
    first_at: datetime
    last_at: datetime
    cluster: int
    users: int
    others: int
    leaves: int
    guard: str
    marks: Mapping[str, str]


UNMARKED: Mapping[str, str] = MappingProxyType({})


def run(statement: str, *parameters: Any) -> list[Any]:
    """Execute one statement; its rows, if it gives any."""
    return rows_of(statement, parameters)


def write(statement: str, rows: Iterable[Sequence[Any]], *first: Any) -> list[Any]:
    """Run `statement` with `first` and the columns of `rows` as arrays; nothing at all without rows."""
    columns = columns_of(rows)
    return run(statement, *first, *columns) if columns else []


def known(workspace_id: int, keys: Collection[tuple[str, str]]) -> list[Row]:
    """Identities of (kind, index) keys."""
    return [_row(row) for row in _of_keys(KNOWN, workspace_id, keys)]


def clusters(workspace_id: int, keys: Collection[tuple[str, str]]) -> list[int]:
    """The clusters of these (kind, index) keys, each once."""
    if not keys:
        return []
    return [row[0] for row in _of_keys(CLUSTERS, workspace_id, keys)]


def _of_keys(statement: str, workspace_id: int, keys: Collection[tuple[str, str]]) -> list[Any]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, index in keys:
        by_kind[kind].append(index)
    parameters = [part for kind, indexes in by_kind.items() for part in (kind, array(indexes))]
    return run(statement.format(kinds=" OR ".join([OF_KIND] * len(by_kind))), workspace_id, *parameters)


def members(workspace_id: int, clusters: Collection[int]) -> list[Row]:
    """All identities of these clusters, locked."""
    return [_row(row) for row in run(MEMBERS, array(clusters), workspace_id)] if clusters else []


def _row(row: Sequence[Any]) -> Row:
    return Row._make((*row[:12], UNMARKED if row[12] == "{}" else json.loads(row[12])))


def links(rows: Iterable[Row]) -> list[Edge]:
    """What was seen under these identities, as far as they link."""
    return [Edge(*row) for row in run(LINKS, array(row.id for row in rows if not row.guard))]


def pairs(wanted: Collection[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """Which of these (hub, leaf) were seen together before, and since when."""
    return {(hub, leaf): at for hub, leaf, at in write(PAIRS, wanted)}


def next_ids(table: str, number: int) -> list[int]:
    if not number:
        return []
    return [row[0] for row in run(NEXT_IDS, table, number)]
