"""Why somebody is in a segment or not: the same compiled query for one person, read as a tree with what was observed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from segments.compiling.compiler import Leaves
from segments.compiling.people import these
from segments.compiling.plan import Plan
from segments.compiling.statements import Statement
from segments.compiling.tree import combine
from segments.rules.grammar import All, AnyOf, Node, Not, Rule
from segments.rules.references import expand
from workspaces.models import Workspace


class Reason(NamedTuple):
    """One node of the rule for one person. `observed`: what was found, as text, of leaves; `due`: when time alone may change it."""

    node: Node
    holds: bool
    observed: str | None
    due: datetime | None
    children: tuple["Reason", ...]


class Explanation(NamedTuple):
    """`statement` gives one row, none for somebody who does not live here; `read` makes the tree of it."""

    statement: Statement
    read: Callable[[tuple[Any, ...]], Reason]

    def reason(self) -> Reason | None:
        rows = self.statement.rows()
        return self.read(rows[0]) if rows else None


def explain(workspace: Workspace, rule: Rule, profile_id: int, now: datetime) -> Explanation:
    """References are written out in the tree. Raises what references.expand raises."""
    leaves = Leaves(Plan(workspace, these([profile_id]), now))
    where = expand(workspace, {0: rule})[0].where
    combine(where, leaves.of)
    inner = leaves.query(observed=True)
    places = range(len(leaves.found))
    dues = [f"d{place}" if one.due else "NULL" for place, one in enumerate(leaves.found.values())]
    columns = ", ".join(f"t{place}, o{place}, {due}" for place, due in zip(places, dues, strict=True))
    statement = leaves.statement(f"SELECT {columns} FROM ({inner}) AS leaves")  # noqa: S608
    return Explanation(statement, lambda row: _read(where, leaves, row))


def _read(node: Node, leaves: Leaves, row: tuple[Any, ...]) -> Reason:
    match node:
        case All(nodes):
            parts = tuple(_read(one, leaves, row) for one in nodes)
            return _group(node, all(part.holds for part in parts), parts, holds_with_all=True)
        case AnyOf(nodes):
            parts = tuple(_read(one, leaves, row) for one in nodes)
            return _group(node, any(part.holds for part in parts), parts, holds_with_all=False)
        case Not(inner):
            part = _read(inner, leaves, row)
            return Reason(node, not part.holds, None, part.due, (part,))
        case leaf:
            truth, observed, due = row[3 * leaves.places[leaf] :][:3]
            return Reason(leaf, truth, observed, due, ())


def _group(node: Node, holds: bool, parts: tuple[Reason, ...], *, holds_with_all: bool) -> Reason:
    """As `tree` says it in SQL: a group that is held back changes with the last of the parts that hold it back."""
    if holds == holds_with_all:
        return Reason(node, holds, None, min((part.due for part in parts if part.due), default=None), parts)
    dues = [part.due for part in parts if part.holds != holds_with_all]
    return Reason(node, holds, None, None if None in dues else max(due for due in dues if due), parts)
