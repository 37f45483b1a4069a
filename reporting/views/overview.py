"""The first page: how marketing does as a whole."""

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from reporting.board import Board
from reporting.columns import CHANNELS
from reporting.views.page import dashboard, select
from reporting.widgets import banners, channel_table, checklist, empty, kpi_cards, time_chart
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission

WIDGETS = (banners.WIDGET, checklist.WIDGET, empty.WIDGET, kpi_cards.WIDGET, time_chart.WIDGET, channel_table.WIDGET)


@require_GET
def overview(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    board = Board(space, select(request, space, CHANNELS), request.member, page="overview")
    shown = WIDGETS[:3] if empty.is_empty(board) else WIDGETS
    return dashboard(
        request, "reporting/dashboard.html", board, shown, title=_("Overview"),
        without_bar=empty.is_empty(board),
    )  # fmt: skip
