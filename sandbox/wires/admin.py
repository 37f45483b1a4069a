"""The sandbox's own controls under /sandbox/: faults, clock, shop, its visitors and what the platforms were asked lately."""

from typing import TYPE_CHECKING

from sandbox.faults import APPLIES
from sandbox.http import Request, Response, Route, json_response
from sandbox.visitors import DAYS

if TYPE_CHECKING:
    from sandbox.server import Sandbox


def routes(sandbox: "Sandbox") -> list[Route]:
    def read_faults(request: Request) -> Response:
        armed = [rule._asdict() for rule in sandbox.faults.armed()]
        return json_response({"armed": armed, "applies": {key: list(found) for key, found in APPLIES.items()}})

    def inject(request: Request) -> Response:
        try:
            wanted = dict(request.json())
            platform, fault = str(wanted["platform"]), str(wanted["fault"])
            account, times = str(wanted.get("account", "")), int(wanted.get("times", 1))
            sandbox.faults.inject(platform, fault, account=account, times=times, after=int(wanted.get("after", 0)))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return read_faults(request)

    def clear_faults(request: Request) -> Response:
        sandbox.faults.clear()
        return read_faults(request)

    def read_clock(request: Request) -> Response:
        return json_response({"now": sandbox.clock.now().isoformat()})

    def move_clock(request: Request) -> Response:
        try:
            sandbox.clock.advance(days=_forward(request.json()["days"]))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return read_clock(request)

    def open_shop(request: Request) -> Response:
        try:
            wanted = dict(request.json())
            sandbox.shop.open(str(wanted["to"]), str(wanted["key"]))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(sandbox.shop.state())

    def read_shop(request: Request) -> Response:
        return json_response(sandbox.shop.state())

    def open_site(request: Request) -> Response:
        try:
            wanted = dict(request.json())
            sandbox.visitors.open(str(wanted["to"]), str(wanted["key"]), int(wanted.get("days", DAYS)))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)
        return json_response(sandbox.visitors.state())

    def read_site(request: Request) -> Response:
        return json_response(sandbox.visitors.state())

    def read_requests(request: Request) -> Response:
        log = sandbox.requests
        calls = [call._asdict() for call in log.calls(request.query.get("platform", ""))]
        return json_response({"calls": calls, "counts": log.counts, "tokens_in_urls": log.tokens_in_urls})

    def clear_requests(request: Request) -> Response:
        sandbox.requests.clear()
        return read_requests(request)

    return [
        ("GET", "/sandbox/faults", read_faults),
        ("POST", "/sandbox/faults", inject),
        ("DELETE", "/sandbox/faults", clear_faults),
        ("GET", "/sandbox/clock", read_clock),
        ("POST", "/sandbox/clock", move_clock),
        ("POST", "/sandbox/shop", open_shop),
        ("GET", "/sandbox/shop", read_shop),
        ("POST", "/sandbox/visitors", open_site),
        ("GET", "/sandbox/visitors", read_site),
        ("GET", "/sandbox/requests", read_requests),
        ("DELETE", "/sandbox/requests", clear_requests),
    ]


def _forward(days: float | str) -> float:
    """Days to skip; the market cannot go back in time."""
    if not 0 <= float(days) <= 3660:
        raise ValueError("days must be between 0 and 3660")
    return float(days)
