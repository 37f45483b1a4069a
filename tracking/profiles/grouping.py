"""Who is one person: a function of all that was seen together, so that no order of arrival changes the answer. Pure.

Links are followed from the strongest to the weakest, earliest first, ties by blind index; a link that would join two
different user or CRM ids, or two sides a member keeps apart, is not followed. User ids under one CRM id are one person.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from tracking.profiles.extract import STRENGTH, Kind

STRONG = frozenset({Kind.USER_ID, Kind.CRM_ID})
# An identifier above a limit links nobody any more. The limits count all that was ever seen: one that depended on the hour of
# arrival would make late events change who is who.
MOST_USERS, MOST_OTHERS, MOST_LEAVES = 3, 10, 200
Constraints = dict[str, str]


class Node(NamedTuple):
    """An identity as grouping sees it."""

    kind: str
    blind: str  # index
    marks: Mapping[str, str] = {}


class Edge(NamedTuple):
    hub: int
    leaf: int
    at: datetime
    is_confirmed: bool = False


class Grouping(NamedTuple):
    groups: list[list[int]]  # ids, strongest first; the groups in no particular order
    refused: list[Edge]  # would have joined two people with ids of their own
    followed: list[Edge]


def guard(kind: str, users: int, others: int, leaves: int) -> str:
    """Why an identity no longer links, "" if it does. Never less with more seen, so it is the same in any order."""
    if kind not in STRONG and (users > MOST_USERS or others > MOST_OTHERS):
        return "shared"
    return "flooded" if leaves > MOST_LEAVES else ""


class _Sets:
    """Union-find whose sets carry constraints: two with different values for one key never join."""

    def __init__(self, nodes: Mapping[int, Node]) -> None:
        self.parent = {id_: id_ for id_ in nodes}
        self.constraints: dict[int, Constraints] = {id_: dict(node.marks) for id_, node in nodes.items()}

    def find(self, id_: int) -> int:
        while self.parent[id_] != id_:
            self.parent[id_] = self.parent[self.parent[id_]]
            id_ = self.parent[id_]
        return id_

    def join(self, one: int, other: int) -> str:
        """ "" when they are one set now, else the key of the constraint that forbids it."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return ""
        small, large = sorted((self.constraints[one], self.constraints[other]), key=len)
        for key, value in sorted(small.items()):
            if large.get(key, value) != value:
                return key
        self.parent[other] = one
        self.constraints[one] = {**small, **large}
        return ""


def group(nodes: Mapping[int, Node], edges: Iterable[Edge]) -> Grouping:
    """The people among `nodes` (by id). `edges` between other ids and of guarded identities must not be passed."""
    ordered = sorted(edges, key=lambda edge: _sequence(nodes, edge))
    people = _Sets(nodes)
    refused: list[Edge] = []
    followed: list[Edge] = []
    for edge in ordered:
        if edge.is_confirmed or _is_certain(nodes, edge):
            (refused if people.join(edge.hub, edge.leaf) else followed).append(edge)
    refused.clear()  # kept apart by a member: nothing to ask about
    _forbid_other_users(nodes, people)
    for edge in ordered:
        if edge.is_confirmed or _is_certain(nodes, edge):
            continue
        forbidden = people.join(edge.hub, edge.leaf)
        if not forbidden:
            followed.append(edge)
        elif forbidden == "user":
            refused.append(edge)
    return Grouping(_groups(nodes, people), refused, followed)


def _sequence(nodes: Mapping[int, Node], edge: Edge) -> tuple[int, int, int, datetime, str, str]:
    hub, leaf = nodes[edge.hub], nodes[edge.leaf]
    return (not edge.is_confirmed, STRENGTH[leaf.kind], STRENGTH[hub.kind], edge.at, hub.blind, leaf.blind)


def _is_certain(nodes: Mapping[int, Node], edge: Edge) -> bool:
    return nodes[edge.hub].kind in STRONG and nodes[edge.leaf].kind in STRONG and nodes[edge.hub].kind != nodes[edge.leaf].kind


def _forbid_other_users(nodes: Mapping[int, Node], people: _Sets) -> None:
    """From here on a person has the user and CRM ids they have."""
    for id_ in sorted((id_ for id_, node in nodes.items() if node.kind in STRONG), key=lambda id_: nodes[id_].blind):
        people.constraints[people.find(id_)].setdefault("user", nodes[id_].blind)


def _groups(nodes: Mapping[int, Node], people: _Sets) -> list[list[int]]:
    found: dict[int, list[int]] = {}
    for id_ in sorted(nodes, key=lambda id_: (STRENGTH[nodes[id_].kind], nodes[id_].blind)):
        found.setdefault(people.find(id_), []).append(id_)
    return list(found.values())


def strongest(nodes: Mapping[int, Node], ids: Sequence[int]) -> int:
    return min(ids, key=lambda id_: (STRENGTH[nodes[id_].kind], nodes[id_].blind))
