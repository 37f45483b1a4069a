"""The Data API's RunReport over gRPC. The official package ships message types but no servers."""

import re
from collections import Counter, OrderedDict
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

import grpc
from google.analytics.data_v1beta.types import MetricType, RunReportRequest, RunReportResponse

from sandbox.faults import Fault
from sandbox.wires.ga4.access import PLATFORM, admit, properties, strike
from sandbox.wires.ga4.refusals import NO_ACCESS, Refused, abort, invalid
from sandbox.wires.ga4.report import CURRENCIES, FLOATS, Line, Query, lines, local_day, parse

if TYPE_CHECKING:
    from sandbox.market import Account
    from sandbox.server import Sandbox

METHOD = "/google.analytics.data.v1beta.BetaAnalyticsData/RunReport"
PAGE_FAULTS = frozenset({Fault.CUT_PAGE, Fault.DUPLICATE_ROWS, Fault.VANISHED_ROWS})
TOKENS_PER_DAY, TOKENS_PER_HOUR = 200_000, 40_000
ROWS_PER_TOKEN = 10_000
KEPT_REPORTS = 8


def handlers(sandbox: "Sandbox") -> list[grpc.GenericRpcHandler]:
    return [_Service(Wire(sandbox))]


class _Service(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def service(self, call: Any) -> Any:
        if call.method != METHOD:
            return None
        read, write = (
            RunReportRequest.pb(RunReportRequest()).__class__.FromString,
            lambda message: message.SerializeToString(),
        )
        return grpc.unary_unary_rpc_method_handler(self._wire.run_report, read, write)


class Wire:
    """The reports of the sandbox's properties and the tokens they cost."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._lock = Lock()
        self._computed: OrderedDict[tuple[str, Query, int], list[Line]] = OrderedDict()
        self._spent: Counter[tuple[str, date]] = Counter()

    def run_report(self, request: Any, context: Any) -> Any:
        try:
            return self._answer(request, dict(context.invocation_metadata()))
        except Refused as refused:
            abort(context, refused.refusal)

    def _answer(self, request: Any, metadata: dict[str, str]) -> Any:
        admit(self._sandbox, metadata.get("authorization", ""))
        account = self._property(request.property)
        fault = strike(self._sandbox, account.external_id, more=PAGE_FAULTS)
        now = self._sandbox.clock.now()
        query = parse(request, local_day(account, now))
        found = self._lines(account, query, now)
        page = found[query.offset : query.offset + query.limit]
        answer = _filled(query, _spoilt(page, fault), len(found))
        answer.metadata.currency_code, answer.metadata.time_zone = account.currency, account.time_zone
        self._sandbox.requests.add(PLATFORM, METHOD, account.external_id, len(page))
        if request.return_property_quota:
            self._add_quota(answer, account, now, 1 + len(page) // ROWS_PER_TOKEN)
        return answer

    def _property(self, name: str) -> "Account":
        found = re.fullmatch(r"properties/(\d+)", name)
        if found is None:
            raise invalid("The property must be given as properties/<number>.")
        account = next((one for one in properties(self._sandbox) if one.external_id == found[1]), None)
        if account is None:
            raise Refused(NO_ACCESS)
        return account

    def _lines(self, account: "Account", query: Query, as_of: datetime) -> list[Line]:
        """The whole report, kept for a minute: its next pages are asked for soon."""
        key = (account.external_id, query._replace(limit=0, offset=0), int(as_of.timestamp() // 60))
        with self._lock:
            if key not in self._computed:
                self._computed[key] = lines(self._sandbox.market, account, query, as_of)
                while len(self._computed) > KEPT_REPORTS:
                    self._computed.popitem(last=False)
            return self._computed[key]

    def _add_quota(self, answer: Any, account: "Account", now: datetime, tokens: int) -> None:
        with self._lock:
            self._spent[(account.external_id, now.date())] += tokens
            spent = self._spent[(account.external_id, now.date())]
        limits = {"tokens_per_day": TOKENS_PER_DAY, "tokens_per_hour": TOKENS_PER_HOUR}
        for name, limit in limits.items():
            status = getattr(answer.property_quota, name)
            status.consumed, status.remaining = tokens, max(0, limit - spent)


def _spoilt(page: list[Line], fault: Fault | None) -> list[Line]:
    """The page, acted upon by a fault; the row count stays what it was."""
    half = len(page) // 2
    if fault is Fault.DUPLICATE_ROWS:
        return page[:half] + page[:half] + page[2 * half :]
    return page[:half] if fault in (Fault.CUT_PAGE, Fault.VANISHED_ROWS) else page


def _filled(query: Query, page: list[Line], total: int) -> Any:
    answer = RunReportResponse.pb(RunReportResponse())
    answer.row_count, answer.kind = total, "analyticsData#runReport"
    for name in query.dimensions:
        answer.dimension_headers.add(name=name)
    for name in query.metrics:
        kind = (
            MetricType.TYPE_CURRENCY if name in CURRENCIES else MetricType.TYPE_FLOAT if name in FLOATS else MetricType.TYPE_INTEGER
        )
        answer.metric_headers.add(name=name, type_=int(kind))
    for labels, numbers in page:
        row = answer.rows.add()
        for label in labels:
            row.dimension_values.add(value=label)
        for text in numbers:
            row.metric_values.add(value=text)
    return answer
