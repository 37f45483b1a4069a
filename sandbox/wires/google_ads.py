"""The Google Ads API over gRPC: search, paged search and the list of accessible customers, in the client's own version.

The official package ships message types but no servers: methods are found by name and speak its types.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc

from sandbox.faults import Fault
from sandbox.wires.gaql import Query, QueryRefused, parse
from sandbox.wires.gaql_rules import validate
from sandbox.wires.google_ads_errors import FAILURES, Failure, abort
from sandbox.wires.google_ads_rows import Row, local_day, select

if TYPE_CHECKING:
    from sandbox.market import Account
    from sandbox.server import Sandbox

PLATFORM = "google_ads"
SCOPE = "https://www.googleapis.com/auth/adwords"
PAGE = 10_000  # rows of one stream message and of one page
METHOD = re.compile(r"/google\.ads\.googleads\.(v\d+)\.services\.(\w+)/(\w+)")
VERSIONS = ("v23", "v24", "v26")
STREAM_FAULTS = frozenset({Fault.CUT_PAGE, Fault.EMPTY_MIDDLE_PAGE, Fault.DUPLICATE_ROWS, Fault.VANISHED_ROWS})
CALL_FAULTS = (frozenset(FAILURES) | {Fault.TIMEOUT, Fault.TRANSIENT_503}) - {Fault.ACCOUNT_DISABLED}
ACCOUNT_FAULTS = CALL_FAULTS | {Fault.ACCOUNT_DISABLED}
WITH_RESULTS, ONLY_SUMMARY = 3, 4  # SummaryRowSetting


def handlers(sandbox: "Sandbox") -> list[grpc.GenericRpcHandler]:
    return [_Service(sandbox)]


class _Service(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """Finds the method by name, whatever API version the client speaks."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def service(self, call: Any) -> Any:
        found = METHOD.fullmatch(call.method)
        if found is None or found[1] not in VERSIONS:
            return None
        wire = Wire(self._sandbox, found[1], call.method, dict(call.invocation_metadata))
        types = import_module(f"google.ads.googleads.{found[1]}.services.types")
        method = (found[2], found[3])
        if method == ("GoogleAdsService", "SearchStream"):
            return grpc.unary_stream_rpc_method_handler(
                wire.search_stream, types.SearchGoogleAdsStreamRequest.deserialize, _serialize
            )
        if method == ("GoogleAdsService", "Search"):
            return grpc.unary_unary_rpc_method_handler(wire.search, types.SearchGoogleAdsRequest.deserialize, _serialize)
        if method == ("CustomerService", "ListAccessibleCustomers"):
            request = types.ListAccessibleCustomersRequest.deserialize
            return grpc.unary_unary_rpc_method_handler(wire.accessible, request, _serialize)
        return None


def _serialize(message: Any) -> bytes:
    found: bytes = message.SerializeToString()
    return found


class Wire:
    """One call: its metadata, and the checks every call passes before it is answered."""

    def __init__(self, sandbox: "Sandbox", version: str, path: str, metadata: dict[str, str]) -> None:
        self._sandbox = sandbox
        self._version = version
        self._path = path
        self._metadata = metadata
        self._request_id = uuid4().hex[:22]

    def accessible(self, request: Any, context: Any) -> Any:
        """CustomerService.ListAccessibleCustomers: direct access only, managed accounts hide behind their manager."""
        self._admit(context)
        self._strike(context, self._sandbox.faults.take(PLATFORM, only=CALL_FAULTS))
        direct = [one for one in self._accounts() if not one.manager_id]
        self._sandbox.requests.add(PLATFORM, self._path, rows=len(direct))
        answer = self._message("services", "ListAccessibleCustomersResponse")
        answer.resource_names.extend(f"customers/{one.external_id}" for one in direct)
        return answer

    def search_stream(self, request: Any, context: Any) -> Iterator[Any]:
        """GoogleAdsService.SearchStream: messages of up to 10,000 rows, the summary row last."""
        account = self._reach(request.customer_id, context)
        self._strike(context, self._sandbox.faults.take(PLATFORM, account.external_id, only=ACCOUNT_FAULTS))
        with_summary = request.summary_row_setting >= WITH_RESULTS
        query, rows, summary = self._answer(request.query, account, context, wants_summary=with_summary)
        only = STREAM_FAULTS if query.selects("metrics") else frozenset()
        fault = self._sandbox.faults.take(PLATFORM, account.external_id, only=only)
        self._sandbox.requests.add(PLATFORM, self._path, account.external_id, len(rows))
        if request.summary_row_setting != ONLY_SUMMARY:
            for page in _pages(rows, fault):
                if page is None:
                    context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")
                    return
                yield self._page("SearchGoogleAdsStreamResponse", query, page)
        if with_summary:
            last = self._page("SearchGoogleAdsStreamResponse", query, [])
            self._fill(last.summary_row, summary)
            yield last

    def search(self, request: Any, context: Any) -> Any:
        """GoogleAdsService.Search: one page; the token of the next one is a plain offset."""
        account = self._reach(request.customer_id, context)
        self._strike(context, self._sandbox.faults.take(PLATFORM, account.external_id, only=ACCOUNT_FAULTS))
        if request.page_size:
            self._fail(context, Failure("request_error", "PAGE_SIZE_NOT_SUPPORTED", "Setting the page size is not supported."))
        query, rows, _ = self._answer(request.query, account, context, wants_summary=False)
        start = int(request.page_token or 0)
        answer = self._page("SearchGoogleAdsResponse", query, rows[start : start + PAGE])
        self._sandbox.requests.add(PLATFORM, self._path, account.external_id, len(answer.results))
        answer.next_page_token = str(start + PAGE) if start + PAGE < len(rows) else ""
        if request.search_settings.return_total_results_count:
            answer.total_results_count = len(rows)
        return answer

    def _accounts(self) -> list["Account"]:
        return [one for one in self._sandbox.market.accounts if one.platform == PLATFORM]

    def _admit(self, context: Any) -> None:
        """Request id for both directions; the bearer token must live and carry the scope."""
        context.send_initial_metadata((("request-id", self._request_id),))
        scheme, _, token = self._metadata.get("authorization", "").partition(" ")
        grant = self._sandbox.tokens.holder(token) if scheme.lower() == "bearer" else None
        if grant is None:
            self._fail(context, FAILURES[Fault.EXPIRED_TOKEN])
        elif SCOPE not in grant.scopes:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "Request had insufficient authentication scopes.")

    def _reach(self, customer_id: str, context: Any) -> "Account":
        """The account, if this caller may see it through the manager it logs in with."""
        self._admit(context)
        login = self._metadata.get("login-customer-id", "")
        if login and not re.fullmatch(r"\d{10}", login):
            self._fail(context, Failure("header_error", "INVALID_LOGIN_CUSTOMER_ID", "The login customer ID is not valid."))
        account = next((one for one in self._accounts() if one.external_id == customer_id), None)
        if account is None or (account.manager_id and not login):
            self._fail(context, FAILURES[Fault.PERMISSION_DENIED])
        assert account is not None
        if login and login not in (account.manager_id, account.external_id):
            code = "INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION"
            self._fail(context, Failure("authorization_error", code, "The login customer does not manage this customer."))
        return account

    def _strike(self, context: Any, fault: Fault | None) -> None:
        """Act out a fault that ends the call before any row."""
        if fault is Fault.TIMEOUT:
            self._sandbox.stall(context.is_active)
        elif fault is Fault.TRANSIENT_503:
            context.abort(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
        elif fault in FAILURES:
            self._fail(context, FAILURES[fault])

    def _answer(self, text: str, account: "Account", context: Any, wants_summary: bool) -> tuple[Query, list[Row], Row]:
        now = self._sandbox.clock.now()
        try:
            query = parse(text)
            validate(query, local_day(account, now), manager=account.is_manager)
        except QueryRefused as refused:
            self._fail(context, Failure("query_error", refused.code, refused.message, field=refused.field))
            raise
        if wants_summary and not query.selects("metrics"):
            code = "CANNOT_RETURN_SUMMARY_ROW_FOR_REQUEST_WITHOUT_METRICS"
            self._fail(context, Failure("request_error", code, "A summary row needs metrics."))
        rows, summary = select(self._sandbox.market, account, query, now)
        return query, rows, summary

    def _fail(self, context: Any, failure: Failure) -> None:
        abort(context, failure, self._version, self._request_id)

    def _message(self, room: str, name: str) -> Any:
        kind = getattr(import_module(f"google.ads.googleads.{self._version}.{room}.types"), name)
        return kind.pb(kind())

    def _page(self, name: str, query: Query, rows: list[Row]) -> Any:
        page = self._message("services", name)
        page.field_mask.paths.extend(query.select)
        if name == "SearchGoogleAdsStreamResponse":
            page.request_id = self._request_id
        for row in rows:
            self._fill(page.results.add(), {field: row[field] for field in query.select})
        return page

    def _fill(self, target: Any, row: Row) -> None:
        """Write field paths into the nested message; names of enum values become their numbers."""
        for path, value in row.items():
            *rooms, name = path.split(".")
            message = target
            for room in rooms:
                message = getattr(message, room)
            enum = message.DESCRIPTOR.fields_by_name[name].enum_type if isinstance(value, str) else None
            setattr(message, name, enum.values_by_name[value].number if enum else value)


def _pages(rows: list[Row], fault: Fault | None) -> Iterator[list[Row] | None]:
    """The messages of a stream; None stands for the line breaking."""
    half = (len(rows) + 1) // 2
    if fault is Fault.CUT_PAGE:
        yield from (rows[:half], None)
    elif fault is Fault.VANISHED_ROWS:
        yield rows[:half]
    elif fault is Fault.DUPLICATE_ROWS:
        yield from (rows, rows[:half])
    elif fault is Fault.EMPTY_MIDDLE_PAGE:
        yield from (rows[:half], [], rows[half:])
    else:
        yield from (rows[start : start + PAGE] for start in range(0, len(rows), PAGE))
