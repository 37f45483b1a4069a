"""Which segments of a workspace are kept live, and which of them a change can move. Read once per change of the segments."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.db import connection

from segments.compiling import facets, is_timed, moves
from segments.models import Segment
from segments.rules.grammar import Rule
from segments.rules.parsing import BadRule, parse
from segments.rules.references import Cycle, TooLarge, Unknown, expand
from tracking.changes import PERSON
from workspaces.models import Workspace

STATE = """
SELECT s.id, s.kind, s.state, s.version_id FROM segments_segment s
WHERE s.workspace_id = %s AND s.state <> 'archived' ORDER BY s.id
"""
Key = tuple[tuple[int, str, str, int | None], ...]


class Index(NamedTuple):
    """`rules` are live rule segments without references to others; `lists` are live lists; `broken` cannot be read, and why."""

    rules: Mapping[int, Rule]
    facets: Mapping[int, frozenset[str]]
    timed: frozenset[int]
    lists: frozenset[int]
    broken: Mapping[int, str]

    def moved_by(self, changed: Collection[str]) -> dict[int, Rule]:
        """Rules that these facets can move; all of them when PERSON is among them."""
        if PERSON in changed:
            return dict(self.rules)
        return {id_: rule for id_, rule in self.rules.items() if any(moves(self.facets[id_], one) for one in changed)}


UNUSABLE = (BadRule, Cycle, TooLarge, Unknown)
_kept: dict[int, tuple[Key, Index]] = {}


def of(workspace: Workspace) -> Index:
    """The index as the segments are now."""
    with connection.cursor() as cursor:
        cursor.execute(STATE, [workspace.pk])
        key = tuple(cursor.fetchall())
    kept = _kept.get(workspace.pk)
    if kept is None or kept[0] != key:
        kept = _kept[workspace.pk] = (key, _read(workspace, key))
    return kept[1]


def rule_of(segment: Segment, rule: object) -> Rule:
    """A stored rule, ready to be compiled. Raises one of UNUSABLE."""
    return expand(segment.workspace, {segment.pk: parse(rule)})[segment.pk]


def _read(workspace: Workspace, key: Key) -> Index:
    live = [id_ for id_, kind, state, version in key if kind == "rule" and state == "live" and version]
    lists = frozenset(id_ for id_, kind, state, _version in key if kind == "list" and state == "live")
    rules: dict[int, Rule] = {}
    broken: dict[int, str] = {}
    for segment in Segment.objects.filter(pk__in=live, workspace=workspace).select_related("version", "workspace"):
        try:
            rules[segment.pk] = rule_of(segment, segment.version.rule if segment.version else None)
        except UNUSABLE as error:
            broken[segment.pk] = str(error)
    timed = frozenset(id_ for id_, rule in rules.items() if is_timed(rule))
    return Index(rules, {id_: facets(rule) for id_, rule in rules.items()}, timed, lists, broken)


def forget() -> None:
    """Read all segments again at the next question."""
    _kept.clear()
