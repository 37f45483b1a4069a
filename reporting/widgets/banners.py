"""What a reader must know before the numbers: old knowledge, stale accounts, connections that need a person, missing days."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from reporting.board import Board
from reporting.freshness import AccountFreshness
from reporting.metric_table import SOURCE_LABELS
from reporting.templatetags.formats import number
from reporting.widgets import Context, Widget
from workspaces.permissions import Permission, allows

SHOWN = 3  # banners; a longer list hides the numbers


@dataclass(frozen=True)
class Banner:
    level: str  # danger, warning or info
    icon: str
    title: str
    text: str
    url: str = ""
    action: str = ""


def load(board: Board) -> Context | None:
    banners = [*_as_of(board), *_reconnect(board), *_stale(board), *_missing(board), *_lacking_comparison(board), *_unequal(board)]
    return {"banners": banners[:SHOWN], "more": banners[SHOWN:]} if banners else None


def _as_of(board: Board) -> list[Banner]:
    if board.selection.as_of is None:
        return []
    text = _("You see the numbers as they were known at the end of this day. Later corrections are left out.")
    return [
        Banner(
            "info", "history", _("Earlier state of knowledge"), text, board.selection.having(as_of=None), _("Show today's numbers")
        )
    ]


def _reconnect(board: Board) -> list[Banner]:
    return [
        Banner("danger", "plug-zap", _("%(account)s needs a person") % {"account": account.label},
               account.message or _("The platform refuses the login. Numbers stay as they are until somebody reconnects."),
               *_connections(board, account))
        for account in board.freshness.accounts if account.needs_person
    ]  # fmt: skip


def _stale(board: Board) -> list[Banner]:
    stale = [account for account in board.freshness.accounts if account.is_stale and not account.needs_person]
    if not stale:
        return []
    names = ", ".join(account.label for account in stale)
    return [Banner("warning", "clock-alert", _("No fresh numbers for more than 26 hours"), names, *_connections(board, stale[0]))]


def _missing(board: Board) -> list[Banner]:
    lacking = [account for account in board.freshness.accounts if account.missing]
    if not lacking:
        return []
    names = ", ".join(
        _("%(account)s: %(days)s days") % {"account": account.label, "days": len(account.missing)} for account in lacking
    )
    title = _("Some days of this period are not pulled yet")
    return [Banner("warning", "calendar-x", title, names, *_connections(board, lacking[0]))]


def _lacking_comparison(board: Board) -> list[Banner]:
    if not board.lacking:
        return []
    names = ", ".join(str(SOURCE_LABELS[source]) for source in sorted(board.lacking))
    text = _("Numbers begin later, so changes are not shown: %(sources)s.") % {"sources": names}
    return [Banner("info", "git-compare-arrows", _("The comparison period is not complete"), text)]


def _unequal(board: Board) -> list[Banner]:
    """Sums of a longer period are larger: no verdict on the marketing."""
    period, comparison = board.selection.period, board.selection.comparison
    if comparison is None or board.is_even:
        return []
    text = _("%(days)s days are compared with %(others)s: compare ratios, not sums.") % {
        "days": number(period.days), "others": number(comparison.days)}  # fmt: skip
    return [Banner("info", "git-compare-arrows", _("The two periods differ in length"), text)]


def _connections(board: Board, account: AccountFreshness) -> tuple[str, str]:
    if not allows(board.member.role, Permission.VIEW_CONNECTIONS):
        return "", ""
    return reverse("channels:connections", args=[board.workspace.slug]), _("Open connections")


WIDGET = Widget("banners", load)
