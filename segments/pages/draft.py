"""The rule as the builder holds it: blocks of rows. AND between blocks, OR inside one, and blocks that exclude.

Every rule has such a form: what is nested more deeply is a row that is only shown and stays as it is.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from segments.pages import rows
from segments.pages.fields import NESTED
from segments.pages.rows import Row

MOST_ROWS = 100  # as many leaves as the rule language takes
Node = dict[str, Any]


class Block(NamedTuple):
    """People who meet one of the rows; with `excludes` those who meet none."""

    rows: tuple[Row, ...] = (Row(),)
    excludes: bool = False


class Draft(NamedTuple):
    blocks: tuple[Block, ...] = (Block(),)

    def meaning(self) -> list[Any]:
        """What tells two drafts apart: the same rows may post more or fewer inputs."""
        return [(block.excludes, [(row.field, rows.to_leaf(row)) for row in block.rows]) for block in self.blocks]

    def dumped(self) -> list[Any]:
        return [[block.excludes, [rows.dumped(row) for row in block.rows]] for block in self.blocks]


def loaded(data: Any) -> Draft:
    """A draft out of what somebody posted; what is no draft is an empty one."""
    blocks = [
        Block(tuple(rows.loaded(row) for row in items[:MOST_ROWS]), excludes is True)
        for excludes, items in (entry for entry in _lists(data)[:MOST_ROWS] if len(entry) == 2)
        if isinstance(items, list) and items
    ]
    return Draft(tuple(blocks)) if blocks else Draft()


def _lists(data: Any) -> list[list[Any]]:
    return [entry for entry in data if isinstance(entry, list)] if isinstance(data, list) else []


class Rule(NamedTuple):
    """The JSON of a draft, and which row each of its nodes is from: {"/where/all/0": (block, row)}."""

    data: dict[str, Any]
    places: dict[str, tuple[int, int]]

    def place(self, pointer: str) -> tuple[int, int] | None:
        """The row a JSON pointer into the rule lies in."""
        fitting = [start for start in self.places if pointer == start or pointer.startswith(start + "/")]
        return self.places[max(fitting, key=len)] if fitting else None


def rule(draft: Draft) -> Rule:
    """Rows whose field is not chosen yet are left out."""
    nodes: list[Node] = []
    places: dict[str, tuple[int, int]] = {}
    for number, block in enumerate(draft.blocks):
        leaves = [(place, leaf) for place, row in enumerate(block.rows) if (leaf := rows.to_leaf(row))]
        if not leaves:
            continue
        inside = f"/where/all/{len(nodes)}" + ("/not" if block.excludes else "")
        for position, (place, _leaf) in enumerate(leaves):
            places[inside if len(leaves) == 1 else f"{inside}/any/{position}"] = (number, place)
        node = leaves[0][1] if len(leaves) == 1 else {"any": [leaf for _place, leaf in leaves]}
        nodes.append({"not": node} if block.excludes else node)
    return Rule({"version": 1, "where": {"all": nodes}}, places)


def draft(data: dict[str, Any]) -> Draft:
    """The blocks that show a stored rule."""
    where = data["where"]
    nodes = where.get("all", [where])
    return Draft(tuple(_block(node) for node in nodes) or (Block(),))


def _block(node: Node) -> Block:
    if "not" in node:
        inner = node["not"]
        return Block(_rows(inner.get("any", [inner])), excludes=True)
    return Block(_rows(node.get("any", [node])))


def _rows(nodes: Iterable[Node]) -> tuple[Row, ...]:
    return tuple(rows.from_leaf(node) if "kind" in node else Row(NESTED, node=node) for node in nodes)
