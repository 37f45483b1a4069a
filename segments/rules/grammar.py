"""The tree a rule is, version 1. Plain frozen data without a database; `parsing` reads it from JSON and writes it back.

A day is 24 hours. Windows end now; what lies after `now` counts as not having happened. Dates are days of the workspace's zone.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

VERSION = 1
MOST_LEAVES = 100
DEEPEST = 6  # groups within groups
LONGEST = 200  # characters of a value, a name or a path
MOST_VALUES = 100  # of "one of"
MOST_FILTERS = 10  # property filters of one leaf
LARGEST = Decimal(10) ** 15  # numbers are smaller
LONGEST_DAYS = 3650  # of a window or an age

Compare: TypeAlias = Literal["lt", "lte", "eq", "gte", "gt"]
Age: TypeAlias = Literal["older_than", "within"]
Value: TypeAlias = str | tuple[str, ...] | None  # a tuple for one_of, None for exists and missing


@dataclass(frozen=True, slots=True)
class Last:
    """From `count` days or hours ago until now."""

    count: int
    unit: Literal["days", "hours"]


@dataclass(frozen=True, slots=True)
class Between:
    """From `from_days` ago until `to_days` ago; the first is the larger."""

    from_days: int
    to_days: int


@dataclass(frozen=True, slots=True)
class Dates:
    """From the day `since` until the day before `until`; one of them may be open."""

    since: date | None
    until: date | None


Window: TypeAlias = Last | Between | Dates


@dataclass(frozen=True, slots=True)
class Filter:
    """What a property must be. `property`: a path with dots; "*" in it means any element of a list: "products.*.sku"."""

    property: str
    operator: str  # tracking.goals.conditions.Operator
    value: Value


@dataclass(frozen=True, slots=True)
class EventName:
    """`type`: track, page, screen, kind or any. `name`: "" for any page or screen; of a kind one of tracking.Event.Kind."""

    type: str
    name: str


@dataclass(frozen=True, slots=True)
class EventRule:
    """What somebody did. `measure`: count, sum, distinct, days, visits; first and last compare an age in days."""

    event: EventName
    where: tuple[Filter, ...]
    measure: str
    property: str  # of sum and distinct
    operator: str  # Compare, or Age for first and last
    value: Decimal
    window: Window | None


@dataclass(frozen=True, slots=True)
class OrderRule:
    """What somebody bought. `measure`: count; revenue, average, margin in the workspace's currency; return_rate in percent;
    first and last compare an age in days."""

    where: tuple[Filter, ...]  # property: channel, campaign, source, medium, value
    measure: str
    operator: str
    value: Decimal
    window: Window | None


@dataclass(frozen=True, slots=True)
class TraitRule:
    """What is known about somebody. older_than and newer_than compare a date with an age in days."""

    name: str
    operator: str
    value: Value | Decimal | int


@dataclass(frozen=True, slots=True)
class TouchRule:
    """Where somebody first or last came from."""

    which: Literal["first", "last"]
    dimension: Literal["channel", "campaign", "source", "medium"]
    operator: str  # is, is_not, one_of, contains
    value: Value


@dataclass(frozen=True, slots=True)
class ConsentRule:
    purpose: str
    state: Literal["granted", "missing"]


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """Membership in another segment or list, by its id."""

    segment: int
    member: bool


@dataclass(frozen=True, slots=True)
class ListRule:
    """Membership in a list: what `references.expand` makes of a SegmentRule. Never written in JSON."""

    segment: int
    member: bool


@dataclass(frozen=True, slots=True)
class RfmRule:
    groups: tuple[str, ...]
    member: bool


@dataclass(frozen=True, slots=True)
class ShareRule:
    """A stable random part of everybody. Equal salts draw the same people."""

    percent: Decimal
    salt: str


@dataclass(frozen=True, slots=True)
class PersonRule:
    """`fact`: first_seen, last_seen, created with older_than or newer_than days; has_email, has_phone, is_known with is."""

    fact: str
    operator: str
    value: int | bool


Leaf: TypeAlias = (
    EventRule | OrderRule | TraitRule | TouchRule | ConsentRule | SegmentRule | ListRule | RfmRule | ShareRule | PersonRule
)


@dataclass(frozen=True, slots=True)
class All:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


Node: TypeAlias = All | AnyOf | Not | Leaf


@dataclass(frozen=True, slots=True)
class Rule:
    where: Node


def leaves(node: Node) -> list[Leaf]:
    """All leaves of a tree, from left to right."""
    match node:
        case All(nodes) | AnyOf(nodes):
            return [leaf for one in nodes for leaf in leaves(one)]
        case Not(inner):
            return leaves(inner)
        case leaf:
            return [leaf]
