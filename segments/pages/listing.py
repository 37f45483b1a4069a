"""Lists: people put together by hand instead of by a rule."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from segments import finding
from segments.engine import lists
from segments.models import Segment
from segments.pages.forms import PeopleForm, SegmentForm
from workspaces import audit
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission


@require_http_methods(["GET", "POST"])
def new(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    begun = Segment(workspace=space, kind=Segment.Kind.LIST, state=Segment.State.LIVE, size=0, created_by=request.user)
    form = SegmentForm(request.POST or None, workspace=space, instance=begun)
    if form.is_valid():
        return _saved(request, form, "segment.created")
    return render(request, "segments/list_form.html", {"form": form})


@require_http_methods(["GET", "POST"])
def details(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Name, purpose and description, of lists and of rules alike."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = get_object_or_404(Segment, pk=pk, workspace=space)
    form = SegmentForm(request.POST or None, workspace=space, instance=segment)
    if form.is_valid():
        return _saved(request, form, "segment.changed")
    return render(request, "segments/list_form.html", {"form": form, "segment": segment})


def _saved(request: WorkspaceRequest, form: SegmentForm, action: str) -> HttpResponse:
    with transaction.atomic():
        segment: Segment = form.save()
        audit.record(segment.workspace, request.user, action, segment.name)
    messages.success(request, _("Saved."))
    return redirect("segments:detail", segment.workspace.slug, segment.pk)


@require_POST
def add(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    """Put the people with the pasted identifiers on the list."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    return _change(request, space, pk, "segment.people_added")


@require_POST
def remove(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    return _change(request, space, pk, "segment.people_removed")


def _change(request: WorkspaceRequest, space: Workspace, pk: int, action: str) -> HttpResponse:
    segment = get_object_or_404(Segment.objects.select_related("workspace"), pk=pk, workspace=space, kind=Segment.Kind.LIST)
    form = PeopleForm(request.POST)
    if not form.is_valid():
        for texts in form.errors.values():
            messages.error(request, " ".join(map(str, texts)))
        return redirect("segments:detail", space.slug, pk)
    found = finding.find(space, form.cleaned_data["identifiers"])
    adds = action == "segment.people_added"
    number = lists.add(segment, found.profiles, request.user) if adds else lists.remove(segment, found.profiles)
    audit.record(space, request.user, action, segment.name, people=number)
    messages.success(request, _outcome(number, found, adds=adds))
    return redirect("segments:detail", space.slug, pk)


def _outcome(number: int, found: finding.Found, *, adds: bool) -> str:
    if adds:
        texts = [ngettext("%(n)s person was added.", "%(n)s people were added.", number) % {"n": number}]
    else:
        texts = [ngettext("%(n)s person was removed.", "%(n)s people were removed.", number) % {"n": number}]
    if number := found.unknown:
        text = ngettext("%(n)s identifier belongs to nobody.", "%(n)s identifiers belong to nobody.", number)
        texts.append(text % {"n": number})
    if number := found.ambiguous:
        text = ngettext("%(n)s identifier belongs to several people.", "%(n)s identifiers belong to several people.", number)
        texts.append(text % {"n": number})
    return " ".join(texts)
