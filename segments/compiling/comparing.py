"""Comparisons as SQL, shared by the sources. Codes of ours choose the operator; values are placeholders already."""

from collections.abc import Callable
from decimal import Decimal

from segments.compiling.plan import Plan
from segments.rules.grammar import Value

SIGNS = {"lt": "<", "lte": "<=", "eq": "=", "gte": ">=", "gt": ">"}


def rises(operator: str, value: Decimal) -> bool | None:
    """Whether more of something that is never negative makes `operator value` true; None: it may do either."""
    if operator == "eq":
        return False if value == 0 else None
    return operator in ("gte", "gt")


def at_one(operator: str, value: Decimal) -> bool:
    """Whether a count is only asked to be zero or not."""
    return value == {"gte": 1, "gt": 0, "lt": 1, "lte": 0, "eq": 0}[operator]


def text(plan: Plan, expression: str, operator: str, value: Value) -> str:
    """A text, never NULL, against a value."""
    if operator == "exists":
        return f"{expression} <> ''"
    if operator == "missing":
        return f"{expression} = ''"
    return TEXTS[operator](expression, plan.params.add(list(value) if isinstance(value, tuple) else value))


TEXTS: dict[str, Callable[[str, str], str]] = {
    "is": lambda left, right: f"{left} = {right}",
    "is_not": lambda left, right: f"{left} <> {right}",
    "one_of": lambda left, right: f"{left} = ANY({right}::text[])",
    "contains": lambda left, right: f"strpos({left}, {right}) > 0",
    "starts_with": lambda left, right: f"starts_with({left}, {right})",
}


def holds(operator: str, value: Decimal) -> bool:
    """Whether it holds for nothing at all."""
    zero = Decimal(0)
    return {"lt": zero < value, "lte": zero <= value, "eq": zero == value, "gte": zero >= value, "gt": zero > value}[operator]
