"""Versions of the plan: the one that counts, a new one with what it changes, and the way back to an old one."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from mops.lib.locks import lock_in_transaction
from tracking.models import PlanVersion
from tracking.plan.reading import MOST_EVENTS, BadPlan, load, problem
from tracking.plan.schema import PlannedEvent
from workspaces import audit
from workspaces.models import ApiKey, User, Workspace

Key = tuple[str, str]  # type and name of an event
Change = tuple[str, str]  # "added", "changed" or "removed", and the event's label


def current(workspace: Workspace) -> PlanVersion | None:
    """The version that counts; None before the first."""
    return PlanVersion.objects.filter(workspace=workspace).order_by("-number").first()


def planned(version: PlanVersion | None) -> dict[Key, PlannedEvent]:
    """The events of a version by type and name, in the order people read."""
    events = load(version.events) if version else []
    return {event.key: event for event in sorted(events, key=lambda one: (one.type != "track", one.name.lower(), one.type))}


@transaction.atomic
def revise(
    workspace: Workspace,
    by: User | None,
    events: Iterable[PlannedEvent] = (),
    without: Iterable[Key] = (),
    origin: str = PlanVersion.Origin.FORM,
) -> PlanVersion | None:
    """The newest version with `events` added or replaced and those of the keys `without` left out, as a new version.

    None where that changes nothing. Raises BadPlan.
    """
    _lock(workspace)
    found = planned(current(workspace))
    for key in without:
        found.pop(key, None)
    return save(workspace, by, [*{**found, **{event.key: event for event in events}}.values()], origin)


@transaction.atomic
def save(
    workspace: Workspace, by: User | ApiKey | None, events: Sequence[PlannedEvent], origin: str = PlanVersion.Origin.FORM
) -> PlanVersion | None:
    """A new version with exactly these events; None where that changes nothing. Raises BadPlan."""
    refuse_unusable(events)
    _lock(workspace)
    before = current(workspace)
    made = changes(list(planned(before).values()), events)
    if not made:
        return None
    number = before.number + 1 if before else 1
    stored = [event.as_json() for event in events]
    version = PlanVersion.objects.create(
        workspace=workspace, number=number, events=stored, origin=origin, changes=made, made_by=by if isinstance(by, User) else None
    )
    audit.record(workspace, by, "plan.changed", str(number), changes=[f"{what}: {name}" for what, name in made[:50]])
    return version


def refuse_unusable(events: Sequence[PlannedEvent]) -> None:
    """Raise BadPlan with the first reason why these events cannot be a plan."""
    if len(events) > MOST_EVENTS:
        raise BadPlan(_("More than %(number)s events.") % {"number": MOST_EVENTS})
    keys = [event.key for event in events]
    for event in events:
        if found := problem(event):
            raise BadPlan(f"{event.label}: {found}")
        if keys.count(event.key) > 1:
            raise BadPlan(_("“%(name)s” is there twice.") % {"name": event.label})


def _lock(workspace: Workspace) -> None:
    """One change at a time, so that none is lost."""
    lock_in_transaction("tracking plan", workspace.pk)


def changes(before: Sequence[PlannedEvent], after: Sequence[PlannedEvent]) -> list[Change]:
    """What differs between two versions, event by event."""
    old, new = ({event.key: event for event in events} for events in (before, after))
    added = [("added", event.label) for key, event in new.items() if key not in old]
    removed = [("removed", event.label) for key, event in old.items() if key not in new]
    changed = [("changed", event.label) for key, event in new.items() if key in old and old[key].content != event.content]
    return sorted(added + changed + removed, key=lambda change: change[1].lower())


def restore(version: PlanVersion, by: User) -> PlanVersion | None:
    """The events of an old version as a new one."""
    return save(version.workspace, by, load(version.events), PlanVersion.Origin.RESTORED)
