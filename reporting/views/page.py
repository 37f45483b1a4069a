"""What all dashboard pages share: the selection from the URL, the period bar, and page or fragment from one context."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from channels.taxonomy import CHANNELS
from mops.lib.clock import today
from mops.lib.period import COMPARISONS
from reporting.board import Board
from reporting.kpis import KPIS, MEASURES
from reporting.metric_table import SOURCE_LABELS
from reporting.selection import NO_COMPARISON, WINDOWS, Selection, read, remembered
from reporting.widgets import Widget, show
from workspaces.access import WorkspaceRequest
from workspaces.models import User, Workspace

PREFERENCE = "dashboard"
PRESET_LABELS: dict[str, tuple[str | Promise, str]] = {  # label, keyboard key
    "today": (gettext_lazy("Today"), "d"), "yesterday": (gettext_lazy("Yesterday"), "e"),
    "7d": (gettext_lazy("Last 7 days"), "w"), "28d": (gettext_lazy("Last 28 days"), "f"),
    "30d": (gettext_lazy("Last 30 days"), "t"), "91d": (gettext_lazy("Last 91 days"), "q"),
    "mtd": (gettext_lazy("Month to yesterday"), "m"), "last_month": (gettext_lazy("Last month"), "p"),
    "ytd": (gettext_lazy("Year to yesterday"), "y"), "12m": (gettext_lazy("Last 12 months"), "l"),
}  # fmt: skip
COMPARISON_LABELS: dict[str, str | Promise] = {
    "none": gettext_lazy("No comparison"), "previous": gettext_lazy("Period before"), "year": gettext_lazy("Same period last year"),
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


def select(request: WorkspaceRequest, space: Workspace) -> Selection:
    """The selection of this request; a new choice becomes the person's default."""
    preferences = request.user.preferences.get(PREFERENCE, {})
    selection = read(request.GET, preferences, today(space.time_zone), space.time_zone)
    if changed := remembered(selection, request.GET, preferences):
        User.objects.filter(pk=request.user.pk).update(preferences=request.user.preferences | {PREFERENCE: changed})
    return selection


def dashboard(
    request: WorkspaceRequest, template: str, board: Board, widgets: Sequence[Widget], *, export_page: str, **context: Any
) -> HttpResponse:
    """The whole page, or its board alone for htmx; both from the same context."""
    context |= {
        "board": board, "selection": board.selection, "bar": period_bar(board), "export_page": export_page,
        "widgets": show(request, board, widgets), "explained": explained(dict.fromkeys((*board.cards, *board.table))),
    }  # fmt: skip
    is_fragment = request.htmx and not request.htmx.history_restore_request
    response = render(request, f"{template}#board" if is_fragment else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def explained(keys: Iterable[str]) -> list[dict[str, Any]]:
    """What the info buttons of these metrics say."""
    sources = {key: dict.fromkeys(MEASURES[term].source for term in KPIS[key].terms) for key in keys}
    return [
        {"metric": KPIS[key], "sources": ", ".join(str(SOURCE_LABELS[source]) for source in found)}
        for key, found in sources.items()
    ]


def period_bar(board: Board) -> dict[str, Any]:
    """All choices with their links."""
    chosen = board.selection
    offered = {window for account in board.accounts for window in PLATFORMS[account.platform].windows}
    return {
        "presets": [Option(str(label), chosen.with_preset(preset).url, preset == chosen.preset, key)
                    for preset, (label, key) in PRESET_LABELS.items()],
        "preset_label": PRESET_LABELS[chosen.preset][0] if chosen.preset else "",
        "comparisons": [Option(str(COMPARISON_LABELS[name]), chosen.having(compare=name), name == chosen.compare)
                        for name in (NO_COMPARISON, *COMPARISONS)],
        "comparison_label": COMPARISON_LABELS[chosen.compare],
        "next_comparison": _next_comparison(chosen),
        "previous": chosen.stepped(-1).url,
        "next": chosen.stepped(1).url if chosen.has_next else "",
        "windows": [Option(str(WINDOW_LABELS[window]), chosen.having(window=window), window == chosen.window)
                    for window in WINDOWS if window in offered],
        "window_label": "" if chosen.window == DEFAULT_WINDOW else WINDOW_LABELS[chosen.window],
        "filters": _filters(board),
        "chips": _chips(board),
        "hidden": [pair for pair in chosen.params() if pair[0] not in ("period", "since", "last")],
        "hidden_as_of": [pair for pair in chosen.params() if pair[0] != "as_of"],
    }  # fmt: skip


def _next_comparison(chosen: Selection) -> str:
    names = (NO_COMPARISON, *COMPARISONS)
    return chosen.having(compare=names[(names.index(chosen.compare) + 1) % len(names)])


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


def _chips(board: Board) -> list[Option]:
    return [option for _label, options in _filters(board) for option in options if option.is_chosen]
