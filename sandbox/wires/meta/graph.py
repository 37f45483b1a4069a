"""What every call of the Graph API passes before it is answered: version, token, faults, account; and paging."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from sandbox.faults import Fault
from sandbox.http import Handler, Request, Response, html_response, json_response
from sandbox.tokens import Grant
from sandbox.wires.meta.refusals import EXPIRED, FAULTS, NO_ACCESS, NO_TOKEN, Refusal, Refused, business_usage, invalid

if TYPE_CHECKING:
    from sandbox.market import Account
    from sandbox.server import Sandbox

PLATFORM = "meta"
SCOPES = {"ads_read", "ads_management"}
ANY_VERSION = r"/(?P<version>v\d+\.\d+)"
ACCOUNT = r"act_(?P<account>\d+)"
VERSIONS = ("v25.0", "v26.0")
DAILY_CALLS = 2_000  # what 100 % of the usage header stands for
LARGEST_PAGE = 5_000
CALL_FAULTS = (frozenset(FAULTS) | {Fault.TIMEOUT, Fault.HTML_502, Fault.EMPTY_500}) - {Fault.TOO_MUCH_DATA}
OPEN = frozenset({Fault.TIMEOUT, Fault.HTML_502, Fault.TRANSIENT_503, Fault.INTERNAL_ERROR})
Answer = Callable[[Request, Grant], Response]


class Graph:
    """One Graph API. `guarded` turns a function that answers into a handler that may also refuse."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self.sandbox = sandbox
        self._calls: Counter[str] = Counter()

    def guarded(self, answer: Answer) -> Handler:
        """With a living token only; faults strike first."""

        def handle(request: Request) -> Response:
            account = request.match.get("account", "")
            try:
                grant = self._admit(request)
                broken = self._strike(account)
                response = broken or answer(request, grant)
            except Refused as refused:
                response = refused.refusal.response()
                self.log(request, account)
            return self._with_usage(response, account)

        return handle

    def log(self, request: Request, account: str = "", rows: int = 0) -> None:
        self.sandbox.requests.add(PLATFORM, request.path, account, rows)

    def accounts(self) -> list["Account"]:
        return [account for account in self.sandbox.market.accounts if account.platform == PLATFORM]

    def account(self, request: Request) -> "Account":
        """The ad account in the path; Refused when this world has none of that id."""
        wanted = request.match["account"]
        found = next((account for account in self.accounts() if account.external_id == wanted), None)
        if found is None:
            raise Refused(NO_ACCESS)
        return found

    def grant(self, token: str) -> Grant | None:
        """The grant of a lasting or a short-lived token."""
        found = self.sandbox.tokens.find(token, PLATFORM) or self.sandbox.tokens.holder(token)
        return found if found and found.platform == PLATFORM else None

    def _admit(self, request: Request) -> Grant:
        if request.match["version"] not in VERSIONS:
            raise Refused(FAULTS[Fault.UNSUPPORTED_VERSION])
        token = request.bearer or request.params.get("access_token", "")
        if not token:
            raise Refused(NO_TOKEN)
        grant = self.grant(token)
        if grant is None:
            raise Refused(EXPIRED)
        return grant

    def _strike(self, account: str) -> Response | None:
        fault = self.sandbox.faults.take(PLATFORM, account, only=CALL_FAULTS)
        if fault is Fault.TIMEOUT:
            self.sandbox.stall()
        if fault in (Fault.TIMEOUT, Fault.HTML_502):
            return html_response("<html><body><h1>502 Bad Gateway</h1></body></html>", 502)
        if fault is Fault.EMPTY_500:
            return json_response({"data": []}, 500)
        if fault is not None:
            raise Refused(FAULTS[fault])
        return None

    def _with_usage(self, response: Response, account: str) -> Response:
        self._calls[account] += 1
        used = min(99, self._calls[account] * 100 // DAILY_CALLS)
        throttle = json.dumps({"app_id_util_pct": used, "acc_id_util_pct": used, "ads_api_access_tier": "full_access"})
        headers = {"x-fb-trace-id": uuid4().hex[:11], "X-FB-Ads-Insights-Throttle": throttle, **business_usage(used)}
        return Response(response.status, response.body, response.content_type, headers | dict(response.headers), response.cut)


def unknown_path(request: Request) -> Response:
    return Refusal(2500, f"Unknown path components: {request.path}").response()


def offset(params: Mapping[str, str]) -> int:
    """Where the page begins; Refused for a cursor that is none of ours."""
    try:
        return int(base64.urlsafe_b64decode(params.get("after", "") or "MA==").split(b".")[0])
    except ValueError:
        raise invalid("Invalid cursors values", 1487056) from None


def size(params: Mapping[str, str]) -> int:
    """Rows of a page as asked for."""
    limit = params.get("limit", "25")
    if not limit.isdigit() or not 0 < int(limit) <= LARGEST_PAGE:
        raise invalid("limit must be a positive number that is not too large.")
    return int(limit)


def paging(request: Request, begin: int, end: int, total: int, mark: str = "") -> dict[str, Any]:
    """Cursors, and the next page's address if there is one. `mark` tells two cursors to the same row apart."""
    after = base64.urlsafe_b64encode(f"{end}{mark}".encode()).decode()
    cursors = {"before": base64.urlsafe_b64encode(str(begin).encode()).decode(), "after": after}
    if end >= total:
        return {"cursors": cursors}
    query = {name: value for name, value in request.query.items() if name != "access_token"} | {"after": after}
    return {
        "cursors": cursors,
        "next": f"http://{request.headers.get('host', 'localhost')}{request.path}?{urlencode(query)}",
    }


def page(request: Request, rows: list[dict[str, Any]]) -> Response:
    """One page of an edge."""
    begin, limit = offset(request.params), size(request.params)
    shown = rows[begin : begin + limit]
    return json_response({"data": shown, "paging": paging(request, begin, begin + len(shown), len(rows))})


def chosen_fields(request: Request, known: Mapping[str, Any] | set[str], default: tuple[str, ...]) -> tuple[str, ...]:
    """The fields asked for, as comma-joined text or a JSON list; Refused for unknown ones."""
    text = request.params.get("fields", "")
    names = tuple(json.loads(text) if text.startswith("[") else filter(None, text.split(","))) or default
    for name in names:
        if name not in known:
            raise invalid(f"{name} is not valid for fields param.")
    return names
