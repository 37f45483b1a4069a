"""A rule out of untrusted JSON, and back. `parse(dump(rule)) == rule` for every rule `parse` returns."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from segments.rules import grammar
from segments.rules.dumping import dump
from segments.rules.grammar import DEEPEST, MOST_LEAVES, VERSION, All, AnyOf, Node, Not, Rule
from segments.rules.leaf_parsing import PARSERS
from segments.rules.reading import BadRule, Problem, Reader

__all__ = ["BadRule", "Problem", "dump", "parse"]
GROUPS = ("all", "any")


def parse(data: object) -> Rule:
    """Raises BadRule with every problem found."""
    problems: list[Problem] = []
    if not isinstance(data, dict):
        raise BadRule([Problem("", _("A rule is an object with version and where."))])
    reader = Reader(data, "", problems)
    if reader.get("version") != VERSION or isinstance(data["version"], bool):
        reader.problem("version", _("This is version %(version)d of the rule language.") % {"version": VERSION})
    where = _node(reader.get("where"), "/where", 1, problems)
    reader.done()
    if not problems and len(grammar.leaves(where)) > MOST_LEAVES:
        problems.append(Problem("/where", _("Use at most %(count)d conditions.") % {"count": MOST_LEAVES}))
    if problems:
        raise BadRule(problems[:MOST_LEAVES])
    return Rule(where)


NOTHING = All(())


def _node(data: object, pointer: str, depth: int, problems: list[Problem]) -> Node:
    if not isinstance(data, dict):
        problems.append(Problem(pointer, _("Say a condition, or a group of conditions.")))
        return NOTHING
    if depth > DEEPEST + 1:
        problems.append(Problem(pointer, _("Nest groups at most %(count)d deep.") % {"count": DEEPEST}))
        return NOTHING
    reader = Reader(data, pointer, problems)
    for name in GROUPS:
        if name in data:
            return _group(reader, name, depth)
    if "not" in data:
        inner = _node(reader.get("not"), f"{pointer}/not", depth + 1, problems)
        reader.done()
        return Not(inner)
    kind = reader.choice("kind", PARSERS)
    if data.get("kind") != kind:
        return NOTHING
    leaf = PARSERS[kind](reader)
    reader.done()
    return leaf


def _group(reader: Reader, name: str, depth: int) -> Node:
    nodes = reader.get(name)
    reader.done()
    if not isinstance(nodes, list) or not 0 < len(nodes) <= MOST_LEAVES:
        reader.problem(name, _("Add at least one condition, and at most %(count)d.") % {"count": MOST_LEAVES})
        return NOTHING
    make: Callable[[tuple[Node, ...]], Node] = All if name == "all" else AnyOf
    return make(_nodes(nodes, f"{reader.pointer}/{name}", depth, reader.problems))


def _nodes(nodes: Sequence[Any], pointer: str, depth: int, problems: list[Problem]) -> tuple[Node, ...]:
    return tuple(_node(node, f"{pointer}/{place}", depth + 1, problems) for place, node in enumerate(nodes))
