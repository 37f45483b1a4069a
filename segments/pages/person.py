"""One person and the segments: in which since when and why, in which not, what was before, what would move them."""

from typing import NamedTuple
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from mops.lib import clock
from segments.explaining import why
from segments.models import Membership, PastMembership, Segment
from tracking.models import Profile
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.permissions import Permission

LATEST = 50


class Line(NamedTuple):
    segment: Segment
    membership: Membership | None


@never_cache
@require_GET
def view(request: WorkspaceRequest, workspace: str, uuid: UUID) -> HttpResponse:
    """All segments; ?segment= explains one of them, condition by condition."""
    space = get_workspace(request, workspace, Permission.VIEW_PROFILES)
    profile = get_object_or_404(Profile.objects.select_related("merged_into"), uuid=uuid, workspace=space)
    if profile.merged_into:
        return redirect("segments:person", space.slug, profile.merged_into.uuid)
    segments = Segment.objects.filter(workspace=space).exclude(state=Segment.State.ARCHIVED).order_by("name")
    memberships = {one.segment_id: one for one in Membership.objects.filter(workspace=space, profile=profile)}
    lines = [Line(one, memberships.get(one.pk)) for one in segments.select_related("version", "workspace")]
    asked = request.GET.get("segment", "")
    chosen = next((line for line in lines if str(line.segment.pk) == asked), None)
    audit.record(space, request.user, "segment.person_viewed", str(profile))
    past = PastMembership.objects.filter(workspace=space, profile=profile)
    context = {
        "profile": profile,
        "inside": [line for line in lines if line.membership],
        "outside": [line for line in lines if not line.membership],
        "past": past.select_related("segment").order_by("-until")[:LATEST],
        "chosen": chosen,
        "why": why(chosen.segment, profile, clock.now()) if chosen else None,
    }
    if request.htmx and chosen:
        return render(request, "segments/why.html", context)
    return render(request, "segments/person.html", context)
