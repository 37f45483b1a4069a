"""The bar above a dashboard: every choice of period, comparison, filters and window as a link to the same page with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from channels.taxonomy import CHANNELS
from mops.lib.period import COMPARISONS
from reporting import comparing, saved_views
from reporting.board import Board
from reporting.comparing import CUSTOM, Compared
from reporting.selection import NO_COMPARISON, WINDOWS, Selection

PRESET_LABELS: dict[str, tuple[str | Promise, str]] = {  # label, keyboard key
    "today": (gettext_lazy("Today"), "d"), "yesterday": (gettext_lazy("Yesterday"), "e"),
    "7d": (gettext_lazy("Last 7 days"), "w"), "28d": (gettext_lazy("Last 28 days"), "f"),
    "30d": (gettext_lazy("Last 30 days"), "t"), "91d": (gettext_lazy("Last 91 days"), "q"),
    "mtd": (gettext_lazy("Month to yesterday"), "m"), "last_month": (gettext_lazy("Last month"), "p"),
    "ytd": (gettext_lazy("Year to yesterday"), "y"), "12m": (gettext_lazy("Last 12 months"), "l"),
}  # fmt: skip
COMPARISON_LABELS: dict[str, str | Promise] = {
    "none": gettext_lazy("No comparison"), "previous": gettext_lazy("Period before"), "year": gettext_lazy("Same period last year"),
    CUSTOM: gettext_lazy("Another period"),
}  # fmt: skip
WINDOW_LABELS: dict[str, str | Promise] = {
    DEFAULT_WINDOW: gettext_lazy("The platform's own"), "conversion_date": gettext_lazy("By day of conversion"),
    "1d_click": gettext_lazy("1 day after click"), "7d_click": gettext_lazy("7 days after click"),
    "28d_click": gettext_lazy("28 days after click"), "1d_view": gettext_lazy("1 day after view"),
}  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One choice of the period bar: a link to the same page with it."""

    label: str
    url: str
    is_chosen: bool
    key: str = ""


def period_bar(board: Board) -> dict[str, Any]:
    """All choices with their links."""
    chosen, filters = board.selection, _filters(board)
    offered = {window for account in board.accounts for window in PLATFORMS[account.platform].windows}
    return {
        "presets": [Option(str(label), chosen.with_preset(preset).url, preset == chosen.preset, key)
                    for preset, (label, key) in PRESET_LABELS.items()],
        "preset_label": PRESET_LABELS[chosen.preset][0] if chosen.preset else "",
        "comparisons": [Option(str(COMPARISON_LABELS[name]), chosen.compared_by(name).url, name == chosen.compare)
                        for name in (NO_COMPARISON, *COMPARISONS)],
        "comparison_label": COMPARISON_LABELS[chosen.compare],
        "next_comparison": _next_comparison(chosen),
        "previous": chosen.stepped(-1).url,
        "next": chosen.stepped(1).url if chosen.has_next else "",
        "windows": [Option(str(WINDOW_LABELS[window]), chosen.having(window=window), window == chosen.window)
                    for window in WINDOWS if window in offered],
        "window_label": "" if chosen.window == DEFAULT_WINDOW else WINDOW_LABELS[chosen.window],
        "filters": filters,
        "chips": [option for _label, options in filters for option in options if option.is_chosen],
        "hidden": [pair for pair in chosen.params() if pair[0] not in ("period", "since", "last")],
        "hidden_comparison": [pair for pair in chosen.params() if pair[0] not in ("compare", comparing.SINCE, comparing.LAST)],
        "compared": chosen.compared or _proposed(chosen),
        "hidden_as_of": [pair for pair in chosen.params() if pair[0] != "as_of"],
    }  # fmt: skip


def _next_comparison(chosen: Selection) -> str:
    names = (NO_COMPARISON, *COMPARISONS)
    position = names.index(chosen.compare) if chosen.compare in names else -1
    return chosen.compared_by(names[(position + 1) % len(names)]).url


def _proposed(chosen: Selection) -> Compared:
    """What the form for another period begins with: the comparison that is shown, or the period before."""
    period = chosen.comparison or chosen.period.previous()
    return Compared(period.since.isoformat(), period.last.isoformat())


def _filters(board: Board) -> list[tuple[str, list[Option]]]:
    """What can be filtered by, except what the page is about."""
    chosen = board.selection
    if board.campaign:
        return []
    platforms = sorted({account.platform for account in board.accounts})
    accounts = [(account.pk, f"{account.name} · {PLATFORMS[account.platform].label}") for account in board.accounts]
    groups: list[tuple[str, str, Sequence[tuple[Any, str]]]] = [
        ("platform", _("Platform"), [(platform, PLATFORMS[platform].label) for platform in platforms]),
        ("account", _("Account"), accounts),
        ("channel", _("Channel"), [(channel.code, str(channel.label)) for channel in CHANNELS.values()]),
    ]  # fmt: skip
    return [
        (label, [Option(text, chosen.toggled(name, value).url, value in chosen.filters.get(name, ())) for value, text in values])
        for name, label, values in groups if name not in board.fixed and values
    ]  # fmt: skip


def views_menu(board: Board) -> dict[str, Any]:
    """The saved views of the page's table as links, the open one, and whether it was changed since."""
    chosen = board.selection
    views = saved_views.visible(board.member, chosen.table)
    current = next((view for view in views if view.pk == chosen.view), None)
    options = [(view, Option(view.name, saved_views.address(view), view is current)) for view in views]
    return {
        "own": [option for view, option in options if not view.is_shared],
        "shared": [option for view, option in options if view.is_shared],
        "current": current,
        "is_changed": current is not None and saved_views.differs(current, chosen),
        "standard": chosen.having(columns=(), view=0, sort=""),
    }
