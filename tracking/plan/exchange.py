"""The plan as JSON, out and in: one JSON Schema per event, in the form Segment's tracking plans have.

Out: {"name", "rules": [{"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": {…}}]}. In: that, the older
{"rules": {"events": [{"name", "description", "rules": {…}}]}}, a list of rules, one JSON Schema with a title, a list of
such, or an object of event names and schemas.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from tracking.plan.reading import LONGEST_TEXT, BadPlan, read_schema
from tracking.plan.schema import DRAFT, EventType, PlannedEvent, Schema, to_schema

LARGEST = 2_000_000  # characters
LONGEST_OWNER = 80
TRAITS = (EventType.IDENTIFY, EventType.GROUP)
CALL = frozenset({
    "properties", "traits", "context", "event", "type", "userId", "anonymousId", "messageId", "timestamp", "integrations",
    "originalTimestamp", "sentAt", "receivedAt", "groupId", "name", "version", "channel",
})  # fmt: skip


class Imported(NamedTuple):
    events: list[PlannedEvent]
    ignored: list[str]  # rules that were there and are not taken over, with their place


class _Rule(NamedTuple):
    type: Any
    name: Any
    schema: Any
    description: Any


def export(name: str, events: Iterable[PlannedEvent]) -> dict[str, Any]:
    """The plan in Segment's form; `labels.owner` and `description` keep what JSON Schema has no word for."""
    return {"name": name, "rules": [_rule(event) for event in events]}


def _rule(event: PlannedEvent) -> dict[str, Any]:
    place = "traits" if event.type in TRAITS else "properties"
    schema: Schema = {
        "$schema": DRAFT,
        "type": "object",
        **({"description": event.description} if event.description else {}),
        **({"labels": {"owner": event.owner}} if event.owner else {}),
        "properties": {"context": {}, "traits": {}, "properties": {}, place: to_schema(event)},
        "required": [place],
    }
    return {"type": event.type.upper(), "key": event.name or None, "version": 1, "jsonSchema": schema}


def parse(text: str) -> Imported:
    """The events a JSON text plans. Raises BadPlan."""
    if len(text) > LARGEST:
        raise BadPlan(_("Larger than %(size)s MB.") % {"size": LARGEST // 1_000_000})
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPlan(_("This is no JSON.")) from None
    return read(content)


def read(content: Any) -> Imported:
    """The same of JSON that was read already."""
    ignored: list[str] = []
    events = []
    for rule in _rules(content):
        if str(rule.type).lower() == "common":
            ignored.append(_("rules for all events"))
            continue
        events.append(_event(rule, ignored))
    if not events:
        raise BadPlan(_("No events were found in this JSON."))
    return Imported(events, ignored)


def _rules(content: Any) -> Iterator[_Rule]:
    """The rules in whichever form they came."""
    if isinstance(content, Mapping) and isinstance(content.get("data"), Mapping):
        content = content["data"]
    if isinstance(content, Mapping) and "rules" in content:
        content = content["rules"]
    if isinstance(content, Mapping) and isinstance(content.get("events"), list):
        yield from (_of_object(one, one.get("rules")) for one in content["events"] if isinstance(one, Mapping))
    elif isinstance(content, list):
        yield from (_of_object(one, None) for one in content if isinstance(one, Mapping))
    elif isinstance(content, Mapping) and isinstance(content.get("title"), str):
        yield _of_object(content, None)
    elif isinstance(content, Mapping):
        yield from (_Rule(EventType.TRACK, name, schema, None) for name, schema in content.items())


def _of_object(one: Mapping[str, Any], schema: Any) -> _Rule:
    """A rule of Segment's, or a JSON Schema with a title."""
    schema = schema or one.get("jsonSchema") or one.get("json_schema") or one
    if isinstance(schema, str):  # as some exports quote it
        try:
            schema = json.loads(schema)
        except (ValueError, RecursionError):
            raise BadPlan(_("This is no JSON.")) from None
    kind = EventType.TRACK if schema is one else one.get("type", EventType.TRACK)
    return _Rule(kind, one.get("key") or one.get("name") or one.get("title"), schema, one.get("description"))


def _event(rule: _Rule, ignored: list[str]) -> PlannedEvent:
    kind = str(rule.type).lower()
    if kind not in EventType.values:
        raise BadPlan(_("Unknown type of event: %(type)s.") % {"type": kind[:40]})
    name = str(rule.name or "").strip() if kind == EventType.TRACK else ""
    label = name or kind
    if not isinstance(rule.schema, Mapping):
        raise BadPlan(_("%(event)s: no JSON Schema.") % {"event": label[:80]})
    labels = rule.schema.get("labels")
    owner = labels.get("owner") if isinstance(labels, Mapping) else ""
    mine: list[str] = []
    try:
        found = read_schema(_unwrapped(rule.schema, kind), mine)
    except BadPlan as problem:
        raise BadPlan(f"{label[:80]}: {problem}") from None
    ignored += [f"{label}: {one}" for one in mine]
    description = str(rule.description or rule.schema.get("description") or "")[:LONGEST_TEXT]
    return PlannedEvent(kind, name, str(owner or "")[:LONGEST_OWNER], description, *found)


def _unwrapped(schema: Mapping[str, Any], kind: str) -> Any:
    """The schema of the properties, where `schema` is that of the whole call."""
    found = schema.get("properties")
    if not isinstance(found, Mapping) or not found or not found.keys() <= CALL:
        return schema
    place = "traits" if kind in TRAITS else "properties"
    inner = found.get(place)
    return (inner or {}) if place in found and isinstance(inner, Mapping) else schema
