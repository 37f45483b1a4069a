"""What all dashboard pages share: the selection from the URL, and page or fragment from one context."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from mops.lib.clock import today
from reporting import columns, saved_views
from reporting.board import Board
from reporting.kpis import KPIS, MEASURES
from reporting.metric_table import SOURCE_LABELS
from reporting.selection import Selection, read, remembered
from reporting.views.bar import period_bar, views_menu
from reporting.widgets import Widget, show
from workspaces.access import WorkspaceRequest
from workspaces.models import User, Workspace

PREFERENCE = "dashboard"


def select(request: WorkspaceRequest, space: Workspace, table: str = "") -> Selection:
    """The selection of this request; a new choice becomes the person's default.

    `table` is the one whose columns and views the page shows. A bare address opens the person's default view of it.
    """
    preferences, mine = request.user.preferences, columns.mine(request.user.preferences, space.pk, table)
    view = saved_views.find(request.member, table, mine["view"]) if mine.get("view") and not request.GET else None
    params = saved_views.params_of(view) if view else request.GET
    choices = preferences.get(PREFERENCE, {})
    selection = read(params, choices, today(space.time_zone), space.time_zone, table)
    if changed := remembered(selection, request.GET, choices):
        User.objects.filter(pk=request.user.pk).update(preferences=preferences | {PREFERENCE: changed})
    if "columns" in params or selection.view:
        return selection
    return replace(selection, columns=columns.known(mine.get("columns", ()), table))


def dashboard(request: WorkspaceRequest, template: str, board: Board, widgets: Sequence[Widget], **context: Any) -> HttpResponse:
    """The whole page, or its board alone for htmx; both from the same context."""
    context |= {
        "board": board, "selection": board.selection, "bar": period_bar(board), "page": board.page,
        "views": views_menu(board) if board.selection.table else None,
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
