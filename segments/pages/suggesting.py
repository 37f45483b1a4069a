"""Values to choose from while somebody types, from the data."""

from collections.abc import Sequence

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from channels.taxonomy import CHANNELS
from segments import catalog
from segments.pages.posted import NAME
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission

FRESH = 60  # seconds a browser keeps what it was told


@require_GET
def view(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """?of= names an input of the row that is sent along."""
    space = get_workspace(request, workspace, Permission.MANAGE_SEGMENTS)
    page = "segments/builder/options.html" if request.htmx else "segments/builder/suggestions.html"
    response = render(request, page, {"values": _values(space, request.GET)})
    response.headers["Cache-Control"] = f"private, max-age={FRESH}"
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def _values(space: Workspace, query: QueryDict) -> Sequence[str]:
    match = NAME.fullmatch(query.get("of", ""))
    if not match:
        return []
    block, row, number, name = match.groups()
    prefix = f"b{block}r{row}."
    field, event = query.get(prefix + "field", ""), query.get(prefix + "name", "")
    inner = prefix if number is None else f"{prefix}f{number}."
    if field in ("event", "page", "screen"):
        if name == "property":
            return catalog.properties(space, event)
        return catalog.values(space, event, query.get(inner + "property", ""))
    if field.startswith("order."):
        return _of_order(space, query.get(inner + "property", ""))
    if field.startswith("touch."):
        return _of_order(space, field.rpartition(".")[2])
    if field.startswith("trait"):
        return catalog.trait_values(space, field.partition(".")[2] or event)
    return []


def _of_order(space: Workspace, dimension: str) -> Sequence[str]:
    if dimension == "channel":
        return list(CHANNELS)
    return catalog.origins(space, dimension) if dimension in catalog.DIMENSIONS else []
