"""Who is in a segment, page by page; each look at clear identifiers stands in the audit log."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mops.lib.numerals import whole
from segments.models import Membership
from segments.pages.people import people
from segments.pages.states import found
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission, allows

PER_PAGE = 50


@never_cache
@require_GET
def view(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """In the order of their profiles' ids: ?after= is the last id of the page before."""
    space = get_workspace(request, workspace, Permission.VIEW_PROFILES)
    segment = found(space, pk)
    after = whole(request.GET.get("after", ""))
    members = Membership.objects.filter(workspace=space, segment=segment).order_by("profile_id")
    if after is not None:
        members = members.filter(profile_id__gt=after)
    page = list(members[: PER_PAGE + 1])
    clear = allows(request.member.role, Permission.MANAGE_PROFILES)
    rows = {one.profile_id: one for one in page[:PER_PAGE]}
    shown = [(person, rows[person.id]) for person in people(space, list(rows), clear=clear)]
    audit.record(space, request.user, "segment.members_viewed", segment.name, people=len(shown), clear_text=clear)
    context = {
        "segment": segment,
        "shown": shown,
        "after": page[PER_PAGE - 1].profile_id if len(page) > PER_PAGE else None,
        "is_first": not after,
    }
    return render(request, "segments/members.html", context)
