"""Authorization by fetching: the first line of every view of a workspace.

    space = get_workspace(request, workspace, Permission.VIEW_REPORTS)

A stranger gets 404, as if the workspace did not exist; a member whose role may not gets 403.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from workspaces.models import Member, User, Workspace
from workspaces.permissions import Permission, allows

YEAR = 365 * 24 * 3600

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


LAST_WORKSPACE = "last_workspace"  # cookie with the slug: the start page leads back there, without a write per visit


class WorkspaceRequest(HttpRequest):
    """A request behind the login; `workspace` and `member` are there after get_workspace."""

    user: User
    htmx: "HtmxDetails"
    workspace: Workspace
    member: Member


def get_workspace(request: HttpRequest, slug: str, permission: Permission) -> Workspace:
    """The workspace at `slug`, if this person is a member and their role has `permission`.

    Raises Http404 or PermissionDenied. Sets request.workspace and request.member; instants show in its zone from now on.
    """
    members = Member.objects.select_related("workspace", "user")
    member = members.filter(workspace__slug=slug, user=request.user.pk or 0, user__is_active=True).first()
    if member is None:
        raise Http404(f"No workspace {slug!r} for this person")
    request = cast(WorkspaceRequest, request)
    request.workspace, request.member = member.workspace, member
    timezone.activate(ZoneInfo(member.workspace.time_zone))
    if not allows(member.role, permission):
        raise PermissionDenied(permission)
    return member.workspace


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Every view needs a login unless it says otherwise; a fragment request sends the whole page to the login."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        refusal = super().process_view(request, view_func, view_args, view_kwargs)
        if refusal and getattr(request, "htmx", False):
            return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
        return refusal

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        member: Member | None = getattr(request, "member", None)
        if member and request.COOKIES.get(LAST_WORKSPACE) != member.workspace.slug:
            response.set_cookie(LAST_WORKSPACE, member.workspace.slug, max_age=YEAR, httponly=True, samesite="Lax",
                                secure=settings.HTTPS)  # fmt: skip
        return response
