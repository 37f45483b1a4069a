"""Logging in at the platform: away to it and back."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from channels import connecting, oauth, tasks
from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError
from channels.models import Connection
from channels.told import Told
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission


@require_GET
@never_cache
def login(request: WorkspaceRequest, workspace: str, platform: str) -> HttpResponse:
    """To the platform's consent page. A GET, because browsers refuse to leave the site from a form (CSP form-action)."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    if platform not in PLATFORMS or not oauth.is_offered(platform):
        raise Http404(platform)
    wanted = request.GET.get("connection", "")
    if wanted:
        wanted = str(get_object_or_404(Connection, workspace=space, uuid=_uuid(wanted), platform=platform).uuid)
    return redirect(oauth.begin(request.session, space, request.user, platform, wanted))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404(text) from error


@require_GET
@never_cache
def done(request: WorkspaceRequest) -> HttpResponse:
    """The address registered at the platforms: lead on to the workspace that the state names."""
    try:
        address = reverse("channels:oauth_callback", args=[oauth.slug_of(request.GET.get("state", ""))])
    except NoReverseMatch as error:
        raise Http404("no state of ours") from error
    return redirect(f"{address}?{request.GET.urlencode()}")


@require_GET
@never_cache
@sensitive_variables("code", "values", "proof")
def callback(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Back from the platform: with a code, or with a refusal."""
    space = get_workspace(request, workspace, Permission.MANAGE_CONNECTIONS)
    try:
        flow = oauth.finish(request.session, space, request.user, request.GET.get("state", ""))
    except oauth.UnknownFlow:
        return _failed(request, _("This login was not started here"),
                       _("It was started in another browser or workspace, was already used, or took longer than ten minutes. "
                         "Nothing was connected."))  # fmt: skip
    code = request.GET.get("code", "")
    if request.GET.get("error") or not code:
        return _failed(request, _("The platform granted no access"),
                       _("Access was denied on the platform's page, so nothing was connected. Start again and allow it."),
                       flow)  # fmt: skip
    try:
        proof = connecting.prove(flow.platform, oauth.exchange(flow, code))
    except ConnectorError as error:
        audit.record(space, request.user, "connection.login_failed", PLATFORMS[flow.platform].label, message=error.message)
        return _failed(request, _("The login did not work"), str(Told(error.said)), flow)
    return _keep(request, space, flow, proof)


def _keep(request: WorkspaceRequest, space: Workspace, flow: oauth.Flow, proof: connecting.Proof) -> HttpResponse:
    if not flow.connection:
        name = connecting.free_name(space, PLATFORMS[flow.platform].label)
        connection = connecting.create(space, request.user, flow.platform, name, proof)
        messages.success(request, _("%(name)s is connected. Choose what to pull.") % {"name": connection.name})
        return redirect("channels:accounts", space.slug, connection.uuid)
    connection = get_object_or_404(Connection.objects.select_related("workspace"), workspace=space, uuid=flow.connection)
    try:
        connecting.reconnect(connection, request.user, proof)
    except connecting.AccountsMissing as missing:
        return _failed(request, _("This login sees other accounts"), _(
            "It does not reach %(accounts)s, so the connection was left as it is. Log in as somebody who reaches them, or stop "
            "pulling them first.") % {"accounts": missing}, flow)  # fmt: skip
    tasks.dispatch_on_commit()
    messages.success(request, _("%(name)s is connected again; the missed days are pulled now.") % {"name": connection.name})
    return redirect("channels:connection", space.slug, connection.uuid)


def _failed(request: WorkspaceRequest, title: str, text: str, flow: oauth.Flow | None = None) -> HttpResponse:
    """Why nothing was connected and how to go on. 400: a reload does not help."""
    return render(request, "channels/login_failed.html", {"title": title, "text": text, "flow": flow}, status=400)
