"""The insights edge, at once or as a report run, and what can go wrong on its pages."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from threading import Lock
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sandbox.faults import Fault
from sandbox.http import Request, Response, Route, json_response
from sandbox.market import Account
from sandbox.tokens import Grant
from sandbox.wires.meta.graph import ACCOUNT, ANY_VERSION, PLATFORM, SCOPES, Graph, offset, paging, size
from sandbox.wires.meta.query import Query, parse
from sandbox.wires.meta.refusals import NO_ACCESS, TOO_MUCH, Refusal, Refused
from sandbox.wires.meta.rows import Row, insights, summary

PAGE_FAULTS = frozenset({
    Fault.CUT_PAGE, Fault.TRUNCATED_JSON, Fault.EMPTY_MIDDLE_PAGE, Fault.DUPLICATE_ROWS, Fault.VANISHED_ROWS,
})  # fmt: skip
SYNCHRONOUS_ROWS = 20_000  # a larger report is computed as a run only
KEPT_REPORTS = 8
PROGRESS = (("Job Not Started", 0), ("Job Running", 40), ("Job Completed", 99), ("Job Completed", 100))


@dataclass
class Run:
    """A report run. It takes a few looks to complete; "completed" at 99 % is not complete."""

    account: Account
    query: Query
    as_of: datetime
    looks: int = 0
    failed: bool = False

    @property
    def complete(self) -> bool:
        return self.looks >= len(PROGRESS) and not self.failed


class Reports:
    """Reports computed lately, so that the pages of one report agree, and the report runs."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lock = Lock()
        self._computed: OrderedDict[tuple[str, Query, int], list[Row]] = OrderedDict()
        self._runs: dict[str, Run] = {}
        self._ids = count(6_000_000_000_000_001)

    def rows(self, account: Account, query: Query, as_of: datetime) -> list[Row]:
        """The report's rows. Restated at most once a minute, as in life: pages are no snapshot."""
        key = (account.external_id, query, int(as_of.timestamp() // 60))
        with self._lock:
            if key not in self._computed:
                self._computed[key] = insights(self._graph.sandbox.market, account, query, as_of)
                while len(self._computed) > KEPT_REPORTS:
                    self._computed.popitem(last=False)
            return self._computed[key]

    def start(self, run: Run) -> str:
        with self._lock:
            run_id = str(next(self._ids))
            self._runs[run_id] = run
        return run_id

    def run(self, request: Request) -> Run:
        found = self._runs.get(request.match["run"])
        if found is None:
            message = f"Unsupported get request. Object with ID '{request.match['run']}' does not exist"
            raise Refused(Refusal(100, message, 33, kind="GraphMethodException"))
        return found


def routes(graph: Graph) -> list[Route]:
    edge = Edge(graph)
    run = r"(?P<run>\d+)"
    return [
        ("GET", f"{ANY_VERSION}/{ACCOUNT}/insights/?", graph.guarded(edge.at_once)),
        ("POST", f"{ANY_VERSION}/{ACCOUNT}/insights/?", graph.guarded(edge.start_run)),
        ("GET", f"{ANY_VERSION}/{run}/?", graph.guarded(edge.look)),
        ("GET", f"{ANY_VERSION}/{run}/insights/?", graph.guarded(edge.read_run)),
    ]


class Edge:
    """The answers of the insights edge."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._sandbox = graph.sandbox
        self._reports = Reports(graph)

    def at_once(self, request: Request, grant: Grant) -> Response:
        run = self._asked(request, grant)
        rows = self._reports.rows(run.account, run.query, run.as_of)
        if len(rows) > SYNCHRONOUS_ROWS:
            raise Refused(TOO_MUCH)
        return self._page(request, run, rows)

    def start_run(self, request: Request, grant: Grant) -> Response:
        run = self._asked(request, grant)
        self._graph.log(request, run.account.external_id)
        return json_response({"report_run_id": self._reports.start(run)})

    def look(self, request: Request, grant: Grant) -> Response:
        run = self._reports.run(request)
        self._graph.log(request, run.account.external_id)
        if self._take(run, frozenset({Fault.ASYNC_FAILED})):
            run.failed = True
        status, percent = ("Job Failed", 0) if run.failed else PROGRESS[min(run.looks, len(PROGRESS) - 1)]
        run.looks += 1
        return json_response({"id": request.match["run"], "async_status": status, "async_percent_completion": percent})

    def read_run(self, request: Request, grant: Grant) -> Response:
        run = self._reports.run(request)
        if not run.complete:
            message = "The report run is not completed. Wait until async_percent_completion is 100."
            raise Refused(Refusal(100, f"(#100) {message}", 1487390))
        return self._page(request, run, self._reports.rows(run.account, run.query, run.as_of))

    def _asked(self, request: Request, grant: Grant) -> Run:
        if not SCOPES & set(grant.scopes):
            raise Refused(NO_ACCESS)
        account, now = self._graph.account(request), self._sandbox.clock.now()
        run = Run(account, parse(request.params, now.astimezone(ZoneInfo(account.time_zone)).date()), now)
        if self._take(run, frozenset({Fault.TOO_MUCH_DATA})):
            raise Refused(TOO_MUCH)
        return run

    def _take(self, run: Run, only: frozenset[Fault]) -> Fault | None:
        return self._sandbox.faults.take(PLATFORM, run.account.external_id, only=only)

    def _page(self, request: Request, run: Run, rows: list[Row]) -> Response:
        begin, limit = offset(request.params), size(request.params)
        shown = rows[begin : begin + limit]
        fault = self._take(run, PAGE_FAULTS) if shown else None
        self._graph.log(request, run.account.external_id, len(shown))
        body: dict[str, Any] = {"data": shown, "paging": paging(request, begin, begin + len(shown), len(rows))}
        if run.query.summary and not begin:
            body["summary"] = summary(rows, run.query.summary)
        return _spoilt(request, body, begin, fault)


def _spoilt(request: Request, body: dict[str, Any], begin: int, fault: Fault | None) -> Response:
    """The page, acted upon by a fault."""
    rows = body["data"]
    half = len(rows) // 2
    if fault is Fault.EMPTY_MIDDLE_PAGE:
        # No rows, and a cursor to the same place: legal, but clients that stop at an empty page lose the rest.
        body |= {"data": [], "paging": paging(request, begin, begin, begin + 1, mark=f".{uuid4().hex[:6]}")}
    elif fault is Fault.DUPLICATE_ROWS:
        body["data"] = rows + rows[: half + 1]
    elif fault is Fault.VANISHED_ROWS:
        body["data"] = rows[:half]
    whole = json_response(body)
    text = json.dumps(body)[: len(whole.body) // 2].encode()
    if fault is Fault.TRUNCATED_JSON:
        return Response(body=text)
    if fault is Fault.CUT_PAGE:
        return Response(body=text, cut=len(whole.body) - len(text))
    return whole
