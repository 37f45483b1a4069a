"""Versions of a rule: listed, compared in words, an old one brought back; a copy of the whole segment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from mops.lib.numerals import whole
from segments import versions
from segments.models import Segment, SegmentVersion
from segments.pages.showing import in_words
from segments.pages.states import found
from segments.rules.parsing import BadRule
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

LATEST = 50


@require_GET
def view(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """All versions in words; ?a= and ?b= are compared, the two newest without them."""
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    segment = get_object_or_404(Segment.objects.select_related("workspace"), pk=pk, workspace=space, kind=Segment.Kind.RULE)
    listed = list(segment.versions.select_related("created_by").order_by("-number")[:LATEST])
    numbers = {str(version.number): version for version in listed}
    new = numbers.get(request.GET.get("b", ""), listed[0] if listed else None)
    old = numbers.get(request.GET.get("a", ""), listed[1] if len(listed) > 1 else None)
    context = {
        "segment": segment,
        "versions": [(version, _words(space, version)) for version in listed],
        "old": old,
        "new": new,
        "difference": _difference(space, old, new) if old and new and old != new else None,
    }
    return render(request, "segments/versions.html", context)


def _words(space: Workspace, version: SegmentVersion) -> str:
    try:
        return in_words(space, versions.rule(version))
    except BadRule:
        return _("This rule cannot be read any more.")


def _difference(space: Workspace, old: SegmentVersion, new: SegmentVersion) -> dict[str, object] | None:
    try:
        found = versions.compare(versions.rule(old), versions.rule(new))
    except BadRule:
        return None
    return {
        "old": _words(space, old), "new": _words(space, new),
        "removed": [in_words(space, rule) for rule in found.removed],
        "added": [in_words(space, rule) for rule in found.added],
    }  # fmt: skip


@require_POST
def restore(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """`version`: number of the version whose rule becomes the newest again."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = found(space, pk)
    old = segment.versions.filter(number=whole(request.POST.get("version", ""), 9) or 0).first()
    if old is None:
        messages.error(request, _("Choose a version."))
        return redirect("segments:versions", space.slug, pk)
    try:
        made = versions.restore(segment, old, request.user)
    except (versions.UnableToSave, BadRule) as problem:
        messages.error(request, str(problem))
        return redirect("segments:versions", space.slug, pk)
    messages.success(
        request, _("Version %(number)s is in force again.") % {"number": old.number} if made else _("This is the newest rule.")
    )
    return redirect("segments:detail", space.slug, pk)


@require_POST
def duplicate(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = get_object_or_404(
        Segment.objects.select_related("workspace", "purpose"), pk=pk, workspace=space, kind=Segment.Kind.RULE
    )
    copy = versions.duplicate(segment, request.user)
    messages.success(request, _("A copy, not built yet. Change what you like and save."))
    return redirect("segments:edit", space.slug, copy.pk)
