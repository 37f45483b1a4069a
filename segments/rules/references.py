"""Membership in other segments, written out: rules take the place of the segments they name, lists stay lists.

Written out, a segment of segments is true at the same instant as its parts, and there is no order to keep.
"""

from collections.abc import Iterable, Iterator, Mapping

from django.utils.translation import gettext as _

from segments.models import Segment, SegmentVersion
from segments.rules.grammar import All, AnyOf, ListRule, Node, Not, Rule, SegmentRule, leaves
from segments.rules.parsing import parse
from workspaces.models import Workspace

MOST_WRITTEN_OUT = 1000  # leaves of one rule with all it refers to


class Cycle(ValueError):
    """A segment that contains itself. `path`: the names from one to the same again."""

    def __init__(self, path: list[str]) -> None:
        super().__init__(_("These segments contain each other: %(path)s.") % {"path": " → ".join(path)})
        self.path = path


class Unknown(ValueError):
    """A segment that is not there."""

    def __init__(self, segment: int) -> None:
        super().__init__(_("Segment %(id)d does not exist.") % {"id": segment})
        self.segment = segment


class TooLarge(ValueError):
    def __init__(self) -> None:
        text = _("With all the segments it contains, this rule has more than %(count)d conditions.")
        super().__init__(text % {"count": MOST_WRITTEN_OUT})


class _Found:
    """A segment with its rule; None for a list."""

    def __init__(self, segment: Segment, rule: Rule | None) -> None:
        self.name, self.rule = segment.name, rule


def expand(workspace: Workspace, rules: Mapping[int, Rule]) -> dict[int, Rule]:
    """The rules, by the same keys, without SegmentRule. A segment's rule is the one its members are shown by, else its newest.

    Keys that are ids of segments count as these segments, so that a rule not saved yet cannot refer to itself either.
    Raises Cycle, Unknown, TooLarge.
    """
    if not any(True for rule in rules.values() for _ in references(rule)):
        return dict(rules)
    writer = _Writer(_load(workspace, rules))
    return {id_: writer.write(id_, rule) for id_, rule in rules.items()}


def references(rule: Rule) -> Iterator[int]:
    """Ids of the segments a rule names itself."""
    return (leaf.segment for leaf in leaves(rule.where) if isinstance(leaf, SegmentRule))


def dependents(workspace: Workspace, segment: int) -> list[int]:
    """Ids of the segments whose rule names this one, also through others; each after what it names."""
    named = {id_: set(references(found.rule)) for id_, found in _all(workspace).items() if found.rule}
    found: list[int] = []
    waiting = [segment]
    while waiting:
        inner = waiting.pop(0)
        new = [id_ for id_, ids in named.items() if inner in ids and id_ not in found and id_ != segment]
        found += new
        waiting += new
    return _ordered(found, named)


def _ordered(ids: list[int], named: Mapping[int, set[int]]) -> list[int]:
    done: list[int] = []
    while len(done) < len(ids):
        ready = [id_ for id_ in ids if id_ not in done and not named[id_] & (set(ids) - set(done))]
        done += ready or [id_ for id_ in ids if id_ not in done]
    return done


def _load(workspace: Workspace, rules: Mapping[int, Rule]) -> dict[int, _Found]:
    """Every segment the rules name, and what those name, level by level."""
    found: dict[int, _Found] = {}
    wanted = {id_ for rule in rules.values() for id_ in references(rule)}
    while missing := wanted - set(found):
        level = _read(Segment.objects.filter(workspace=workspace, pk__in=missing).select_related("version"))
        if unknown := missing - set(level):
            raise Unknown(min(unknown))
        found |= level
        wanted |= {id_ for one in level.values() if one.rule for id_ in references(one.rule)}
    return found


def _all(workspace: Workspace) -> dict[int, _Found]:
    segments = Segment.objects.filter(workspace=workspace).exclude(state=Segment.State.ARCHIVED)
    return _read(segments.select_related("version"))


def _read(segments: Iterable[Segment]) -> dict[int, _Found]:
    return {segment.pk: _Found(segment, _rule_of(segment)) for segment in segments}


def _rule_of(segment: Segment) -> Rule | None:
    if segment.kind == Segment.Kind.LIST:
        return None
    version = segment.version or SegmentVersion.objects.filter(segment=segment).order_by("-number").first()
    return parse(version.rule) if version else None


class _Writer:
    def __init__(self, found: Mapping[int, _Found]) -> None:
        self.found = found

    def write(self, id_: int, rule: Rule) -> Rule:
        written = Rule(self._node(rule.where, (id_,)))
        if len(leaves(written.where)) > MOST_WRITTEN_OUT:
            raise TooLarge
        return written

    def _node(self, node: Node, path: tuple[int, ...]) -> Node:
        match node:
            case All(nodes):
                return All(tuple(self._node(one, path) for one in nodes))
            case AnyOf(nodes):
                return AnyOf(tuple(self._node(one, path) for one in nodes))
            case Not(inner):
                return Not(self._node(inner, path))
            case SegmentRule(segment, member):
                return self._reference(segment, member, path)
            case leaf:
                return leaf

    def _reference(self, segment: int, member: bool, path: tuple[int, ...]) -> Node:
        found = self.found[segment]
        if segment in path:
            names = [self.found[id_].name for id_ in path[path.index(segment) :] if id_ in self.found]
            raise Cycle([*names, found.name])
        if found.rule is None:
            return ListRule(segment, member)
        inner = self._node(found.rule.where, (*path, segment))
        return inner if member else Not(inner)
