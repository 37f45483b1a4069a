"""Saved views in a panel: save what is on the screen, open, rename, share, make one's default, delete."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from reporting import columns, saved_views
from reporting.board import Board
from reporting.forms import SavedViewForm
from reporting.models import SavedView
from reporting.views.bar import views_menu
from reporting.views.columns import show_board
from reporting.views.page import select
from reporting.views.questions import address_of, table_of
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import User
from workspaces.permissions import Permission


@require_GET
def index(request: WorkspaceRequest, workspace: str, page: str) -> HttpResponse:
    get_workspace(request, workspace, Permission.VIEW_REPORTS)
    return _panel(request, page)


@require_POST
def create(request: WorkspaceRequest, workspace: str, page: str) -> HttpResponse:
    """Keep the selection of the address under the posted name."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    address, table = address_of(space, page), table_of(page)
    query = saved_views.query_of(select(request, space, table))
    form = SavedViewForm(request.POST, member=request.member, instance=SavedView(workspace=space, table=table, query=query))
    if not form.is_valid():
        return _panel(request, page, form=form)
    return show_board(request, address + saved_views.address(form.save()))


@require_POST
def change(request: WorkspaceRequest, workspace: str, page: str, pk: int) -> HttpResponse:
    """Rename a view or let others see it; with `replace` it keeps what is on the screen instead."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    view = _get(request, page, pk)
    if "replace" in request.POST:
        view.query = saved_views.query_of(select(request, space, view.table))
        view.save(update_fields=["query"])
        return show_board(request, address_of(space, page) + saved_views.address(view))
    form = SavedViewForm(request.POST, member=request.member, instance=view)
    if not form.is_valid():
        return _panel(request, page, editing=form)
    form.save()
    return _panel(request, page, _("The view is saved."))


@require_POST
def default(request: WorkspaceRequest, workspace: str, page: str, pk: int) -> HttpResponse:
    """Open the page with this view from now on, or, where it is the default already, no longer."""
    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)
    view = saved_views.get(request.member, table_of(page), pk)
    was = columns.mine(request.user.preferences, space.pk, view.table).get("view")
    chosen = 0 if was == view.pk else view.pk
    request.user.preferences = columns.with_mine(request.user.preferences, space.pk, view.table, view=chosen)
    User.objects.filter(pk=request.user.pk).update(preferences=request.user.preferences)
    return _panel(request, page, _("This view opens by itself from now on.") if chosen else _("No view opens by itself any more."))


@require_POST
def delete(request: WorkspaceRequest, workspace: str, page: str, pk: int) -> HttpResponse:
    get_workspace(request, workspace, Permission.VIEW_REPORTS)
    _get(request, page, pk).delete()
    return _panel(request, page, _("The view is deleted."))


def _get(request: WorkspaceRequest, page: str, pk: int) -> SavedView:
    """A view that this person may change. Raises Http404 and PermissionDenied."""
    view = saved_views.get(request.member, table_of(page), pk)
    if not saved_views.may_change(view, request.member):
        raise PermissionDenied(Permission.SHARE_VIEWS)
    return view


def _panel(
    request: WorkspaceRequest, page: str, done: str = "", *, form: SavedViewForm | None = None, editing: SavedViewForm | None = None
) -> HttpResponse:
    """The list with its forms; after a change a page without htmx is asked for anew."""
    space, member = request.workspace, request.member
    if done and not request.htmx:
        messages.success(request, done)
        return redirect("reporting:views", space.slug, page)
    address, table = address_of(space, page), table_of(page)
    board = Board(space, select(request, space, table), member, page=page)
    context: dict[str, Any] = {
        "form": form or SavedViewForm(member=member), "lines": _lines(request, table, editing), "done": done, "page": page,
        "address": address, "selection": board.selection, "views": views_menu(board),
        "mine": columns.mine(request.user.preferences, space.pk, table).get("view"),
    }  # fmt: skip
    return render(request, "reporting/saved_views.html" + ("#panel" if request.htmx else ""), context)


def _lines(request: WorkspaceRequest, table: str, editing: SavedViewForm | None) -> list[dict[str, Any]]:
    """Each view with its link and, for those who may change it, the form to do so."""
    return [
        {"view": view, "url": saved_views.address(view), "form": _form(request, view, editing)}
        for view in saved_views.visible(request.member, table)
    ]


def _form(request: WorkspaceRequest, view: SavedView, editing: SavedViewForm | None) -> SavedViewForm | None:
    if editing and editing.instance.pk == view.pk:
        return editing
    if not saved_views.may_change(view, request.member):
        return None
    return SavedViewForm(member=request.member, instance=view, auto_id=f"view-{view.pk}-%s")
