"""Every change of a budget, kept in the audit log and read back for the budget page."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from campaigns.models import Campaign
from channels.taxonomy import channel_label
from workspaces import audit
from workspaces.models import AuditEvent, User, Workspace

ACTION = "budget.planned"


class Change(NamedTuple):
    channel: str
    month: date
    before: Decimal | None  # None = nothing planned
    after: Decimal | None


def record(workspace: Workspace, user: User, campaign: Campaign | None, changes: Iterable[Change]) -> None:
    """One entry per changed cell, in the running transaction."""
    for change in changes:
        audit.record(
            workspace, user, ACTION, f"{change.channel} {change.month:%Y-%m}",
            campaign=campaign.name if campaign else "", planned={"before": _text(change.before), "after": _text(change.after)},
        )  # fmt: skip


def last_changes(workspace: Workspace, count: int) -> list[dict[str, Any]]:
    """Newest first: event, channel in words, month, campaign's name as it was, before and after."""
    events = AuditEvent.objects.filter(workspace=workspace, action=ACTION).order_by("-at", "-pk")[:count]
    return [_shown(event) for event in events]


def _shown(event: AuditEvent) -> dict[str, Any]:
    channel, month = event.target.split(" ")
    planned = event.details["planned"]
    return {
        "event": event,
        "channel": channel_label(channel),
        "month": date.fromisoformat(f"{month}-01"),
        "campaign": event.details["campaign"],
        "before": _amount(planned["before"]),
        "after": _amount(planned["after"]),
    }


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _amount(text: str) -> Decimal | None:
    return Decimal(text) if text else None
