"""Why there is nothing to see, and the one thing to do about it."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.widgets import Context, Widget
from workspaces.permissions import Permission, allows


@dataclass(frozen=True)
class Nothing:
    icon: str
    title: str
    text: str
    url: str = ""
    action: str = ""


def load(board: Board) -> Context | None:
    nothing = _why(board)
    return {"nothing": nothing} if nothing else None


def is_empty(board: Board) -> bool:
    """Whether neither a platform nor the shop has ever delivered anything."""
    return not board.setup["pulled"] and not board.setup["ordered"]


def _why(board: Board) -> Nothing | None:
    if is_empty(board):
        return _no_data(board)
    if not board.is_blank:
        return None
    if board.selection.as_of:
        text = _("At the end of this day no numbers of this period had been pulled.")
        return Nothing("history", _("Nothing was known yet"), text, board.selection.having(as_of=None), _("Show today's numbers"))
    if board.selection.filters:
        return Nothing("filter-x", _("Nothing passes these filters"), _("No channel has numbers for this choice and period."),
                       board.selection.having(filters={}), _("Remove all filters"))  # fmt: skip
    text = _("Nothing was delivered or sold on these days, or they are not pulled.")
    url = board.selection.with_preset("30d").url
    return Nothing("calendar-search", _("No numbers in this period"), text, url, _("Show the last 30 days"))


def _no_data(board: Board) -> Nothing:
    accounts = board.freshness.accounts
    may = allows(board.member.role, Permission.MANAGE_CONNECTIONS)
    url = reverse("channels:connections", args=[board.workspace.slug]) if may else ""
    if accounts and all(account.needs_person for account in accounts):
        return Nothing(
            "plug-zap", _("The source failed"), accounts[0].message or _("The platform refuses the login."), url, _("Reconnect")
        )
    if board.setup["chosen"]:
        return Nothing(
            "loader", _("The first numbers are on their way"), _("Pulling has started. Days appear here as they arrive.")
        )
    if not may:
        return Nothing("plug", _("No data yet"), _("An admin of this workspace connects the first channel."))
    return Nothing(
        "plug",
        _("No data yet"),
        _("Connect a channel and its numbers appear here, a few minutes later."),
        url,
        _("Connect a channel"),
    )


WIDGET = Widget("empty", load)
