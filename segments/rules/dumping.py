"""A rule as the JSON it is stored and sent as."""

from decimal import Decimal
from typing import Any

from segments.rules.grammar import (
    VERSION,
    All,
    AnyOf,
    Between,
    ConsentRule,
    Dates,
    EventRule,
    Filter,
    Last,
    Leaf,
    ListRule,
    Node,
    Not,
    OrderRule,
    PersonRule,
    RfmRule,
    Rule,
    SegmentRule,
    ShareRule,
    TouchRule,
    TraitRule,
    Value,
    Window,
)


def dump(rule: Rule) -> dict[str, Any]:
    """JSON data that `parsing.parse` reads back to an equal rule."""
    return {"version": VERSION, "where": dump_node(rule.where)}


def dump_node(node: Node) -> dict[str, Any]:
    match node:
        case All(nodes):
            return {"all": [dump_node(one) for one in nodes]}
        case AnyOf(nodes):
            return {"any": [dump_node(one) for one in nodes]}
        case Not(inner):
            return {"not": dump_node(inner)}
        case leaf:
            return _leaf(leaf)


def _leaf(leaf: Leaf) -> dict[str, Any]:
    match leaf:
        case EventRule():
            return _event(leaf)
        case OrderRule(where, measure, operator, value, window):
            return {"kind": "order", "where": _filters(where), "measure": measure, "operator": operator,
                    "value": number(value), "window": _window(window)}  # fmt: skip
        case TraitRule(name, operator, value):
            return {"kind": "trait", "name": name, "operator": operator, "value": _value(value)}
        case TouchRule(which, dimension, operator, value):
            return {"kind": "touch", "which": which, "dimension": dimension, "operator": operator, "value": _value(value)}
        case ConsentRule(purpose, state):
            return {"kind": "consent", "purpose": purpose, "state": state}
        case SegmentRule(segment, member) | ListRule(segment, member):
            return {"kind": "segment", "segment": segment, "member": member}
        case RfmRule(groups, member):
            return {"kind": "rfm", "groups": list(groups), "member": member}
        case ShareRule(percent, salt):
            return {"kind": "share", "percent": number(percent), "salt": salt}
        case PersonRule(fact, operator, value):
            return {"kind": "person", "fact": fact, "operator": operator, "value": value}


def _event(leaf: EventRule) -> dict[str, Any]:
    event = {"type": leaf.event.type} | ({"name": leaf.event.name} if leaf.event.name else {})
    data = {"kind": "event", "event": event, "where": _filters(leaf.where), "measure": leaf.measure}
    if leaf.property:
        data["property"] = leaf.property
    return data | {"operator": leaf.operator, "value": number(leaf.value), "window": _window(leaf.window)}


def _filters(where: tuple[Filter, ...]) -> list[dict[str, Any]]:
    return [{"property": one.property, "operator": one.operator, "value": _value(one.value)} for one in where]


def _value(value: Value | Decimal | int) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return number(value) if isinstance(value, Decimal) else value


def number(value: Decimal) -> int | float | str:
    """A JSON number where that is exact, else a text."""
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def _window(window: Window | None) -> dict[str, Any] | None:
    match window:
        case Last(count, unit):
            return {unit: count}
        case Between(from_days, to_days):
            return {"from_days": from_days, "to_days": to_days}
        case Dates(since, until):
            days = {"since": since, "until": until}
            return {name: day.isoformat() for name, day in days.items() if day}
        case _:
            return None
