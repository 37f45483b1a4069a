"""Any JSON as events, by a saved mapping: {"event": "=Order Completed", "userId": "buyer.id", "properties.order_id": "number"}.

The left side is a field of an event, the right side a path into the body, or a fixed text after "=". "each" names a list in
the body: one event per element, paths then start at the element and "^" at the body.
"""

from collections.abc import Mapping
from typing import Any

from tracking.collector.shops import NotUnderstood

FIELDS = ("type", "event", "name", "messageId", "userId", "anonymousId", "previousId", "groupId", "originalTimestamp", "timestamp")
OBJECTS = ("properties", "traits", "context")
LARGEST = 500  # events of one body


def problems(mapping: Any) -> list[str]:
    """Left sides that mean nothing, for the form. Empty when the mapping can be used."""
    if not isinstance(mapping, dict):
        return ["{}"]
    return [str(target) for target, path in mapping.items() if not isinstance(path, str) or not path or not _is_target(str(target))]


def _is_target(target: str) -> bool:
    head, _dot, rest = target.partition(".")
    return target == "each" or target in FIELDS or (head in OBJECTS and bool(rest))


def events(mapping: Mapping[str, str], content: Any, own_id: str) -> list[dict[str, Any]]:
    """The events in `content`; those without a mapped message id are named after `own_id`. Raises NotUnderstood."""
    if not mapping:
        raise NotUnderstood("No mapping is saved yet.")
    elements = look_up(content, mapping["each"]) if "each" in mapping else [content]
    if not isinstance(elements, list) or len(elements) > LARGEST:
        raise NotUnderstood(f"“each” leads to no list of at most {LARGEST} elements.")
    return [_event(mapping, content, element, f"{own_id}-{number}") for number, element in enumerate(elements)]


def _event(mapping: Mapping[str, str], content: Any, element: Any, own_id: str) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "track", "messageId": own_id}
    for target, path in mapping.items():
        if target == "each":
            continue
        value = path[1:] if path.startswith("=") else look_up(content if path.startswith("^") else element, path.removeprefix("^"))
        if value is not None:
            _put(event, target.split("."), value)
    return event


def _put(event: dict[str, Any], steps: list[str], value: Any) -> None:
    """Objects on the way are copied: they may be parts of the body, which other fields and elements show as well."""
    for step in steps[:-1]:
        inner = event.get(step, {})
        if not isinstance(inner, dict):
            return
        event[step] = inner = dict(inner)
        event = inner
    event[steps[-1]] = value


def look_up(content: Any, path: str) -> Any:
    """The value at "a.b.0.c", None where there is none."""
    for step in filter(None, path.split(".")):
        if isinstance(content, dict):
            content = content.get(step)
        elif isinstance(content, list) and step.isdecimal() and int(step[:6]) < len(content):
            content = content[int(step[:6])]
        else:
            return None
    return content
