"""One function per kind of leaf: typed out of JSON, every problem noted."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from segments.rules import choices
from segments.rules.grammar import (
    LONGEST_DAYS,
    MOST_FILTERS,
    Between,
    ConsentRule,
    Dates,
    EventName,
    EventRule,
    Filter,
    Last,
    Leaf,
    OrderRule,
    PersonRule,
    RfmRule,
    SegmentRule,
    ShareRule,
    TouchRule,
    TraitRule,
    Value,
    Window,
)
from segments.rules.reading import Reader

LARGEST_ID = 2**31 - 1


def event(reader: Reader) -> EventRule:
    name = _event_name(reader)
    measure = reader.choice("measure", choices.EVENT_MEASURES, "count")
    of = ""
    if measure in choices.WITH_PROPERTY:
        of = _path(reader, "property")
        if "*" in of.split("."):
            reader.problem("property", _("Name one property: * stands in conditions only."))
    operator, value, window = _measured(reader, measure)
    return EventRule(name, _filters(reader, None), measure, of, operator, value, window)


def order(reader: Reader) -> OrderRule:
    measure = reader.choice("measure", choices.ORDER_MEASURES, "count")
    operator, value, window = _measured(reader, measure)
    return OrderRule(_filters(reader, choices.ORDER_PROPERTIES), measure, operator, value, window)


def trait(reader: Reader) -> TraitRule:
    name = reader.text("name", missing=_("Name a trait, such as country."))
    if len(name) > 120:
        reader.problem("name", _("Use at most %(count)d characters.") % {"count": 120})
    operator = reader.choice("operator", choices.TRAIT_OPERATORS)
    if operator not in choices.trait_operators(name):
        reader.problem(
            "operator", _("This trait is personal and kept encrypted: it can only be equal, not equal, there or missing.")
        )
    if operator in choices.TRAIT_AGES:
        return TraitRule(name, operator, reader.integer("value", 0, LONGEST_DAYS))
    return TraitRule(name, operator, _value(reader, operator))


def touch(reader: Reader) -> TouchRule:
    which: Any = reader.choice("which", choices.TOUCHES)
    dimension: Any = reader.choice("dimension", choices.DIMENSIONS)
    operator = reader.choice("operator", choices.TOUCH_OPERATORS)
    return TouchRule(which, dimension, operator, _text_value(reader, operator))


def consent(reader: Reader) -> ConsentRule:
    state: Any = reader.choice("state", choices.CONSENT_STATES)
    return ConsentRule(reader.text("purpose", missing=_("Name a purpose.")), state)


def segment(reader: Reader) -> SegmentRule:
    return SegmentRule(reader.integer("segment", 1, LARGEST_ID), reader.boolean("member"))


def rfm(reader: Reader) -> RfmRule:
    return RfmRule(reader.texts("groups", missing=_("Name at least one group.")), reader.boolean("member"))


def share(reader: Reader) -> ShareRule:
    percent = reader.number("percent")
    if not 0 <= percent <= 100 or percent != percent.quantize(Decimal("0.01")):
        reader.problem("percent", _("Use a percentage from 0 to 100 with at most two decimals."))
    return ShareRule(percent, reader.text("salt", missing=_("Name the draw: equal names draw the same people.")))


def person(reader: Reader) -> PersonRule:
    fact = reader.choice("fact", choices.SEEN + choices.FLAGS)
    if fact in choices.FLAGS:
        reader.choice("operator", ("is",), "is")
        return PersonRule(fact, "is", reader.boolean("value"))
    return PersonRule(fact, reader.choice("operator", choices.TRAIT_AGES), reader.integer("value", 0, LONGEST_DAYS))


PARSERS: dict[str, Callable[[Reader], Leaf]] = {
    "event": event, "order": order, "trait": trait, "touch": touch, "consent": consent, "segment": segment, "rfm": rfm,
    "share": share, "person": person,
}  # fmt: skip


def _event_name(reader: Reader) -> EventName:
    data = reader.get("event")
    if not isinstance(data, dict):
        reader.problem("event", _("Say which event."))
        return EventName("any", "")
    inner = Reader(data, f"{reader.pointer}/event", reader.problems)
    type_ = inner.choice("type", choices.EVENT_TYPES)
    if type_ == "kind":
        name = inner.choice("name", choices.EVENT_KINDS)
    elif type_ == "any":
        name = ""
    else:
        name = inner.text("name", missing=_("Name the event."), blank=type_ != "track")
    inner.done()
    return EventName(type_, name)


def _measured(reader: Reader, measure: str) -> tuple[str, Decimal, Window | None]:
    """Operator, value and window; first and last look at everything there ever was."""
    if measure in choices.AGED:
        operator = reader.choice("operator", choices.AGES)
        if reader.get("window") is not None:
            reader.problem("window", _("The first and the last have no window."))
        return operator, Decimal(reader.integer("value", 0, LONGEST_DAYS)), None
    operator = reader.choice("operator", choices.COMPARISONS, "gte")
    return operator, reader.number("value"), _window(reader)


def _window(reader: Reader) -> Window | None:
    data = reader.get("window")
    if data is None:
        return None
    if not isinstance(data, dict):
        reader.problem("window", _("Say a window such as the last 30 days."))
        return None
    inner = Reader(data, f"{reader.pointer}/window", reader.problems)
    found = _window_of(inner)
    inner.done()
    return found


def _window_of(inner: Reader) -> Window | None:
    if "days" in inner.data:
        return Last(inner.integer("days", 1, LONGEST_DAYS), "days")
    if "hours" in inner.data:
        return Last(inner.integer("hours", 1, LONGEST_DAYS * 24), "hours")
    if "from_days" in inner.data:
        between = Between(inner.integer("from_days", 1, LONGEST_DAYS), inner.integer("to_days", 0, LONGEST_DAYS))
        if between.from_days <= between.to_days:
            inner.problem("from_days", _("The first number of days must be the larger one."))
        return between
    dates = Dates(inner.day("since"), inner.day("until"))
    if inner.data.get("since") is None and inner.data.get("until") is None:
        inner.problem("", _("Say a window such as the last 30 days."))
    elif dates.since and dates.until and dates.since >= dates.until:
        inner.problem("until", _("The end must come after the beginning."))
    return dates


def _filters(reader: Reader, properties: tuple[str, ...] | None) -> tuple[Filter, ...]:
    rows = reader.get("where")
    if rows is None:
        return ()
    if not isinstance(rows, list) or len(rows) > MOST_FILTERS or not all(isinstance(row, dict) for row in rows):
        reader.problem("where", _("Use a list of at most %(count)d property conditions.") % {"count": MOST_FILTERS})
        return ()
    return tuple(
        _filter(Reader(row, f"{reader.pointer}/where/{place}", reader.problems), properties) for place, row in enumerate(rows)
    )


def _filter(reader: Reader, properties: tuple[str, ...] | None) -> Filter:
    name = reader.choice("property", properties) if properties else _path(reader, "property")
    operator = reader.choice("operator", _filter_operators(name) if properties else choices.FILTERS)
    found = Filter(name, operator, _number_text(reader) if operator in choices.NUMERIC else _text_value(reader, operator))
    reader.done()
    return found


def _filter_operators(name: str) -> tuple[str, ...]:
    """Of a property of an order: a number or a text."""
    return choices.NUMERIC if name == "value" else tuple(one for one in choices.FILTERS if one not in choices.NUMERIC)


def _path(reader: Reader, name: str) -> str:
    path = reader.text(name, missing=_("Name a property, such as total or products.0.name."))
    if path and not all(path.split(".")):
        reader.problem(name, _("Name a property, such as total or products.0.name."))
    return path


def _number_text(reader: Reader) -> str:
    return format(reader.number("value"), "f")


def _text_value(reader: Reader, operator: str) -> Value:
    missing = _("Say what to compare with, in at most 200 characters.")
    if operator in choices.WITHOUT_VALUE:
        reader.get("value")
        return None
    if operator == "one_of":
        return reader.texts("value", missing=missing)
    value = reader.get("value")
    if isinstance(value, bool):
        value = str(value).lower()
    return reader.as_text("value", str(value) if isinstance(value, int | float) else value, missing=missing)


def _value(reader: Reader, operator: str) -> Value | Decimal:
    return reader.number("value") if operator in choices.NUMERIC else _text_value(reader, operator)
