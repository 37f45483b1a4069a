"""The builder: one address for the page and for every button on it. The rule travels in the form, the server keeps nothing."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mops.lib.numerals import whole
from segments import catalog, versions
from segments.models import Segment
from segments.pages import draft as drafts
from segments.pages import posted, showing
from segments.pages.controls import Options
from segments.pages.forms import SegmentForm
from segments.pages.panel import panel
from segments.pages.posted import Builder
from segments.rules.templates import TEMPLATES
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

Context = dict[str, Any]


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """A new segment: empty, or begun from a template (?template=key)."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    chosen = next((one for one in TEMPLATES if one.key == request.GET.get("template")), None)
    begun = Segment(workspace=space, name=str(chosen.name) if chosen else "", description=str(chosen.description) if chosen else "")
    start = drafts.draft(versions.plain(chosen.rule)) if chosen else drafts.Draft()
    return _answer(request, space, begun, Builder(start))


@never_cache
@require_http_methods(["GET", "POST"])
def edit(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponse:
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segments = Segment.objects.select_related("version", "workspace", "purpose")
    segment = get_object_or_404(segments, pk=pk, workspace=space, kind=Segment.Kind.RULE)
    newest = versions.newest(segment)
    return _answer(request, space, segment, Builder(drafts.draft(newest.rule) if newest else drafts.Draft()))


def _answer(request: WorkspaceRequest, space: Workspace, segment: Segment, stored: Builder) -> HttpResponse:
    action = request.POST.get("do", "save" if request.method == "POST" and not request.htmx else "")
    builder = posted.act(posted.read(request.POST), action) if request.method == "POST" else stored
    form = SegmentForm(request.POST or None, workspace=space, instance=segment)
    if action == "save" and (saved := _save(request, form, builder)):
        return saved
    context = _context(space, segment, builder, strict=action in ("save", "refresh"), focus=_focus(builder, action))
    if request.htmx:
        response = render(request, "segments/builder/blocks.html", context)
        response.headers["HX-Trigger-After-Settle"] = "composed"
        return response
    if action not in ("", "save"):
        form.errors.clear()  # nobody asked to save yet
    if request.method == "POST":
        context["panel"] = panel(request, space, context["read"], request.POST.get("purpose", ""), segment=segment.pk or 0)
    return render(request, "segments/builder/page.html", context | {"form": form, "segment": segment, **_names(space)})


def _context(space: Workspace, segment: Segment, builder: Builder, *, strict: bool, focus: str) -> Context:
    read = showing.read(builder.draft)
    options = Options(space, segment.pk)
    return {
        "builder": builder,
        "read": read,
        "blocks": showing.blocks(builder, options, read, strict=strict),
        "field_groups": showing.field_groups(),
        "builder_url": url(space, segment.pk),
        "focus": focus,
    }


def url(space: Workspace, pk: int | None) -> str:
    """Where the builder of a segment, or of a new one, lives."""
    return reverse("segments:edit", args=[space.slug, pk]) if pk else reverse("segments:new", args=[space.slug])


def _names(space: Workspace) -> Context:
    """The page's lists of suggestions."""
    names = {f"names-{kind}": catalog.events(space, kind) for kind in ("track", "page", "screen")}
    return {"name_lists": names | {"names-trait": catalog.trait_names(space)}}


def _focus(builder: Builder, action: str) -> str:
    """Id of the row a button has made: work goes on there."""
    name, _separator, number = action.partition(":")
    place = whole(number, 3)
    blocks = builder.draft.blocks
    if name in ("add-block", "add-exclusion"):
        return f"b{len(blocks) - 1}r0"
    if name == "add-row" and place is not None and place < len(blocks):
        return f"b{place}r{len(blocks[place].rows) - 1}"
    return ""


def _save(request: WorkspaceRequest, form: SegmentForm, builder: Builder) -> HttpResponse | None:
    """Store name and rule and begin to build; None where something is missing, which the page then says."""
    read = showing.read(builder.draft)
    if not form.is_valid():
        return None
    if read.rule is None:
        messages.error(request, _("Not saved yet: complete the conditions marked below."))
        return None
    segment: Segment = form.save(commit=False)
    before = segment.pk
    try:
        built = versions.save(segment, read.rule, request.user)
    except versions.UnableToSave as problem:
        segment.pk = before  # nothing of it is stored
        messages.error(request, str(problem))
        return None
    messages.success(request, _("Saved. Members appear when it is built.") if built else _("Saved."))
    return redirect("segments:detail", segment.workspace.slug, segment.pk)
