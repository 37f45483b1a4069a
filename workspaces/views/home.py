"""Where one arrives: the last workspace, the choice among several, or the first one to be created."""

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from workspaces.access import LAST_WORKSPACE, WorkspaceRequest
from workspaces.context import start_url
from workspaces.creation import create_workspace
from workspaces.forms import ProfileForm, WorkspaceForm
from workspaces.models import Member


def memberships(request: WorkspaceRequest) -> list[Member]:
    members = Member.objects.select_related("workspace").filter(user=request.user)
    return list(members.order_by("workspace__name"))


@require_GET
def home(request: WorkspaceRequest) -> HttpResponse:
    mine = memberships(request)
    last = [member for member in mine if member.workspace.slug == request.COOKIES.get(LAST_WORKSPACE)]
    if not mine:
        return redirect("create_workspace")
    if last or len(mine) == 1:
        return redirect(start_url((last or mine)[0].workspace))
    return redirect("choose_workspace")


@require_GET
def choose(request: WorkspaceRequest) -> HttpResponse:
    return render(request, "workspaces/choose.html", {"memberships": memberships(request)})


@require_http_methods(["GET", "POST"])
def create(request: WorkspaceRequest) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, initial={"language": request.user.language})
    if form.is_valid():
        workspace = create_workspace(form.save(commit=False), request.user)
        return redirect(start_url(workspace))
    is_first = not Member.objects.filter(user=request.user).exists()
    return render(request, "workspaces/create.html", {"form": form, "is_first": is_first})


@require_http_methods(["GET", "POST"])
def profile(request: WorkspaceRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if form.is_valid():
        form.save()
        return redirect("profile")
    context = {"form": form, "memberships": memberships(request), "has_mfa": is_mfa_enabled(request.user)}
    return render(request, "workspaces/profile.html", context)
