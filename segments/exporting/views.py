"""Export of a segment's members: says who may leave and who stays, then streams the file."""

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods

from mops.lib.tables import csv_lines
from segments.exporting import members
from segments.exporting.forms import ExportForm
from segments.models import Segment
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.permissions import Permission


@require_http_methods(["GET", "POST"])
def export(request: WorkspaceRequest, workspace: str, pk: int) -> HttpResponseBase:
    """The form; its POST answers with the file. Only segments with a purpose that is for no platform can be exported."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    segment = get_object_or_404(Segment.objects.select_related("purpose", "workspace"), pk=pk, workspace=space)
    purpose = segment.purpose if segment.purpose and not segment.purpose.destination else None
    form = ExportForm(request.POST or None)
    if purpose is None or not form.is_valid():
        return render(request, "segments/export.html", {"segment": segment, "form": form, "is_possible": purpose is not None})
    kind = form.cleaned_data["kind"]
    lines = csv_lines(("profile", kind), members.rows(segment, kind))
    response: HttpResponse | StreamingHttpResponse = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{slugify(segment.name) or 'segment'}.csv"
    said = {"identifier": kind, "purpose": purpose.key, "size": segment.size}
    return hand_out(response, name, space, request.user, "segment.exported", segment.name, **said)
