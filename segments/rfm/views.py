"""The page of RFM groups: who buyers are this month, and who moved since another."""

from collections.abc import Sequence
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from segments.rfm import reading
from segments.rfm.groups import BY_KEY
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.models import Workspace
from workspaces.permissions import Permission


@require_GET
def index(request: WorkspaceRequest, workspace: str) -> HttpResponse:
    """Groups of ?month= (the newest) beside those of ?since= (the one before it), and the moves between the two."""
    space = get_workspace(request, workspace, Permission.VIEW_SEGMENTS)
    months = reading.months(space)
    if not months:
        return render(request, "segments/rfm.html", {"months": []})
    month = _chosen(request, "month", months) or months[0]
    earlier = [day for day in months if day < month]
    since = _chosen(request, "since", earlier) or (earlier[0] if earlier else None)
    context = {
        "months": months,
        "earlier": earlier,
        "month": month,
        "since": since,
        "rows": reading.by_group(space, month, since),
        **(_moves(space, since, month) if since else {}),
    }
    return render(request, "segments/rfm.html", context)


def _chosen(request: HttpRequest, name: str, months: Sequence[date]) -> date | None:
    """The month a query parameter names, None unless it is one of `months`."""
    return next((day for day in months if day.isoformat() == request.GET.get(name)), None)


def _moves(space: Workspace, since: date, month: date) -> dict[str, object]:
    """The matrix with the names of its rows and columns."""
    names = {key: str(group.name) for key, group in BY_KEY.items()}
    names |= {reading.GONE: _("No buyer any more"), reading.FRESH: _("No buyer before")}
    found = reading.moves(space, since, month)
    rows = [(names[row.key], list(zip(found.columns, row.cells, strict=True)), row) for row in found.rows]
    return {"move_columns": [names[key] for key in found.columns], "move_rows": rows}
