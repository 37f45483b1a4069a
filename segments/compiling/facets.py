"""What a rule depends on, in the words of `tracking.changes`, and whether time alone can change it."""

from segments.rules.choices import SEEN, TRAIT_AGES
from segments.rules.grammar import (
    Between,
    ConsentRule,
    EventRule,
    Last,
    Leaf,
    ListRule,
    OrderRule,
    PersonRule,
    RfmRule,
    Rule,
    SegmentRule,
    ShareRule,
    TouchRule,
    TraitRule,
    leaves,
)
from tracking import changes
from tracking.ingest.kinds import kind_of

EVERY_EVENT = "event:*"
RFM = "rfm"  # whoever renews the scores says so of those whose group changed
TYPES = frozenset({"track", "page", "screen", "identify", "group", "alias"})


def facets(rule: Rule) -> frozenset[str]:
    """Of an expanded rule (references.expand), for `moves`. Every rule also depends on tracking.changes.PERSON, which
    is told when a profile wins or loses an identifier.

    "track:<name>" exactly, "page:*" for any name, "kind:cart" by meaning, "event:*" for any event, "consent:<purpose>", "trait",
    "order", "rfm", "list:<segment id>".
    """
    return frozenset({changes.PERSON}).union(*(_of(leaf) for leaf in leaves(rule.where)))


def moves(wanted: frozenset[str], changed: str) -> bool:
    """Whether a changed facet can move a rule with these facets."""
    if changed in wanted or changed == changes.PERSON:
        return True
    type_, _, name = changed.partition(":")
    if type_ == "consent":
        return name == changes.SUPPRESSION and any(one.startswith("consent:") for one in wanted)
    if type_ not in TYPES:
        return False
    return EVERY_EVENT in wanted or f"{type_}:*" in wanted or f"kind:{kind_of(type_, name)}" in wanted


def is_timed(rule: Rule) -> bool:
    """Whether its members may have a due."""
    return any(_is_timed(leaf) for leaf in leaves(rule.where))


def _of(leaf: Leaf) -> frozenset[str]:
    match leaf:
        case EventRule(event, measure=measure):
            if event.type == "any" or measure == "visits":  # any event may join two visits
                return frozenset({EVERY_EVENT})
            return frozenset({changes.event_facet(event.type, event.name or "*")})
        case OrderRule():
            return frozenset({changes.ORDER})
        case TraitRule():
            return frozenset({changes.TRAIT})
        case TouchRule():
            return frozenset({EVERY_EVENT})
        case ConsentRule(purpose):
            return frozenset({f"consent:{purpose}"})
        case PersonRule(fact):
            return frozenset({EVERY_EVENT}) if fact in ("first_seen", "last_seen") else frozenset()
        case ListRule(segment):
            return frozenset({f"list:{segment}"})
        case RfmRule():
            return frozenset({RFM})
        case ShareRule():
            return frozenset()
        case SegmentRule():
            raise TypeError("Expand references first: segments.rules.references.expand")


def _is_timed(leaf: Leaf) -> bool:
    match leaf:
        case EventRule(measure=measure, window=window):
            return measure in ("first", "last") or isinstance(window, Last | Between)
        case OrderRule() | ConsentRule():
            return True
        case TraitRule(operator=operator):
            return operator in TRAIT_AGES
        case PersonRule(fact=fact):
            return fact in SEEN
        case _:
            return False
