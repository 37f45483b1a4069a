"""The rule language as JSON Schema (draft 2020-12), put together from the grammar's own vocabulary.

What it accepts `parsing.parse` accepts too, but for what a schema cannot say: the number of leaves, the depth, the order of
dates and days, and which operators an encrypted trait takes.
"""

from typing import Any

from segments.rules import choices
from segments.rules.grammar import LONGEST, LONGEST_DAYS, MOST_FILTERS, MOST_LEAVES, MOST_VALUES, VERSION

Schema = dict[str, Any]
TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": r"\S"}
BOOLEAN: Schema = {"type": "boolean"}
NUMBER_TEXT: Schema = {"type": "string", "pattern": r"^-?\d{1,15}([.,]\d{1,20})?$"}
ID: Schema = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
NUMBER: Schema = {"type": "number", "exclusiveMinimum": -1e15, "exclusiveMaximum": 1e15}
AGE: Schema = {"type": "integer", "minimum": 0, "maximum": LONGEST_DAYS}
TEXTS: Schema = {"type": "array", "items": TEXT, "minItems": 1, "maxItems": MOST_VALUES}
DAY: Schema = {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}


def json_schema() -> Schema:
    """The schema of a whole rule."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Segment rule",
        "description": "Version 1. A day is 24 hours, windows end now, dates are days of the workspace's zone.",
        **_object({"version": {"const": VERSION}, "where": {"$ref": "#/$defs/node"}}),
        "$defs": _definitions(),
    }


def _definitions() -> Schema:
    nodes: Schema = {"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 1, "maxItems": MOST_LEAVES}
    groups = [_object({"all": nodes}), _object({"any": nodes}), _object({"not": {"$ref": "#/$defs/node"}})]
    leaves = [{"$ref": f"#/$defs/{kind}"} for kind in choices.KINDS]
    return {
        "node": {"oneOf": [*groups, *leaves]},
        "window": _window(),
        "event": _event(),
        "order": _order(),
        "trait": _trait(),
        "touch": _leaf(
            "touch", {"which": _one(choices.TOUCHES), "dimension": _one(choices.DIMENSIONS)}, _texts(choices.TOUCH_OPERATORS)
        ),
        "consent": _leaf("consent", {"purpose": TEXT, "state": _one(choices.CONSENT_STATES)}),
        "segment": _leaf("segment", {"segment": ID, "member": BOOLEAN}),
        "rfm": _leaf("rfm", {"groups": TEXTS, "member": BOOLEAN}),
        "share": _leaf("share", {"percent": {"type": "number", "minimum": 0, "maximum": 100, "multipleOf": 0.01}, "salt": TEXT}),
        "person": _person(),
    }


def _event() -> Schema:
    counted = [measure for measure in choices.EVENT_MEASURES if measure not in (*choices.AGED, *choices.WITH_PROPERTY)]
    shared = {"event": _event_name(), "where": _filters({"property": TEXT})}
    return {"oneOf": [
        _leaf("event", {**shared, "measure": _one(counted), **_compared()}, optional=("where", "measure", "operator", "window")),
        _leaf("event", {**shared, "measure": _one(choices.WITH_PROPERTY), "property": TEXT, **_compared()},
              optional=("where", "operator", "window")),
        _leaf("event", {**shared, "measure": _one(choices.AGED), **_aged()}, optional=("where", "window")),
    ]}  # fmt: skip


def _order() -> Schema:
    counted = [measure for measure in choices.ORDER_MEASURES if measure not in choices.AGED]
    shared = {"where": _filters({"property": _one(choices.ORDER_PROPERTIES)})}
    return {"oneOf": [
        _leaf("order", {**shared, "measure": _one(counted), **_compared()}, optional=("where", "measure", "operator", "window")),
        _leaf("order", {**shared, "measure": _one(choices.AGED), **_aged()}, optional=("where", "window")),
    ]}  # fmt: skip


def _event_name() -> Schema:
    return {"oneOf": [
        _object({"type": {"const": "track"}, "name": TEXT}),
        _object({"type": _one(("page", "screen")), "name": {"type": "string", "maxLength": LONGEST}}, optional=("name",)),
        _object({"type": {"const": "kind"}, "name": _one(choices.EVENT_KINDS)}),
        _object({"type": {"const": "any"}}),
    ]}  # fmt: skip


def _trait() -> Schema:
    name = {"type": "string", "minLength": 1, "maxLength": 120, "pattern": r"\S"}
    ages = {"operator": _one(choices.TRAIT_AGES), "value": AGE}
    kinds = [*_values(choices.FILTERS), ages]
    return {"oneOf": [_leaf("trait", {"name": name, **kind}, optional=_without(kind)) for kind in kinds]}


def _person() -> Schema:
    return {"oneOf": [
        _leaf("person", {"fact": _one(choices.SEEN), "operator": _one(choices.TRAIT_AGES), "value": AGE}),
        _leaf("person", {"fact": _one(choices.FLAGS), "operator": {"const": "is"}, "value": BOOLEAN}, optional=("operator",)),
    ]}  # fmt: skip


def _filters(of: Schema) -> Schema:
    rows = [_object({**of, **kind}, optional=_without(kind)) for kind in _values(choices.FILTERS)]
    return {"type": ["array", "null"], "items": {"oneOf": rows}, "maxItems": MOST_FILTERS}


def _values(operators: tuple[str, ...]) -> list[Schema]:
    """One way of comparing after the other: text, list, number, nothing."""
    texts = [one for one in operators if one not in (*choices.NUMERIC, *choices.WITHOUT_VALUE, "one_of")]
    return [
        {"operator": _one(texts), "value": TEXT},
        {"operator": {"const": "one_of"}, "value": TEXTS},
        {"operator": _one(choices.NUMERIC), "value": {"anyOf": [NUMBER, NUMBER_TEXT]}},
        {"operator": _one(choices.WITHOUT_VALUE), "value": {"type": "null"}},
    ]  # fmt: skip


def _texts(operators: tuple[str, ...]) -> list[Schema]:
    texts = [one for one in operators if one != "one_of"]
    return [{"operator": _one(texts), "value": TEXT}, {"operator": {"const": "one_of"}, "value": TEXTS}]


def _without(kind: Schema) -> tuple[str, ...]:
    return ("value",) if kind["value"] == {"type": "null"} else ()


def _compared() -> Schema:
    return {"operator": _one(choices.COMPARISONS), "value": NUMBER, "window": {"$ref": "#/$defs/window"}}


def _aged() -> Schema:
    return {"operator": _one(choices.AGES), "value": AGE, "window": {"type": "null"}}


def _window() -> Schema:
    days, hours = {**AGE, "minimum": 1}, {**AGE, "minimum": 1, "maximum": LONGEST_DAYS * 24}
    dates = _object({"since": DAY, "until": DAY}, optional=("since", "until")) | {"minProperties": 1}
    return {
        "oneOf": [
            {"type": "null"},
            _object({"days": days}),
            _object({"hours": hours}),
            _object({"from_days": days, "to_days": AGE}),
            dates,
        ]
    }


def _leaf(kind: str, properties: Schema, variants: list[Schema] | None = None, *, optional: tuple[str, ...] = ()) -> Schema:
    if variants:
        return {"oneOf": [_leaf(kind, {**properties, **variant}, optional=optional) for variant in variants]}
    return _object({"kind": {"const": kind}, **properties}, optional=optional)


def _object(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _one(values: "tuple[str, ...] | list[str]") -> Schema:
    return {"enum": list(values)}
