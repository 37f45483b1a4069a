"""What a batch makes of the identities it touches: clusters, guards, groups, and which profile each group is. In memory."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from tracking.profiles import grouping
from tracking.profiles.batch import strength
from tracking.profiles.grouping import Edge, Node
from tracking.profiles.store import Row

# Beyond this a cluster is an attack or a mistake: links into it are kept but not followed, by order of arrival.
MOST_IN_CLUSTER = 1_000


class ProfileRow(NamedTuple):
    id: int
    merged_into: int | None
    first_seen: datetime
    last_seen: datetime


class Merged(NamedTuple):
    """Profile `source` goes into `into` with these identities; `edges` are the new links that brought it about."""

    into: int
    source: int
    identities: list[int]
    edges: list[Edge]


def count(rows: dict[int, Row], new_pairs: Iterable[tuple[int, int]]) -> None:
    """Add new links to the counters of both ends; whoever is over a limit stops linking and leaves the cluster."""
    for hub, leaf in new_pairs:
        one, other = rows[hub], rows[leaf]
        rows[hub] = one._replace(leaves=one.leaves + 1)
        is_user = one.kind in grouping.STRONG
        rows[leaf] = other._replace(users=other.users + is_user, others=other.others + (not is_user))
        for id_ in (hub, leaf):
            row = rows[id_]
            if not row.guard and (guard := grouping.guard(row.kind, row.users, row.others, row.leaves)):
                rows[id_] = row._replace(guard=guard, cluster=-id_)


def join_clusters(rows: dict[int, Row], edges: Iterable[Edge]) -> None:
    """Give both ends of each link one cluster."""
    parts: dict[int, list[int]] = defaultdict(list)
    for id_, row in rows.items():
        parts[row.cluster].append(id_)
    for edge in edges:
        one, other = rows[edge.hub].cluster, rows[edge.leaf].cluster
        if one == other or rows[edge.hub].guard or rows[edge.leaf].guard:
            continue
        if not edge.is_confirmed and len(parts[one]) + len(parts[other]) > MOST_IN_CLUSTER:
            continue
        keep, move = (one, other) if len(parts[one]) >= len(parts[other]) else (other, one)
        for id_ in parts.pop(move):
            rows[id_] = rows[id_]._replace(cluster=keep)
            parts[keep].append(id_)


def group(rows: Mapping[int, Row], edges: Iterable[Edge]) -> grouping.Grouping:
    nodes = {id_: Node(row.kind, row.blind, row.marks) for id_, row in rows.items()}
    return grouping.group(nodes, [edge for edge in edges if _counts(rows, edge)])


def _counts(rows: Mapping[int, Row], edge: Edge) -> bool:
    one, other = rows.get(edge.hub), rows.get(edge.leaf)
    return bool(one and other and one.cluster == other.cluster and not one.guard and not other.guard)


class Assignment:
    """Which profile each group is. A profile stays with what it began with, strongest first; of several, the oldest lives on."""

    def __init__(self, rows: Mapping[int, Row], groups: list[list[int]], profiles: Mapping[int, ProfileRow]) -> None:
        self.rows, self.groups, self.profiles = rows, groups, profiles
        self.of_group: list[int] = []  # profile by place in `groups`; 0 = a new one
        self.absorbed: list[tuple[int, int]] = []  # (source, into)
        self.revived: set[int] = set()
        claims = self._claims()
        for place, ids in enumerate(groups):
            mine = sorted(claims[place])
            self.of_group.append(mine[0] if mine else self._home(rows[ids[0]]))
            self.absorbed += [(other, mine[0]) for other in mine[1:]]

    def _claims(self) -> dict[int, set[int]]:
        winners: dict[int, tuple[bool, tuple[int, str], int]] = {}
        for place, ids in enumerate(self.groups):
            for id_ in ids:
                row = self.rows[id_]
                if row.profile_id:
                    best = row.home_id != row.profile_id, strength((row.kind, row.blind)), place
                    winners[row.profile_id] = min(winners.get(row.profile_id, best), best)
        claims: dict[int, set[int]] = defaultdict(set)
        for profile_id, (_, _, place) in winners.items():
            claims[place].add(profile_id)
        return claims

    def _home(self, row: Row) -> int:
        """Where a group that was split off came from, if that profile is free."""
        home = self.profiles.get(row.home_id)
        if home is None or home.merged_into is None or home.id in self.revived:
            return 0
        self.revived.add(home.id)
        return home.id
