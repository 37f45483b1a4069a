"""Why somebody is in a segment or not, in words: every condition with what was found, and what would change the answer."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from segments import naming, versions
from segments.compiling import explain
from segments.compiling.explaining import Reason
from segments.models import Segment
from segments.rules.grammar import All, AnyOf, Leaf, Not, OrderRule, Rule
from segments.rules.parsing import BadRule
from segments.rules.sentence import clause
from tracking.models import Profile
from workspaces.models import Workspace

MONEY = ("revenue", "average", "margin")  # measures of orders in the workspace's currency


class Part(NamedTuple):
    """One condition or group. `joint`: "all", "any", "not", or "" for a condition, whose `words` and `observed` are shown."""

    joint: str
    holds: bool
    words: str
    observed: str
    due: datetime | None
    parts: list["Part"]
    amount: Decimal | None = None  # what was found, where it is money
    currency: str = ""


class Why(NamedTuple):
    """`turns`: conditions that would change the answer if they said something else. `due`: when time alone may change it."""

    holds: bool
    part: Part
    turns: list[Part]
    due: datetime | None


def why(segment: Segment, profile: Profile, now: datetime) -> Why | None:
    """By the version whose members are shown, else the newest; None for a list, an unreadable rule and a merged profile."""
    version = segment.version or versions.newest(segment)
    if version is None:
        return None
    try:
        reason = explain(segment.workspace, versions.rule(version), profile.pk, now).reason()
    except (BadRule, *versions.UNABLE):
        return None
    if reason is None:
        return None
    part = _part(segment.workspace, reason)
    return Why(reason.holds, part, list(_turns(part, wanted=not reason.holds)), reason.due)


def _part(workspace: Workspace, reason: Reason) -> Part:
    parts = [_part(workspace, child) for child in reason.children]
    match reason.node:
        case All():
            return Part("all", reason.holds, "", "", reason.due, parts)
        case AnyOf():
            return Part("any", reason.holds, "", "", reason.due, parts)
        case Not():
            return Part("not", reason.holds, "", "", reason.due, parts)
        case leaf:
            names = naming.names(workspace, Rule(leaf))
            observed = reason.observed or ""
            words = clause(leaf, names)
            found = names.channels.get(observed, observed)
            amount = _amount(leaf, observed)
            return Part("", reason.holds, words[:1].upper() + words[1:], found, reason.due, [], amount, workspace.currency)


def _amount(leaf: Leaf, observed: str) -> Decimal | None:
    """What was found as money, None where it is something else."""
    if not isinstance(leaf, OrderRule) or leaf.measure not in MONEY:
        return None
    try:
        return Decimal(observed)
    except InvalidOperation:
        return None


def _turns(part: Part, *, wanted: bool) -> Iterator[Part]:
    """Conditions that keep a part from being `wanted`: all of them for a group that needs all, any one where one is enough."""
    if part.holds == wanted:
        return
    if not part.joint:
        yield part
    for inner in part.parts:
        yield from _turns(inner, wanted=wanted if part.joint != "not" else not wanted)
