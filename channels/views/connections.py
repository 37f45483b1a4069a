"""The connections of a workspace and the page of one: state, accounts, coverage and runs."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from channels import cards, connecting, plan, states, strips, tasks
from channels.forms import NameForm
from channels.models import Connection, SyncRun
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

RUNS_PER_PAGE = 25
State = Connection.State


def get_connection(workspace: Workspace, uuid: UUID) -> Connection:
    return get_object_or_404(Connection.objects.select_related("workspace"), workspace=workspace, uuid=uuid)


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Every connection as a card; while pulls are open the cards ask for themselves every two seconds."""
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    shown = cards.cards(space)
    context = {"cards": shown, "is_busy": any(card.is_busy for card in shown)}
    return render(request, "channels/connections.html" + ("#cards" if request.htmx else ""), context)


@require_GET
def detail(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    connection = get_connection(space, uuid)
    card = cards.cards(space, only=connection)[0]
    runs = SyncRun.objects.filter(account__connection=connection).select_related("account")
    runs = runs.order_by(Coalesce("finished_at", "started_at", "run_after").desc(), "-pk")
    context = {
        "card": card,
        "connection": connection,
        "strips": strips.strips([line.account for line in card.lines]),
        "page": Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page")),
        "stopped": plan.stopped(connection),
        "has_waiting_backfill": plan.waiting_backfill(connection).exists(),
        "name_form": NameForm(initial={"name": connection.name}),
    }
    return render(request, "channels/connection.html" + ("#live" if request.htmx else ""), context)


@require_POST
def test(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Ask the platform whether the credential works; afterwards whatever waited goes on."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = states.check(_living(space, uuid))
    audit.record(space, request.user, "connection.tested", connection.name, state=connection.state)
    if connection.error_message:
        messages.error(request, str(connection.error_message))
    else:
        tasks.dispatch_on_commit()
        messages.success(request, _("%(name)s works.") % {"name": connection.name})
    return redirect("channels:connection", space.slug, uuid)


def _living(workspace: Workspace, uuid: UUID) -> Connection:
    """A connection that still has a credential."""
    living = Connection.objects.select_related("workspace").exclude(state=State.DISCONNECTED)
    return get_object_or_404(living, workspace=workspace, uuid=uuid)


@require_POST
def pause(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = _living(space, uuid)
    connecting.pause(connection, request.user, paused=True)
    messages.success(request, _("%(name)s is paused. Nothing is pulled until you go on.") % {"name": connection.name})
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def resume(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = _living(space, uuid)
    with transaction.atomic():
        connecting.pause(connection, request.user, paused=False)
        tasks.dispatch_on_commit()
    messages.success(request, _("%(name)s pulls again, the missed days too.") % {"name": connection.name})
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def rename(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = get_connection(space, uuid)
    form = NameForm(request.POST)
    if form.is_valid():
        connecting.rename(connection, request.user, form.cleaned_data["name"])
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A connection needs a name of at most 120 characters."))
    return redirect("channels:connection", space.slug, uuid)
