"""The columns of a table: chosen and put in order in a panel beside it, remembered per person and workspace."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseLocation

from reporting import columns
from reporting.kpis import KPIS
from reporting.selection import Selection
from reporting.views.page import select
from reporting.views.questions import address_of, table_of
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import User, Workspace
from workspaces.permissions import Permission


@require_http_methods(["GET", "POST"])
def choose(request: WorkspaceRequest, workspace: str, page: str) -> HttpResponse:
    """The panel with all metrics of the page's table; a POST keeps the ticked ones in their order."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    address, table = address_of(space, page), table_of(page)
    selection = select(request, space, table)
    if request.method == "POST":
        chosen = columns.STANDARD if "standard" in request.POST else columns.known(request.POST.getlist("column"), table)
        if chosen:
            return show_board(request, address + _kept(request, space, selection, chosen))
    shown = (selection.columns or columns.STANDARD) if request.method == "GET" else ()
    return render(request, "reporting/columns.html" + ("#panel" if request.htmx else ""), {
        "chosen": [KPIS[key] for key in shown],
        "others": columns.groups_of(sorted(set(columns.CHOICES[table]) - set(shown), key=_place)),
        "is_empty": not shown, "page": page, "selection": selection, "kpis": KPIS, "address": address,
    })  # fmt: skip


def show_board(request: WorkspaceRequest, url: str) -> HttpResponse:
    """To the page: as a fragment in its place where htmx asks, which also closes the panel."""
    if request.htmx:
        return HttpResponseLocation(url, target="#board", swap="outerHTML")
    return redirect(url)


def _kept(request: WorkspaceRequest, space: Workspace, selection: Selection, chosen: tuple[str, ...]) -> str:
    """Remember the columns; the address that shows them."""
    kept = () if chosen == columns.STANDARD else chosen
    preferences = columns.with_mine(request.user.preferences, space.pk, selection.table, columns=list(kept))
    User.objects.filter(pk=request.user.pk).update(preferences=preferences)
    return selection.having(columns=kept)


def _place(key: str) -> tuple[int, int]:
    """By origin, then in the order of the catalogue."""
    return list(columns.LABELS).index(columns.origin(key)), list(KPIS).index(key)
