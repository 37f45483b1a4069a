"""The numbers of a page or a chart as a file, from the same question."""

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from reporting import export as files
from reporting.views.page import select
from reporting.views.questions import Asked, charted, question, table_of
from workspaces.access import WorkspaceRequest, get_workspace
from workspaces.downloads import hand_out
from workspaces.models import User
from workspaces.permissions import Permission

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"


@require_GET
def export(request: WorkspaceRequest, workspace: str, page: str, kind: str) -> HttpResponseBase:
    """`kind`: csv (raw), excel (CSV for German Excel) or xlsx."""
    space = get_workspace(request, workspace, Permission.EXPORT_REPORTS)
    return _file(question(space, select(request, space, table_of(page)), request.member, page), request.user, page, kind)


@require_GET
def chart(request: WorkspaceRequest, workspace: str, page: str, chart: str, kind: str) -> HttpResponseBase:
    """The figures a chart is drawn from; kinds as above."""
    space = get_workspace(request, workspace, Permission.EXPORT_REPORTS)
    asked = charted(space, select(request, space, table_of(page)), request.member, page, chart)
    return _file(asked, request.user, page, kind, chart)


def _file(asked: Asked, user: User, page: str, kind: str, part: str = "") -> HttpResponseBase:
    board, query = asked
    if kind not in ("csv", "excel", "xlsx"):
        raise Http404(f"No format {kind!r}")
    result = board.run(query)
    response: HttpResponseBase
    if kind == "xlsx":
        response = HttpResponse(files.workbook(query, result), content_type=XLSX)
    else:
        lines = files.raw_csv(query, result) if kind == "csv" else files.german_csv(query, result)
        response = StreamingHttpResponse(lines, content_type=CSV)
    name = files.file_name(query, "xlsx" if kind == "xlsx" else "csv", part)
    said = {"period": files.days(query.period), "rows": result.row_count, "part": part}
    return hand_out(response, name, query.workspace, user, "report.exported", page, **said)
