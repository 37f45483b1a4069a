"""One entry per kind of leaf."""

from collections.abc import Callable
from typing import Any

from segments.compiling.consents import compile_consent
from segments.compiling.events import compile_event
from segments.compiling.orders import compile_order
from segments.compiling.people_facts import compile_list, compile_person, compile_rfm, compile_share
from segments.compiling.plan import Compiled, Plan
from segments.compiling.touches import compile_touch
from segments.compiling.traits import compile_trait
from segments.rules.grammar import (
    ConsentRule,
    EventRule,
    Leaf,
    ListRule,
    OrderRule,
    PersonRule,
    RfmRule,
    ShareRule,
    TouchRule,
    TraitRule,
)

COMPILERS: dict[type, Callable[[Plan, Any], Compiled]] = {
    EventRule: compile_event,
    OrderRule: compile_order,
    TraitRule: compile_trait,
    TouchRule: compile_touch,
    ConsentRule: compile_consent,
    ListRule: compile_list,
    RfmRule: compile_rfm,
    ShareRule: compile_share,
    PersonRule: compile_person,
}


def compile_leaf(plan: Plan, leaf: Leaf) -> Compiled:
    """Raises KeyError for a SegmentRule: `rules.references.expand` comes first."""
    return COMPILERS[type(leaf)](plan, leaf)
