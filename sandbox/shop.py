"""The market's shop reports its orders and refunds to the product, over the product's own API.

It sends what happened since the product last confirmed, oldest first, and sends again what was not confirmed: the API
stores each order once, so nothing is lost or doubled when either side restarts.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sandbox.clock import Clock, FixedClock

if TYPE_CHECKING:
    from sandbox.market import Market

BATCH = 500  # rows of one call
EVERY = 20.0  # seconds between two looks at the till
ORDER_FIELDS = ("order_id", "customer_key", "currency", "utm_source", "utm_medium", "utm_campaign", "utm_id", "gclid", "fbclid")


class Shop:
    """Closed until `open` names the product's address and a key with the scope orders:write."""

    def __init__(self, market: "Market", clock: Clock | FixedClock) -> None:
        self.market, self.clock = market, clock
        self.told_until = datetime.combine(market.start, datetime.min.time(), UTC)
        self.sent = 0
        self.error = ""
        self._closing = Event()
        self._thread: Thread | None = None

    def open(self, to: str, key: str) -> None:
        """Report from the first day on to `to`, e.g. "http://127.0.0.1:8000", until closed."""
        self.close()
        self._closing = Event()
        self._thread = Thread(target=self._report, args=(to.rstrip("/"), key, self._closing), name="shop", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread:
            self._closing.set()
            self._thread.join(timeout=5)

    def state(self) -> dict[str, Any]:
        """What was confirmed so far; `error` names the last refusal or "" ."""
        return {"told_until": self.told_until.isoformat(), "sent": self.sent, "error": self.error}

    def _report(self, to: str, key: str, closing: Event) -> None:
        while not closing.is_set():
            try:
                self.tell(to, key, self.clock.now())
                self.error = ""
            except (urllib.error.URLError, OSError, RuntimeError) as error:
                self.error = str(error)
            pause_until = time.monotonic() + EVERY
            while time.monotonic() < pause_until and self.told_until.date() >= self.clock.now().date() and not closing.wait(0.5):
                pass

    def tell(self, to: str, key: str, until: datetime) -> None:
        """Report everything up to `until` once."""
        self.market.ensure(until.date())
        day = timedelta(days=30)  # small enough to confirm often, and for memory
        while self.told_until < until:
            upto = min(self.told_until + day, until)
            for order in _batches(self.market.orders(self.told_until, upto, until)):
                self._send(f"{to}/api/v1/orders", key, [_order(row) for row in order])
            for refund in _batches(self.market.refunds(self.told_until, upto, until)):
                self._send(f"{to}/api/v1/refunds", key, [_refund(row) for row in refund])
            self.told_until = upto

    def _send(self, url: str, key: str, rows: list[dict[str, Any]]) -> None:
        request = urllib.request.Request(url, json.dumps(rows).encode(), {
            "Content-Type": "application/json", "Authorization": f"Bearer {key}"})  # fmt: skip
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as answer:
            refused = json.load(answer)["refused"]
        if refused:
            raise RuntimeError(f"{url} refused {len(refused)} rows, the first: {refused[0]}")
        self.sent += len(rows)


def _batches(rows: Iterable[Any]) -> Iterable[list[Any]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def _order(row: Any) -> dict[str, Any]:
    money: dict[str, Decimal] = {"gross": row.gross, "net": row.net, "margin": row.margin}
    return {
        **{name: getattr(row, name) for name in ORDER_FIELDS},
        **{name: str(amount) for name, amount in money.items()},
        "ordered_at": row.ordered_at.isoformat(),
        "is_new_customer": row.new_customer,
    }


def _refund(row: Any) -> dict[str, Any]:
    return {
        "refund_id": row.refund_id, "order_id": row.order_id, "refunded_at": row.refunded_at.isoformat(),
        "gross": str(row.gross), "net": str(row.net), "margin": str(row.margin), "currency": "EUR",
    }  # fmt: skip
