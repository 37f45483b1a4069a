"""Conditions on the properties of an event, as typed data; compiled to SQL in which everything a person wrote is a parameter."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

LONGEST = 200  # characters of a property's path and of a value
MOST = 10
LARGEST = Decimal(10) ** 15


class Operator(TextChoices):
    IS = "is", _("is")
    IS_NOT = "is_not", _("is not")
    ONE_OF = "one_of", _("is one of (comma separated)")
    CONTAINS = "contains", _("contains")
    STARTS_WITH = "starts_with", _("starts with")
    LESS = "lt", _("is less than")
    AT_MOST = "lte", _("is at most")
    MORE = "gt", _("is more than")
    AT_LEAST = "gte", _("is at least")
    EXISTS = "exists", _("is there")
    MISSING = "missing", _("is missing")


NUMERIC = frozenset({Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST})
WITHOUT_VALUE = frozenset({Operator.EXISTS, Operator.MISSING})
FOUND = "(e.{column} #> %s::text[])"
TEXT = "coalesce(e.{column} #>> %s::text[], '')"
NUMBER = "CASE WHEN jsonb_typeof(e.{column} #> %s::text[]) = 'number' THEN (e.{column} #>> %s::text[])::numeric END"
SQL = {
    Operator.IS: TEXT + " = %s",
    Operator.IS_NOT: TEXT + " <> %s",
    Operator.ONE_OF: TEXT + " = ANY(%s::text[])",
    Operator.CONTAINS: "strpos(" + TEXT + ", %s) > 0",
    Operator.STARTS_WITH: "starts_with(" + TEXT + ", %s)",
    Operator.LESS: NUMBER + " < %s",
    Operator.AT_MOST: NUMBER + " <= %s",
    Operator.MORE: NUMBER + " > %s",
    Operator.AT_LEAST: NUMBER + " >= %s",
    Operator.EXISTS: "coalesce(" + FOUND + ", 'null') <> 'null'",
    Operator.MISSING: "coalesce(" + FOUND + ", 'null') = 'null'",
}


class BadCondition(ValueError):
    """Why a condition makes no sense, in words for the person who wrote it."""


class Condition(NamedTuple):
    property: str  # path with dots: "total", "products.0.price"; "context.page.path" looks beside the properties
    operator: Operator
    value: str

    def as_json(self) -> dict[str, str]:
        return {"property": self.property, "operator": str(self.operator), "value": self.value}


def condition(name: str, operator: str, value: str) -> Condition:
    """Checked. Raises BadCondition."""
    name, value = name.strip(), value.strip()
    if not name or len(name) > LONGEST or "\0" in name + value or not all(name.split(".")):
        raise BadCondition(_("Name a property, such as total or products.0.name."))
    if operator not in Operator.values:
        raise BadCondition(_("Choose how to compare."))
    chosen = Operator(operator)
    if chosen in WITHOUT_VALUE:
        return Condition(name, chosen, "")
    if not value or len(value) > LONGEST:
        raise BadCondition(_("Say what to compare with, in at most 200 characters."))
    if chosen in NUMERIC and number(value) is None:
        raise BadCondition(_("Compare with a number, such as 49.90."))
    return Condition(name, chosen, value)


def number(text: str) -> Decimal | None:
    """ "49.90" and "49,90" as a number; None for anything else."""
    try:
        found = Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < LARGEST else None


def load(stored: Iterable[Mapping[str, str]]) -> list[Condition]:
    """Conditions out of a goal's JSON. Raises BadCondition."""
    return [condition(row["property"], row["operator"], row["value"]) for row in stored]


def where(conditions: Sequence[Condition]) -> tuple[str, list[Any]]:
    """SQL that holds for an event `e` which meets them all, and its parameters."""
    parts, values = ["true"], []
    for one in conditions:
        column, path = place(one.property)
        sql = SQL[one.operator].format(column=column)
        parts.append(sql)
        wanted = [] if one.operator in WITHOUT_VALUE else [_wanted(one)]
        values += [path] * (sql.count("%s") - len(wanted)) + wanted
    return " AND ".join(f"({part})" for part in parts), values


def place(name: str) -> tuple[str, list[str]]:
    """The event's column and the path in it that a property's name means."""
    path = name.split(".")
    return ("context", path[1:]) if path[0] == "context" and len(path) > 1 else ("properties", path)


def _wanted(one: Condition) -> Any:
    if one.operator in NUMERIC:
        return number(one.value)
    if one.operator == Operator.ONE_OF:
        return [part.strip() for part in one.value.split(",") if part.strip()]
    return one.value
