"""A connection's credential and what it is used for: connect, choose accounts, reconnect, disconnect."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels import connecting, oauth, states, tasks
from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError
from channels.forms import FORMS, AccountsForm, CredentialForm, DisconnectForm
from channels.models import AdAccount, Connection
from channels.told import Told
from channels.views.connections import get_connection
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission


@require_GET
def platforms(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    return render(request, "channels/platforms.html", {"platforms": PLATFORMS.values()})


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
@sensitive_variables("proof", "form")
def connect(request: WorkspaceRequest, workspace: str, platform: str) -> HttpResponse:
    """Log in at the platform, or paste a credential: it is tried before it is kept."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    if platform not in PLATFORMS:
        raise Http404(platform)
    form = FORMS[platform](request.POST or None)
    proof = _proof(request, space, platform, form)
    if proof:
        connection = connecting.create(space, request.user, platform, connecting.free_name(space, PLATFORMS[platform].label), proof)
        messages.success(request, _("%(name)s is connected. Choose what to pull.") % {"name": connection.name})
        return redirect("channels:accounts", space.slug, connection.uuid)
    return render(request, "channels/connect.html", _login_context(space, platform, form))


@sensitive_variables()
def _proof(request: WorkspaceRequest, space: Workspace, platform: str, form: CredentialForm) -> connecting.Proof | None:
    """What the platform says to the pasted credential; a refusal becomes an error of the form."""
    if not form.is_valid():
        return None
    try:
        return connecting.prove(platform, form.values())
    except ConnectorError as error:
        audit.record(space, request.user, "connection.login_failed", PLATFORMS[platform].label, message=error.message)
        form.add_error(None, str(Told(error.said)))
        return None


def _login_context(
    space: Workspace, platform: str, form: CredentialForm, connection: Connection | None = None
) -> dict[str, object]:
    return {
        "platform": PLATFORMS[platform],
        "form": form,
        "connection": connection,
        "can_log_in": oauth.is_offered(platform),
        "redirect_uri": oauth.redirect_uri(),
    }


@require_http_methods(["GET", "POST"])
def accounts(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Choose what is pulled and since when."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = get_connection(space, uuid)
    listed = list(connection.accounts.order_by("name"))
    form = AccountsForm(request.POST or None, connection=connection, initial=_chosen(listed))
    if form.is_valid():
        chosen = {account.pk for account in form.cleaned_data["accounts"]}
        connecting.choose(connection, request.user, chosen, form.cleaned_data["since"], form.cleaned_data.get("goal", ""))
        tasks.dispatch_on_commit()
        messages.success(request, _("Saved. The newest days are pulled first."))
        return redirect("channels:connection", space.slug, uuid)
    context = {"connection": connection, "platform": form.platform, "accounts": listed, "form": form}
    return render(request, "channels/accounts.html", context | {"ticked": _ticked(form, listed)})


def _chosen(listed: list[AdAccount]) -> dict[str, object]:
    """What was chosen before."""
    since = min((account.backfilled_from for account in listed if account.backfilled_from), default=None)
    goal = next((account.goal for account in listed if account.goal), "")
    return ({"since": since} if since else {}) | ({"goal": goal} if goal else {})


def _ticked(form: AccountsForm, listed: list[AdAccount]) -> set[str]:
    """Ids to show as chosen: as sent, as stored, or a single account by itself."""
    if form.is_bound:
        return set(form["accounts"].value() or [])
    return {str(account.pk) for account in listed if account.selected or len(listed) == 1}


@require_POST
def look_for_accounts(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Ask the platform again which accounts there are."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = get_object_or_404(Connection, workspace=space, uuid=uuid, state__in=states.PULLING)
    before = connection.accounts.count()
    try:
        found = len(states.discover(connection)) - before
    except ConnectorError as error:
        messages.error(request, str(Told(error.said)))
    else:
        audit.record(space, request.user, "connection.accounts_looked_for", connection.name, new=found)
        messages.success(request, _("New accounts: %(count)d.") % {"count": found})
    return redirect("channels:accounts", space.slug, uuid)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters()
@sensitive_variables("proof", "form")
def reconnect(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """A new credential for a connection; its history stays."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = get_connection(space, uuid)
    form = FORMS[connection.platform](request.POST or None)
    proof = _proof(request, space, connection.platform, form)
    if proof:
        try:
            connecting.reconnect(connection, request.user, proof)
        except connecting.AccountsMissing as missing:
            form.add_error(None, _("This login does not reach %(accounts)s. Use one that does, or stop pulling them first.")
                           % {"accounts": missing})  # fmt: skip
        else:
            tasks.dispatch_on_commit()
            messages.success(request, _("%(name)s is connected again; the missed days are pulled now.") % {"name": connection.name})
            return redirect("channels:connection", space.slug, uuid)
    return render(request, "channels/connect.html", _login_context(space, connection.platform, form, connection))


@require_http_methods(["GET", "POST"])
def disconnect(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """Wipe the credential; keep the numbers or delete them too."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    connection = get_connection(space, uuid)
    form = DisconnectForm(request.POST or None, connection=connection)
    if form.is_valid():
        delete = form.cleaned_data["numbers"] == "delete"
        connecting.disconnect(connection, request.user, delete_data=delete)
        said = _("%(name)s and its numbers are deleted.") if delete else _("%(name)s is disconnected. Its numbers are kept.")
        messages.success(request, said % {"name": connection.name})
        return redirect("channels:connections", space.slug)
    return render(request, "channels/disconnect.html", {"connection": connection, "form": form})
