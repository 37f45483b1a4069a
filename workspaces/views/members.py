"""Members and invitations of a workspace, and the page behind an invitation's link."""

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mops.lib.clock import now
from workspaces import invitations, members
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.context import start_url
from workspaces.forms import InviteForm, JoinForm
from workspaces.members import NotAllowed
from workspaces.models import Invitation, Member, Role, User
from workspaces.permissions import Permission, grantable_by

LOGIN_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@require_http_methods(["GET", "POST"])
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_MEMBERS)
    roles = grantable_by(request.member.role)
    form = InviteForm(request.POST or None, roles=roles)
    if form.is_valid() and _invite(request, form):
        return redirect("workspaces:members", space.slug)
    context = {
        "form": form,
        "roles": roles,
        "all_roles": Role,
        "members": Member.objects.filter(workspace=space).select_related("user").order_by("joined_at", "pk"),
        "invitations": invitations.open_invitations(space),
        "now": now(),
    }
    return render(request, "workspaces/members.html", context)


def _invite(request: WorkspaceRequest, form: InviteForm) -> bool:
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    try:
        invitation, token = invitations.invite(request.workspace, email, role, by=request.member)
    except NotAllowed as refusal:
        form.add_error("email", str(refusal))
        return False
    _send(request, invitation, token)
    return True


def _send(request: WorkspaceRequest, invitation: Invitation, token: str) -> None:
    try:
        invitations.send(invitation, token)
    except OSError:
        text = _("The mail to %(email)s could not be sent. Check EMAIL_URL of the server, then send the invitation again.")
        messages.error(request, text % {"email": invitation.email})
    else:
        messages.success(request, _("Invitation sent to %(email)s.") % {"email": invitation.email})


@require_POST
def change_role(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_MEMBERS)
    member = get_object_or_404(Member, pk=pk, workspace=space)
    role = request.POST.get("role", "")
    try:
        members.change_role(member, role, by=request.member)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        label = Role(role).label
        messages.success(request, _("%(name)s is now %(role)s.") % {"name": member.user, "role": label})
    return redirect("workspaces:members", space.slug)


@require_POST
def remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_MEMBERS)
    member = get_object_or_404(Member.objects.select_related("user"), pk=pk, workspace=space)
    try:
        members.remove(member, by=request.member)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s no longer has access.") % {"name": member.user})
    if Member.objects.filter(workspace=space, user=request.user).exists():
        return redirect("workspaces:members", space.slug)
    return redirect("home")  # they removed themselves


@require_POST
def resend_invitation(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """A new link for the same person; the old one ends."""
    space = get_workspace(request, workspace, Permission.MANAGE_MEMBERS)
    old = get_object_or_404(invitations.open_invitations(space), pk=pk)
    try:
        invitation, token = invitations.invite(space, old.email, old.role, by=request.member)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        _send(request, invitation, token)
    return redirect("workspaces:members", space.slug)


@require_POST
def revoke_invitation(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_MEMBERS)
    invitation = get_object_or_404(invitations.open_invitations(space), pk=pk)
    invitations.revoke(invitation, by=request.member)
    messages.success(request, _("The invitation for %(email)s no longer works.") % {"email": invitation.email})
    return redirect("workspaces:members", space.slug)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Join: with the account that is logged in, after a login, or with a new account made here."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "workspaces/invitation_invalid.html", status=404)
    known = User.objects.filter(email__iexact=invitation.email).exists()
    form = JoinForm(request.POST or None, email=invitation.email)
    if request.method == "POST":
        try:
            if _join(request, invitation, form, known):
                return redirect(start_url(invitation.workspace))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
    context = {"invitation": invitation, "form": form, "known": known}
    return render(request, "workspaces/invitation.html", context)


def _join(request: HttpRequest, invitation: Invitation, form: JoinForm, known: bool) -> bool:
    if request.user.is_authenticated:
        invitations.accept(invitation, request.user)
        return True
    if known or not form.is_valid():
        return False
    language = get_language() or "en"
    user = invitations.accept_with_new_account(
        invitation, name=form.cleaned_data["name"], password=form.cleaned_data["password"], language=language
    )
    login(request, user, backend=LOGIN_BACKEND)
    return True
