"""Pulling by hand, stopping and continuing the backfill, and what a pull changed in the past."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from channels import plan, restatements, tasks
from channels.models import AdAccount, Connection
from channels.states import PULLING
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission


def _pulling(workspace: Workspace, uuid: UUID) -> Connection:
    """A connection whose pulls run; on the others these buttons are not shown."""
    return get_object_or_404(Connection, workspace=workspace, uuid=uuid, state__in=PULLING)


@require_POST
def pull(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Today and yesterday of every chosen account, now."""
    space = get_workspace(request, workspace, Permission.RUN_SYNC)
    connection = _pulling(space, uuid)
    with transaction.atomic():
        waiting = sum(plan.pull_now(account) for account in connection.accounts.filter(selected=True))
        audit.record(space, request.user, "connection.pull_asked", connection.name, windows=waiting)
        tasks.dispatch_on_commit()
    messages.success(request, _("Today and yesterday are being pulled."))
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def fill(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Every day that is missing since the start of the backfill."""
    space = get_workspace(request, workspace, Permission.RUN_SYNC)
    connection = _pulling(space, uuid)
    with transaction.atomic():
        accounts = connection.accounts.filter(selected=True)
        planned = sum(plan.backfill(account, account.backfilled_from) for account in accounts)
        audit.record(space, request.user, "connection.fill_asked", connection.name, windows=planned)
        tasks.dispatch_on_commit()
    said = _("Everything that can be pulled already is, or is in line.")
    if planned:
        said = ngettext("%(count)d window is in line to be pulled.", "%(count)d windows are in line to be pulled.", planned)
    messages.success(request, said % {"count": planned})
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def cancel(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.RUN_SYNC)
    connection = _pulling(space, uuid)
    with transaction.atomic():
        cancelled = plan.cancel_backfill(connection)
        audit.record(space, request.user, "connection.backfill_cancelled", connection.name, windows=cancelled)
    said = ngettext("%(count)d window was cancelled.", "%(count)d windows were cancelled.", cancelled)
    messages.success(request, said % {"count": cancelled})
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def restore(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Undo of cancel."""
    space = get_workspace(request, workspace, Permission.RUN_SYNC)
    connection = _pulling(space, uuid)
    with transaction.atomic():
        planned = plan.continue_backfill(connection)
        audit.record(space, request.user, "connection.backfill_continued", connection.name, windows=planned)
        tasks.dispatch_on_commit()
    messages.success(request, _("The backfill goes on."))
    return redirect("channels:connection", space.slug, uuid)


@require_POST
def retry(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Accounts that were stopped or broke: forget the error and pull."""
    space = get_workspace(request, workspace, Permission.RUN_SYNC)
    connection = _pulling(space, uuid)
    with transaction.atomic():
        planned = sum(plan.retry(account) for account in connection.accounts.filter(selected=True))
        audit.record(space, request.user, "connection.retried", connection.name, windows=planned)
        tasks.dispatch_on_commit()
    messages.success(request, _("Trying again."))
    return redirect("channels:connection", space.slug, uuid)


@require_GET
def changes(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """What changed in the past of one account."""
    space = get_workspace(request, workspace, Permission.VIEW_CONNECTIONS)
    account = get_object_or_404(AdAccount.objects.select_related("connection"), workspace=space, pk=pk)
    page = Paginator(range(restatements.count(account)), restatements.PAGE).get_page(request.GET.get("page"))
    days = restatements.changes(account, offset=max(page.start_index() - 1, 0))
    return render(request, "channels/changes.html", {"account": account, "page": page, "days": days})
