"""What each part of a leaf may be, by its code: the vocabulary of parser, schema, sentence and builder."""

from tracking.goals.conditions import Operator
from tracking.models import Event
from tracking.profiles.traits import PLAIN

EVENT_TYPES = ("track", "page", "screen", "kind", "any")
EVENT_KINDS = tuple(str(kind) for kind in Event.Kind)
COMPARISONS = ("lt", "lte", "eq", "gte", "gt")
AGES = ("older_than", "within")  # of the first or last of something; neither holds where there is none
EVENT_MEASURES = ("count", "sum", "distinct", "days", "visits", "first", "last")
WITH_PROPERTY = ("sum", "distinct")
ORDER_MEASURES = ("count", "revenue", "average", "margin", "return_rate", "first", "last")
AGED = ("first", "last")
FILTERS = tuple(str(operator) for operator in Operator)
ORDER_PROPERTIES = ("channel", "campaign", "source", "medium", "value")
TRAIT_AGES = ("older_than", "newer_than")
TRAIT_OPERATORS = (*FILTERS, *TRAIT_AGES)
SEALED_OPERATORS = ("is", "is_not", "one_of", "exists", "missing")  # encrypted values are compared by their digest
NUMERIC = ("lt", "lte", "gt", "gte")
WITHOUT_VALUE = ("exists", "missing")
TOUCHES = ("first", "last")
DIMENSIONS = ("channel", "campaign", "source", "medium")
TOUCH_OPERATORS = ("is", "is_not", "one_of", "contains")
CONSENT_STATES = ("granted", "missing")
SEEN = ("first_seen", "last_seen", "created")
FLAGS = ("has_email", "has_phone", "is_known")
KINDS = ("event", "order", "trait", "touch", "consent", "segment", "rfm", "share", "person")


def trait_operators(name: str) -> tuple[str, ...]:
    """All where the value can be read, few where only its digest is known (tracking.profiles.traits)."""
    return TRAIT_OPERATORS if name in PLAIN else SEALED_OPERATORS
