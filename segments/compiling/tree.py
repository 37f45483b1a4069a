"""Groups of leaves as SQL: whether they hold, and the earliest moment at which time alone can change that.

A conjunction that fails only changes once all its failing parts have changed, so its moment is the latest of theirs; one that
holds changes with the first of its parts. This keeps people out of the queue whom time alone cannot move.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from segments.compiling.plan import Compiled
from segments.rules.grammar import All, AnyOf, Leaf, Node, Not

NEVER = "'infinity'::timestamptz"
EXACT_HEIGHT = 3  # of groups; the text doubles with each, so above it the first moment of any leaf must do


class Combined(NamedTuple):
    """`truth` is never NULL. `due` may be NULL or infinite for never. `needs`: the sources without whose rows there is neither."""

    truth: str
    due: str | None
    needs: frozenset[str]
    height: int


def combine(node: Node, leaf_of: Callable[[Leaf], Compiled]) -> Combined:
    match node:
        case All(nodes):
            return _group([combine(one, leaf_of) for one in nodes], holds_with_all=True)
        case AnyOf(nodes):
            return _group([combine(one, leaf_of) for one in nodes], holds_with_all=False)
        case Not(inner):
            found = combine(inner, leaf_of)
            return Combined(f"(NOT {found.truth})", found.due, frozenset(), found.height)
        case leaf:
            one = leaf_of(leaf)
            return Combined(one.truth, one.due, frozenset([one.needs] if one.needs else []), 0)


def _group(parts: Sequence[Combined], *, holds_with_all: bool) -> Combined:
    if len(parts) == 1:
        return parts[0]
    truth = f"({(' AND ' if holds_with_all else ' OR ').join(part.truth for part in parts)})"
    needs = [part.needs for part in parts]
    common = frozenset().union(*needs) if holds_with_all else frozenset.intersection(*needs)
    height = 1 + max(part.height for part in parts)
    return Combined(truth, _due(parts, truth, height, holds_with_all=holds_with_all), common, height)


def _due(parts: Sequence[Combined], truth: str, height: int, *, holds_with_all: bool) -> str | None:
    dues = [part.due for part in parts if part.due]
    if not dues:
        return None
    first = f"least({', '.join(dues)})"
    if height > EXACT_HEIGHT:
        return first
    # Those that keep the group as it is: of a conjunction that fails, the parts that fail.
    blocking = [(f"NOT {part.truth}" if holds_with_all else part.truth, part.due) for part in parts]
    fixed = [holds for holds, due in blocking if not due]
    moving = [f"CASE WHEN {holds} THEN coalesce({due}, {NEVER}) END" for holds, due in blocking if due]
    last = f"greatest({', '.join(moving)})"
    if fixed:
        last = f"CASE WHEN {' OR '.join(fixed)} THEN {NEVER} ELSE {last} END"
    return f"CASE WHEN {truth if holds_with_all else f'NOT {truth}'} THEN {first} ELSE {last} END"
