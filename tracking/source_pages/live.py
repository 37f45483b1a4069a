"""What arrives right now: the last events and refusals of a source, with the steps each took."""

import json
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q

from tracking.ingest.steps import STEPS, Step
from tracking.models import Event, PlanViolation, Profile, Rejection, Source

SHOWN = 50
SEARCHED = 5_000  # newest events a filter looks through, every few seconds: a rare name must not read a year
REFUSED = "rejected"
REASON = Rejection.Reason
DOOR = 2  # of the steps happen before an event is acknowledged


class Arrived(NamedTuple):
    """A line of the debugger."""

    received_at: datetime
    type: str
    name: str
    message_id: str
    state: str  # pending, stored or rejected
    steps: list[str]  # labels of the steps it took
    why: str  # of a refusal, or what the steps remarked
    violations: list[tuple[str, str]]  # of the tracking plan: what is wrong, and the property
    content: str  # JSON, for people
    profile: UUID | None = None  # whose it is: the living profile


def arrivals(source: Source, name: str = "", state: str = "") -> list[Arrived]:
    """The newest first, events and refusals together; of one event or type, of one state (of Arrived)."""
    lines = [] if state == REFUSED else _events(source, name, state)
    lines += _refusals(source, name) if state in ("", REFUSED) else []
    return sorted(lines, key=lambda line: line.received_at, reverse=True)[:SHOWN]


def names(source: Source) -> list[str]:
    """Events of the last hours, to choose from."""
    newest = Event.objects.filter(source=source).order_by("-received_at").values_list("type", "name")[: 10 * SHOWN]
    return sorted({name or type_ for type_, name in newest})


def _events(source: Source, name: str, state: str) -> list[Arrived]:
    found = Event.objects.filter(source=source)
    if name or state:
        before = found.order_by("-received_at").values_list("received_at", flat=True)[SEARCHED : SEARCHED + 1].first()
        found = found.filter(received_at__gt=before) if before else found
    if name:
        found = found.filter(Q(name=name) | Q(type=name))
    if state:
        found = found.filter(state=state)
    events = list(found.order_by("-received_at")[:SHOWN])
    profiles = Profile.objects.filter(workspace=source.workspace_id, pk__in={event.profile_id for event in events})
    owners = {one.pk: (one.merged_into or one).uuid for one in profiles.select_related("merged_into")}
    return [_of_event(event)._replace(profile=owners.get(event.profile_id or 0)) for event in events]


def _refusals(source: Source, name: str) -> list[Arrived]:
    """A refused body was not read as far as the name of its event: its address tells the type at least."""
    found = Rejection.objects.filter(source=source, replayed_at=None)
    found = found.filter(endpoint=name) if name else found
    return [_of_refusal(one) for one in found.order_by("-received_at")[:SHOWN]]


def _of_event(event: Event) -> Arrived:
    taken = STEPS if event.state == Event.State.STORED else STEPS[:DOOR]
    content = {"properties": event.properties, "context": event.context, "traits": event.traits}
    why = "; ".join(f"{step}: {found}" for step, found in event.notes if step != "plan")
    broken = [_violation(found) for step, found in event.notes if step == "plan"]
    return Arrived(event.received_at, event.type, event.name, event.message_id, event.state, _labels(taken), why, broken,
                   _shown(content))  # fmt: skip


def _violation(note: str) -> tuple[str, str]:
    """ "missing total" → ("Required property missing", "total")."""
    kind, _space, path = note.partition(" ")
    return (str(PlanViolation.Kind(kind).label) if kind in PlanViolation.Kind.values else kind), path


def _of_refusal(refusal: Rejection) -> Arrived:
    why = f"{refusal.get_reason_display()} {refusal.detail}".strip()
    content = bytes(refusal.payload)[:4_000].decode(errors="replace")
    return Arrived(
        refusal.received_at, refusal.endpoint, "", refusal.message_id, REFUSED, _labels(_taken(refusal)), why, [], content
    )


def _taken(refusal: Rejection) -> tuple[Step, ...]:
    """Up to the step that refused it. A step that failed is named in the detail."""
    last = {REASON.NO_CONSENT: "consent", REASON.BOT: "bots", REASON.REFUSED: "consent"}.get(REASON(refusal.reason), "parse")
    if refusal.reason == REASON.STEP_FAILED:
        last = refusal.detail.partition(":")[0]
    names = [step.name for step in STEPS]
    return STEPS[: names.index(last) + 1] if last in names else STEPS[:DOOR]


def _labels(steps: tuple[Step, ...]) -> list[str]:
    return [str(step.label) for step in steps]


def _shown(content: dict[str, Any]) -> str:
    said = {name: value for name, value in content.items() if value}
    return json.dumps(said, indent=2, ensure_ascii=False)[:4_000]
