"""Where the numbers of a page come from: a panel beside it, or a page of its own."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from channels.connectors import PLATFORMS
from reporting.passport import passport
from reporting.views.bar import WINDOW_LABELS
from reporting.views.page import explained, select
from reporting.views.questions import question, table_of
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission


@require_GET
def passport_of(request: WorkspaceRequest, workspace: str, page: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    board, query = question(space, select(request, space, table_of(page)), request.member, page)
    found = passport(query, board.run(query))
    accounts = [
        (account, PLATFORMS[account.platform].label, WINDOW_LABELS[account.attribution_window]) for account in found.accounts
    ]
    context = {"passport": found, "accounts": accounts, "formulas": explained(query.metrics), "selection": board.selection}
    return render(request, "reporting/passport.html#panel" if request.htmx else "reporting/passport.html", context)
