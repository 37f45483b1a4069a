"""The sandbox's own controls under /sandbox/: faults, clock, shop, its visitors and what the platforms were asked lately."""

from typing import TYPE_CHECKING

from sandbox.faults import APPLIES
from sandbox.http import Handler, Request, Response, Route, json_response
from sandbox.visitors import DAYS

if TYPE_CHECKING:
    from sandbox.server import Sandbox


def routes(sandbox: "Sandbox") -> list[Route]:
    return [*_faults(sandbox), *_clock(sandbox), *_shop(sandbox), *_visitors(sandbox), *_requests(sandbox)]


def _understood(order: Handler) -> Handler:
    """400 with the reason where an order's body lacks something or makes no sense."""

    def answer(request: Request) -> Response:
        try:
            return order(request)
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": str(error)}, 400)

    return answer


def _faults(sandbox: "Sandbox") -> list[Route]:
    def read(request: Request) -> Response:
        armed = [rule._asdict() for rule in sandbox.faults.armed()]
        return json_response({"armed": armed, "applies": {key: list(found) for key, found in APPLIES.items()}})

    def inject(request: Request) -> Response:
        wanted = dict(request.json())
        platform, fault = str(wanted["platform"]), str(wanted["fault"])
        account, times = str(wanted.get("account", "")), int(wanted.get("times", 1))
        sandbox.faults.inject(platform, fault, account=account, times=times, after=int(wanted.get("after", 0)))
        return read(request)

    def clear(request: Request) -> Response:
        sandbox.faults.clear()
        return read(request)

    path = "/sandbox/faults"
    return [("GET", path, read), ("POST", path, _understood(inject)), ("DELETE", path, clear)]


def _clock(sandbox: "Sandbox") -> list[Route]:
    def read(request: Request) -> Response:
        return json_response({"now": sandbox.clock.now().isoformat()})

    def move(request: Request) -> Response:
        sandbox.clock.advance(days=_forward(request.json()["days"]))
        return read(request)

    return [("GET", "/sandbox/clock", read), ("POST", "/sandbox/clock", _understood(move))]


def _shop(sandbox: "Sandbox") -> list[Route]:
    def read(request: Request) -> Response:
        return json_response(sandbox.shop.state())

    def begin(request: Request) -> Response:
        wanted = dict(request.json())
        sandbox.shop.open(str(wanted["to"]), str(wanted["key"]))
        return read(request)

    return [("GET", "/sandbox/shop", read), ("POST", "/sandbox/shop", _understood(begin))]


def _visitors(sandbox: "Sandbox") -> list[Route]:
    def read(request: Request) -> Response:
        return json_response(sandbox.visitors.state())

    def begin(request: Request) -> Response:
        wanted = dict(request.json())
        sandbox.visitors.open(str(wanted["to"]), str(wanted["key"]), int(wanted.get("days", DAYS)))
        return read(request)

    return [("GET", "/sandbox/visitors", read), ("POST", "/sandbox/visitors", _understood(begin))]


def _requests(sandbox: "Sandbox") -> list[Route]:
    def read(request: Request) -> Response:
        log = sandbox.requests
        calls = [call._asdict() for call in log.calls(request.query.get("platform", ""))]
        return json_response({"calls": calls, "counts": log.counts, "tokens_in_urls": log.tokens_in_urls})

    def clear(request: Request) -> Response:
        sandbox.requests.clear()
        return read(request)

    return [("GET", "/sandbox/requests", read), ("DELETE", "/sandbox/requests", clear)]


def _forward(days: float | str) -> float:
    """Days to skip; the market cannot go back in time."""
    if not 0 <= float(days) <= 3660:
        raise ValueError("days must be between 0 and 3660")
    return float(days)
