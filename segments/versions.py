"""Rules by version: the newest, a new one, what two have different, an old one brought back, a copy of a segment."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from segments.engine import changing
from segments.models import Segment, SegmentVersion
from segments.rules.grammar import All, AnyOf, Node, Not, Rule
from segments.rules.parsing import dump, parse
from segments.rules.references import Cycle, TooLarge, Unknown, expand
from workspaces import audit
from workspaces.models import User, Workspace

UNABLE = (Cycle, Unknown, TooLarge)
LONGEST_NAME = 120


class UnableToSave(ValueError):
    """Why a rule cannot become a version, in words for the person who wrote it."""


def newest(segment: Segment) -> SegmentVersion | None:
    """The latest version, whether its members are shown already or not."""
    return segment.versions.order_by("-number").first() if segment.pk else None


def rule(version: SegmentVersion) -> Rule:
    return parse(version.rule)


def plain(found: Rule | Mapping[str, Any]) -> dict[str, Any]:
    """A rule as JSON in its one way of writing."""
    return dump(found if isinstance(found, Rule) else parse(found))


@transaction.atomic
def save(segment: Segment, found: Rule, by: User | None) -> SegmentVersion | None:
    """Store a segment with its rule and queue a build; None where the rule is the newest already. Raises UnableToSave."""
    is_new = segment.pk is None
    segment.created_by = segment.created_by or (by if is_new else None)
    segment.save()
    try:
        expand(segment.workspace, {segment.pk: found})
    except UNABLE as error:
        raise UnableToSave(str(error)) from error
    before = newest(segment)
    if before is None or parse(before.rule) != found:
        version = changing.save_rule(segment, dump(found), by, **estimate(segment.workspace, found))
        audit.record(
            segment.workspace, by, "segment.created" if is_new else "segment.changed", segment.name, version=version.number
        )
        return version
    audit.record(segment.workspace, by, "segment.changed", segment.name, version=before.number)
    return None


@transaction.atomic
def restore(segment: Segment, old: SegmentVersion, by: User) -> SegmentVersion | None:
    """The old rule as a new version. Raises UnableToSave."""
    return save(segment, rule(old), by)


@transaction.atomic
def duplicate(segment: Segment, by: User) -> Segment:
    """A draft of the same rule under another name; nothing is built until it is saved."""
    copy = Segment.objects.create(
        workspace=segment.workspace,
        name=_free_name(segment),
        description=segment.description,
        purpose=segment.purpose,
        created_by=by,
    )
    if found := newest(segment):
        SegmentVersion.objects.create(workspace=segment.workspace, segment=copy, number=1, rule=found.rule, created_by=by)
    audit.record(segment.workspace, by, "segment.created", copy.name, copy_of=segment.name)
    return copy


def _free_name(segment: Segment) -> str:
    names = set(Segment.objects.filter(workspace=segment.workspace).values_list("name", flat=True))
    number = 1
    while (name := _copy_name(segment.name, number)) in names:
        number += 1
    return name


def _copy_name(name: str, number: int) -> str:
    suffix = _(" (copy)") if number == 1 else _(" (copy %(number)s)") % {"number": number}
    return name[: LONGEST_NAME - len(suffix)] + suffix


def remember(workspace: Workspace, found: Rule, *, size: int, ms: int) -> None:
    """What a preview measured, for the estimate of the build that may follow."""
    cache.set(_key(workspace, found), (size, ms), 3600)


def estimate(workspace: Workspace, found: Rule) -> dict[str, int | None]:
    """Expected size and milliseconds of a build, as the preview of this very rule last said."""
    size, ms = cache.get(_key(workspace, found)) or (None, None)
    return {"expected_size": size, "expected_ms": ms}


def _key(workspace: Workspace, found: Rule) -> str:
    return f"segments:estimate:{workspace.pk}:{hash_of(found)}"


def hash_of(found: Rule) -> str:
    import json
    from hashlib import sha256

    return sha256(json.dumps(dump(found), sort_keys=True).encode()).hexdigest()


class Difference(NamedTuple):
    """Conditions that only one of two rules has, each as a rule of its own, in their order."""

    removed: list[Rule]
    added: list[Rule]


def compare(old: Rule, new: Rule) -> Difference:
    """By the parts that are joined with AND."""
    before, after = _parts(old.where), _parts(new.where)
    return Difference([Rule(one) for one in before if one not in after], [Rule(one) for one in after if one not in before])


def _parts(node: Node) -> list[Node]:
    match node:
        case All(nodes):
            return [part for one in nodes for part in _parts(one)]
        case AnyOf((only,)):
            return _parts(only)
        case Not(AnyOf(nodes)):
            return [Not(one) for one in nodes]
        case other:
            return [other]
