"""From JSON Schema to planned events, with what could not be taken over named for the person who imports."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import jsonschema_rs
from django.utils.translation import gettext as _

from tracking.plan.schema import FORMATS, EventType, PlannedEvent, Property, Type, split, to_schema
from tracking.plan_models import NAME_LENGTH, PROPERTY_LENGTH

MOST_EVENTS = 500
MOST_PROPERTIES = 200  # of an event
MOST_VALUES = 200  # allowed of a property
LONGEST_TEXT = 500  # of a description
LONGEST_VALUE = 200
LONGEST_PATTERN = 200
PATTERN_BYTES = 200_000  # of a compiled pattern
READ = frozenset({"type", "enum", "pattern", "format", "description", "properties", "required", "items", "additionalProperties"})
SILENT = frozenset({"$schema", "$id", "id", "title", "labels", "default", "examples", "$comment"})  # they demand nothing
INNER = frozenset({"properties", "items", "additionalProperties", "required"})
# Python's engine can need years for one text; this one works in linear time and refuses what would not (look-around, \1).
LINEAR = jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES)


class BadPlan(ValueError):
    """Why a plan cannot be taken, in words for the person who wrote it."""


class Read(NamedTuple):
    properties: tuple[Property, ...]
    closed: bool


def load(stored: Iterable[Mapping[str, Any]]) -> list[PlannedEvent]:
    """The events of a stored version, their properties in the order they were written."""
    return [_loaded(one) for one in stored]


def _loaded(one: Mapping[str, Any]) -> PlannedEvent:
    found = read_schema(one["schema"], [])
    places = {path: place for place, path in enumerate(one.get("order", ()))}
    properties = sorted(found.properties, key=lambda prop: places.get(prop.path, len(places)))
    return PlannedEvent(one["type"], one["name"], one["owner"], one["description"], tuple(properties), found.closed)


def read_schema(schema: Any, ignored: list[str]) -> Read:
    """The properties a JSON Schema of an event's properties plans. What is not taken over is added to `ignored`.

    Raises BadPlan.
    """
    if not isinstance(schema, Mapping):
        raise BadPlan(_("No JSON Schema."))
    if schema.get("type", "object") != "object":
        raise BadPlan(_("The properties of an event are an object."))
    _note_ignored("", schema, READ, ignored)
    return Read(tuple(_properties(schema, "", ignored)), schema.get("additionalProperties") is False)


def _properties(schema: Mapping[str, Any], prefix: str, ignored: list[str]) -> Iterator[Property]:
    required = schema.get("required", [])
    if not isinstance(required, list):
        raise BadPlan(_("“required” is no list."))
    found = schema.get("properties", {})
    if not isinstance(found, Mapping):
        raise BadPlan(_("“properties” is no object."))
    rules_of = {**found, **{name: {} for name in required if isinstance(name, str) and name not in found}}
    for name, rules in rules_of.items():
        if any(char in name for char in ".[]"):
            ignored.append(_("%(name)s: a name with a dot or bracket") % {"name": name[:80]})
            continue
        yield from _property(prefix + name, rules, name in required, ignored)


def _property(path: str, rules: Any, required: bool, ignored: list[str]) -> Iterator[Property]:
    if rules is True:
        rules = {}
    if not isinstance(rules, Mapping):
        raise BadPlan(_("“%(path)s” has no rules that can be read.") % {"path": path[:80]})
    _note_ignored(path, rules, READ if split(path)[1] == "" else READ - INNER, ignored)
    kind, nullable = _type(path, rules)
    enum = rules.get("enum", [])
    if not isinstance(enum, list):
        raise BadPlan(_("The allowed values of “%(path)s” are no list.") % {"path": path[:80]})
    values = tuple(one for one in enum if one is not None)
    nullable = nullable or (len(values) < len(enum) and kind != Type.NULL)
    said = [str(rules.get(name, "")) for name in ("pattern", "description")]
    yield Property(path, kind, required, nullable, values, said[0], said[1][:LONGEST_TEXT])
    if split(path)[1]:
        return
    items = rules.get("items")
    if kind == Type.OBJECT:
        yield from _properties(rules, f"{path}.", ignored)
    elif kind == Type.ARRAY and isinstance(items, Mapping) and items:
        if items.get("type") == "object":
            _note_ignored(f"{path}[]", items, READ, ignored)
            yield from _properties(items, f"{path}[].", ignored)
        else:
            yield from _property(f"{path}[]", items, False, ignored)


def _type(path: str, rules: Mapping[str, Any]) -> tuple[str, bool]:
    """(a Type, whether null may stand in its place)."""
    said = rules.get("type", [])
    kinds = [said] if isinstance(said, str) else said
    if not isinstance(kinds, list) or not all(isinstance(one, str) for one in kinds):
        raise BadPlan(_("The type of “%(path)s” cannot be read.") % {"path": path[:80]})
    others = [one for one in kinds if one != "null"] or kinds
    if len(others) > 1:
        raise BadPlan(_("“%(path)s” has several types: %(types)s.") % {"path": path[:80], "types": ", ".join(others)[:80]})
    kind = others[0] if others else ""
    if kind not in Type.values or kind in FORMATS:
        raise BadPlan(_("“%(path)s” has an unknown type: %(type)s.") % {"path": path[:80], "type": kind[:40]})
    said_format = rules.get("format")
    if kind == Type.STRING and said_format in FORMATS:
        kind = said_format
    return kind, "null" in kinds and len(kinds) > 1


def _note_ignored(path: str, rules: Mapping[str, Any], known: frozenset[str], ignored: list[str]) -> None:
    ignored += [f"{path}: {name}".removeprefix(": ") for name in rules if name not in known and name not in SILENT]
    if rules.get("format") not in (None, *FORMATS):
        ignored.append(f"{path}: format {rules['format']}"[:120])


def problem(event: PlannedEvent) -> str:
    """Why this event cannot be planned; "" when it can."""
    if event.type not in EventType.values:
        return _("Unknown type of event.")
    if (event.type == EventType.TRACK) != bool(event.name.strip()):
        return _("A tracked event needs a name, the other types have none.")
    if len(event.name) > NAME_LENGTH or "\0" in event.name:
        return _("The name is longer than %(length)s characters.") % {"length": NAME_LENGTH}
    if len(event.properties) > MOST_PROPERTIES:
        return _("More than %(number)s properties.") % {"number": MOST_PROPERTIES}
    known: set[str] = set()
    for prop in event.properties:
        if prop.path in known:
            return _("“%(path)s” is there twice.") % {"path": prop.path[:80]}
        known.add(prop.path)
        if found := property_problem(prop, event):
            return found
    return ""


def property_problem(prop: Property, event: PlannedEvent) -> str:
    """Why this property of the event cannot be planned; "" when it can."""
    outer, inner = split(prop.path)
    place = {"path": prop.path[:80]}
    name, deeper = outer.removesuffix("[]"), inner if inner != "[]" else ""
    if not name or "[" in name or "]" in name or "\0" in prop.path or any(char in deeper for char in ".[]"):
        return _("“%(path)s” is no name of a property. One level inside: address.city, products[].price, tags[].") % place
    if inner != "[]" and outer.endswith("[]") and not inner:
        return _("“%(path)s” is no name of a property. One level inside: address.city, products[].price, tags[].") % place
    if len(prop.path) > PROPERTY_LENGTH:
        return _("“%(path)s” is too long.") % place
    parent = next((one for one in event.properties if one.path == name), None)
    wanted = Type.ARRAY if prop.path.startswith(f"{name}[]") else Type.OBJECT
    if inner and parent and parent.type != wanted:
        return _("“%(path)s” stands inside of something that is no list or object.") % place
    if inner and inner != "[]" and outer.endswith("[]") and any(one.path == outer for one in event.properties):
        return _("“%(path)s”: the values of a list are either plain or objects.") % place
    return _value_problem(prop, place)


def _value_problem(prop: Property, place: dict[str, str]) -> str:
    if len(prop.enum) > MOST_VALUES or any(len(str(one)) > LONGEST_VALUE for one in prop.enum):
        return _("“%(path)s” allows too many or too long values.") % place
    if not all(_is_value(one) for one in prop.enum):
        return _("The allowed values of “%(path)s” are texts or numbers.") % place
    if len(prop.pattern) > LONGEST_PATTERN or not _compiles(prop.pattern):
        return _("The pattern of “%(path)s” cannot be used: a regular expression up to %(length)s characters, without "
                 "looking around or back.") % {**place, "length": LONGEST_PATTERN}  # fmt: skip
    return ""


def _is_value(value: Any) -> bool:
    return isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value))


def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft7Validator({"type": "string", "pattern": pattern}, pattern_options=LINEAR)
    except ValueError:
        return False
    return True


def validator(event: PlannedEvent) -> jsonschema_rs.Draft7Validator:
    """What checks the properties of such an event. Raises ValueError for an event with a `problem`."""
    return jsonschema_rs.Draft7Validator(to_schema(event), validate_formats=True, pattern_options=LINEAR)
