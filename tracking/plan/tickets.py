"""Broken rules handed to those who can mend them: the ticket, what it says, and whether it still happens.

A ticket is about one rule and one source. It is closed by people, and comes back by itself when the rule is broken again.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Sum, TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from mops.lib.numerals import whole
from tracking.models import Event, PlanViolation, Source, Ticket
from tracking.plan import versions, violations
from tracking.plan.schema import EventType, PlannedEvent, Property
from tracking.plan.violations import Rule
from workspaces import audit
from workspaces.models import User, Workspace

QUIET_AFTER = timedelta(days=3)
COUNTED = 1_000  # "at least" from here on
MOST_RELEASES = 20


class State(TextChoices):
    HAPPENS = "happens", _("Still happens")
    QUIET = "quiet", _("Not seen for 3 days")
    MENDED = "mended", _("Mended")
    BACK = "back", _("Came back")


class Release(NamedTuple):
    """How often one release of the sender broke the rule."""

    name: str
    number: int  # of events
    first_day: date
    last_at: datetime


class NotBroken(ValueError):
    """Nothing to hand over; the text says why."""


def rule_of(ticket: Ticket) -> Rule:
    return Rule(ticket.source_id, ticket.event, ticket.kind, ticket.property)


@transaction.atomic
def hand_over(workspace: Workspace, rule: Rule, by: User, *, note: str = "") -> Ticket:
    """A new ticket about what broke the plan. Raises NotBroken where nothing did, or where one is open already."""
    if not rule.event or not violations.of(rule).filter(workspace=workspace).exists():
        raise NotBroken(gettext("Nothing like that broke the plan."))
    lock_in_transaction("tickets", workspace.pk)
    number = (Ticket.objects.filter(workspace=workspace).aggregate(most=Max("number"))["most"] or 0) + 1
    try:
        with transaction.atomic():
            ticket = Ticket.objects.create(
                workspace=workspace, number=number, **rule._asdict(), note=note, made_by=by, made_at=clock.now()
            )
    except IntegrityError as problem:
        raise NotBroken(gettext("There is an open ticket about this already.")) from problem
    audit.record(workspace, by, "plan.ticket_opened", str(ticket), event=rule.event, kind=rule.kind, property=rule.property)
    return ticket


def close(ticket: Ticket, by: User) -> bool:
    """Take it as mended from now on. False where it was closed already."""
    return _change(ticket, by, "plan.ticket_closed", None, clock.now())


def reopen(ticket: Ticket, by: User) -> bool:
    """False where it is open, or another one about the same is."""
    try:
        with transaction.atomic():
            return _change(ticket, by, "plan.ticket_reopened", ticket.closed_at, None)
    except IntegrityError:
        return False


@transaction.atomic
def _change(ticket: Ticket, by: User, action: str, before: datetime | None, after: datetime | None) -> bool:
    if before == after or not Ticket.objects.filter(pk=ticket.pk, closed_at=before).update(closed_at=after):
        return False
    audit.record(ticket.workspace, by, action, str(ticket))
    return True


def state_of(ticket: Ticket, last_at: datetime | None) -> State:
    """`last_at`: when an event last broke the rule, None where the counts are deleted."""
    if ticket.closed_at:
        return State.BACK if last_at and last_at > ticket.closed_at else State.MENDED
    return State.HAPPENS if last_at and last_at > clock.now() - QUIET_AFTER else State.QUIET


def listed(workspace: Workspace) -> list[tuple[Ticket, State, datetime | None]]:
    """All tickets, newest first, with when the rule was last broken."""
    found = list(Ticket.objects.filter(workspace=workspace).select_related("source", "made_by").order_by("-number"))
    last = _last_seen(workspace, {ticket.event for ticket in found})
    rows = [(ticket, last.get(rule_of(ticket))) for ticket in found]
    return [(ticket, state_of(ticket, at), at) for ticket, at in rows]


def _last_seen(workspace: Workspace, events: Iterable[str]) -> dict[Rule, datetime]:
    rows = PlanViolation.objects.filter(workspace=workspace, event__in=events).order_by()
    return {Rule(*row): at for *row, at in rows.values_list(*Rule._fields).annotate(at=Max("last_at"))}


def by_rule(workspace: Workspace) -> dict[Rule, Ticket]:
    """The newest ticket about each rule."""
    return {rule_of(ticket): ticket for ticket in Ticket.objects.filter(workspace=workspace).order_by("number")}


def releases(rule: Rule) -> list[Release]:
    """By release of the sender, the one seen last first."""
    grouped = violations.of(rule).values_list("release").annotate(total=Sum("number"), first_day=Min("day"), last=Max("last_at"))
    return [Release(*row) for row in grouped.order_by("-last")[:MOST_RELEASES]]


def came_since(ticket: Ticket, at: datetime) -> int:
    """Events of this kind that the source sent after `at`, counted up to COUNTED."""
    is_call = ticket.event in EventType.values and ticket.event != EventType.TRACK
    named = {"type": ticket.event, "name": ""} if is_call else {"type": EventType.TRACK, "name": ticket.event}
    rows = Event.objects.filter(
        workspace=ticket.workspace_id, source=ticket.source_id, state="stored", received_at__gt=at, **named
    )  # fmt: skip
    return rows.order_by()[:COUNTED].count()


def planned_event(ticket: Ticket) -> PlannedEvent | None:
    """What the plan says of it today."""
    events = versions.planned(versions.current(ticket.workspace)).values()
    return next((event for event in events if event.short == ticket.event), None)


def planned_property(ticket: Ticket, event: PlannedEvent | None) -> Property | None:
    return next((one for one in event.properties if one.path == ticket.property), None) if event else None


def alike(ticket: Ticket, event: PlannedEvent | None) -> str:
    """What may be meant by a name the plan does not know; "" where nothing is like it."""
    if ticket.kind == PlanViolation.Kind.UNKNOWN_EVENT:
        known = [one.name for one in versions.planned(versions.current(ticket.workspace)).values() if one.name]
        name = ticket.event
    elif ticket.kind == PlanViolation.Kind.UNKNOWN_PROPERTY and event:
        known, name = [one.path for one in event.properties], ticket.property
    else:
        return ""
    spelled = {one.lower().replace(" ", "_"): one for one in known}
    return next((spelled[one] for one in get_close_matches(name.lower().replace(" ", "_"), spelled, n=1)), "")


def last_address(workspace: Workspace) -> str:
    """Where the last one went: most go to the same desk."""
    sent = Ticket.objects.filter(workspace=workspace).exclude(sent_to="").order_by("-number")
    return sent.values_list("sent_to", flat=True).first() or ""


def source_of(workspace: Workspace, text: str) -> Source | None:
    """The source an address names."""
    return Source.objects.filter(workspace=workspace, pk=whole(text) or 0).first()
