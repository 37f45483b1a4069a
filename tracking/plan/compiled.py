"""A version of the plan as something that checks events. Compiled once per process and version: versions never change."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jsonschema_rs
import structlog

from tracking.plan import names
from tracking.plan.reading import load, validator
from tracking.plan.schema import EventType, PlannedEvent
from tracking.plan_models import PlanVersion, PlanViolation

MOST_PER_EVENT = 20  # violations that are counted of one event; more say nothing new
Kind = PlanViolation.Kind
KINDS = {"required": Kind.MISSING, "type": Kind.WRONG_TYPE, "additionalProperties": Kind.UNKNOWN_PROPERTY}
log = structlog.get_logger(__name__)


class Violation(NamedTuple):
    kind: str
    property: str  # path; "" for an unknown event, or where the name may not be kept


class Compiled:
    """The events of one version, ready to check. `checks(type)` says whether the plan speaks about such events at all."""

    def __init__(self, events: Iterable[PlannedEvent]) -> None:
        self._validators = {event.key: validator(event) for event in events}
        self._types = {event_type for event_type, _name in self._validators}

    def violations(self, event_type: str, name: str, content: Mapping[str, Any]) -> list[Violation] | None:
        """What an event breaks, [] for nothing, None where the plan says nothing about events of this type."""
        if event_type not in self._types:
            return None
        found = self._validators.get((event_type, name if event_type == EventType.TRACK else ""))
        if found is None:
            return [Violation(Kind.UNKNOWN_EVENT, "")]
        return _violations(found, content)


def _violations(found: jsonschema_rs.Draft7Validator, content: Mapping[str, Any]) -> list[Violation]:
    seen: dict[Violation, None] = {}
    for error in found.iter_errors(dict(content)):
        kind = KINDS.get(error.kind.name, Kind.WRONG_VALUE)
        for last in _last(error.kind):
            seen[Violation(kind, _path([*error.instance_path, *last]))] = None
        if len(seen) >= MOST_PER_EVENT:
            break
    return list(seen)[:MOST_PER_EVENT]


def _last(kind: Any) -> Sequence[tuple[str, ...]]:
    """What an error's path lacks: the name of the missing property, or those of the unknown ones."""
    if kind.name == "required":
        return [(kind.property,)]
    if kind.name == "additionalProperties":
        return [(names.property_name(name),) for name in kind.unexpected]
    return [()]


def _path(steps: Iterable[str | int]) -> str:
    """["products", 0, "price"] → "products[].price", as the plan writes it."""
    path = ""
    for step in steps:
        path += "[]" if isinstance(step, int) else f".{step}" if path and step else step
    return path


@lru_cache(maxsize=200)
def compiled(version_id: int) -> Compiled | None:
    """The version of this id; None where it cannot be compiled or plans nothing: then nothing is checked."""
    events = PlanVersion.objects.values_list("events", flat=True).get(pk=version_id)
    try:
        planned = load(events)
        return Compiled(planned) if planned else None
    except ValueError as error:  # saved by another release: events go on without a check
        log.warning("plan.unusable", version=version_id, error=str(error))
        return None
