"""GET /api/v1/metrics: the same numbers as the dashboards, for programs."""

from collections.abc import Iterable
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.decorators import api_view, permission_classes
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from mops.lib.clock import today
from mops.lib.period import Period
from mops.lib.tables import plain
from reporting import export
from reporting.asking import comparison_of, filters_of, names_of, period_of
from reporting.freshness import freshness
from reporting.notes import Note
from reporting.query import Query, QueryError, Result, Row, Values, run
from reporting.serializers import ErrorSerializer, MetricsParameters, MetricsSerializer
from workspaces.api_keys import RequiresScope
from workspaces.downloads import hand_out
from workspaces.models import ApiKey, Workspace

READS_METRICS = RequiresScope(ApiKey.Scope.METRICS_READ)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WRONG_METRIC = OpenApiExample(
    "Wrong metric",
    {"error": {"kind": "invalid", "message": "Unknown: 'cost'.", "field": "metrics"}},
    response_only=True,
    status_codes=["400"],
)


class FormatIsAParameter(BaseContentNegotiation):
    """`format` chooses a file here; DRF would look for a renderer of that name and answer 404."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or "application/json"


@extend_schema(
    operation_id="metrics_read",
    summary="Read metrics",
    description="Metrics of a period, broken down and filtered. Ratios of totals are ratios of sums; an undefined ratio is null. "
    "Conversions claimed by different platforms are never added up (note `mixed_platforms`): read `by_platform`, or own orders.",
    parameters=[MetricsParameters],
    responses={
        (200, "application/json"): MetricsSerializer,
        (200, "text/csv"): OpenApiTypes.STR,
        (200, XLSX): OpenApiTypes.BINARY,
        400: ErrorSerializer,
    },
    examples=[WRONG_METRIC],
)
@api_view(["GET"])
@permission_classes([READS_METRICS])
def metrics(request: Request) -> HttpResponseBase:
    parameters = MetricsParameters(data=_flat(request))
    if not parameters.is_valid():
        field, messages = next(iter(parameters.errors.items()))
        return _refused(field, " ".join(str(message) for message in messages))
    try:
        query = _query(_workspace(request), parameters.validated_data)
        result = run(query)
    except QueryError as error:
        return _refused(error.field, error.message)
    return _answer(parameters.validated_data["format"], query, result, cast(ApiKey, request.auth))


metrics.cls.content_negotiation_class = FormatIsAParameter


def _workspace(request: Request) -> Workspace:
    key: Any = request.auth  # READS_METRICS lets no other kind in
    workspace: Workspace = key.workspace
    return workspace


def _flat(request: Request) -> dict[str, Any]:
    return {**request.query_params.dict(), "filter": request.query_params.getlist("filter")}


def _refused(field: str, message: str) -> Response:
    return Response({"error": {"kind": "invalid", "message": message, "field": field}}, status=400)


def _query(workspace: Workspace, given: dict[str, Any]) -> Query:
    period = period_of(given["period"], given.get("since"), given.get("until"), today(workspace.time_zone))
    compared = comparison_of(given["comparison"], given.get("comparison_since"), given.get("comparison_until"), period)
    names = names_of(given["metrics"])
    if not names:
        raise QueryError("metrics", "At least one metric.")
    return Query(
        workspace, period, names, names_of(given["dimensions"]), filters_of(given["filter"]),
        compared, given["attribution_window"], given.get("as_of"), given["order_by"], given["limit"],
    )  # fmt: skip


def _answer(format: str, query: Query, result: Result, key: ApiKey) -> HttpResponseBase:
    if format == "json":
        return Response(as_json(query, result))
    answer: HttpResponseBase
    if format == "xlsx":
        answer = HttpResponse(export.workbook(query, result), content_type=XLSX)
    else:
        lines = export.raw_csv(query, result) if format == "csv" else export.german_csv(query, result)
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = export.file_name(query, "xlsx" if format == "xlsx" else "csv")
    said = {"key": key.name, "period": export.days(query.period), "rows": result.row_count}
    return hand_out(answer, name, query.workspace, None, "report.exported", "api", **said)


def as_json(query: Query, result: Result) -> dict[str, Any]:
    """The answer as MetricsSerializer describes it."""
    state = freshness(query.workspace, query.period, query.filters)
    return {
        "period": _period(query.period), "comparison": _period(query.comparison), "currency": result.currency,
        "time_zone": query.workspace.time_zone, "attribution_window": query.attribution_window, "as_of": query.as_of,
        "row_count": result.row_count, "rows": [_row(query.dimensions, row) for row in result.rows],
        "totals": _row((), result.totals), "notes": _notes((*result.notes, *state.notes)),
    }  # fmt: skip


def _period(period: Period | None) -> dict[str, Any] | None:
    return {"since": period.since, "until": period.until} if period else None


def _row(dimensions: tuple[str, ...], row: Row) -> dict[str, Any]:
    texts = (None if value is None else str(value) for value in row.key)
    cells = zip(dimensions, texts, row.labels, strict=True) if dimensions else ()
    return {
        "dimensions": {name: {"value": value, "label": label} for name, value, label in cells},
        "metrics": _values(row.values), "previous": None if row.previous is None else _values(row.previous),
        "by_platform": {platform: _values(values) for platform, values in row.by_platform.items()},
        "original_currency": row.original_currency, "original": _values(row.original), "notes": _notes(row.notes),
    }  # fmt: skip


def _values(values: Values) -> dict[str, str | None]:
    return {key: None if value is None else plain(value) for key, value in values.items()}


def _notes(notes: tuple[Note, ...]) -> list[dict[str, str]]:
    return [{"code": note.code, "text": note.text} for note in notes]
