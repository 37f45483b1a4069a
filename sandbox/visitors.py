"""The visitors of the market's shop: their browsers send what they do to the product's collector.

Only who agreed to analytics is heard, the same people the analytics property counts. First the last days are caught up
on, then it goes on with the clock. Where it stopped is written down; what is sent twice has the same message id.
"""

import gzip
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from sandbox.browsing import LONGEST, SITE, events
from sandbox.clock import Clock, FixedClock

if TYPE_CHECKING:
    from sandbox.market import Market

DAYS = 5  # caught up on: what the live pages show at first
BATCH = 250  # events of a request; the collector takes 500 and 500 KB
STRIDE = timedelta(hours=6)  # sent between two notes of how far it came; small enough for memory
PER_SECOND = 250  # events while catching up, so that a machine of two cores still has pages to serve
EVERY = 10.0  # seconds between two looks
PATIENCE = 6  # times a busy product is asked again


class Visitors:
    """At home until `open` names the product's address and the write key of a source."""

    def __init__(self, market: "Market", clock: Clock | FixedClock, home: Path) -> None:
        self.market, self.clock, self.path = market, clock, home / "sandbox" / "visitors.json"
        self.told_until: datetime | None = None
        self.sent = 0
        self.error = ""
        self._closing = Event()
        self._thread: Thread | None = None

    def open(self, to: str, key: str, days: int = DAYS) -> None:
        """Send to `to`, e.g. "http://127.0.0.1:8000", until closed: from `days` ago on, or from where this key was left."""
        self.close()
        self._closing = Event()
        self.told_until = self._left_off(key) or self.clock.now() - timedelta(days=days)
        self._thread = Thread(target=self._send_on, args=(to.rstrip("/"), key, self._closing), name="visitors", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread:
            self._closing.set()
            self._thread.join(timeout=5)

    def state(self) -> dict[str, Any]:
        """What was acknowledged so far; `error` names the last refusal or "" ."""
        told = self.told_until.isoformat() if self.told_until else None
        return {"told_until": told, "sent": self.sent, "error": self.error}

    def _send_on(self, to: str, key: str, closing: Event) -> None:
        while not closing.is_set():
            try:
                self.tell(to, key, self.clock.now(), closing)
                self.error = ""
            except (urllib.error.URLError, OSError, RuntimeError) as error:
                self.error = str(error)
            closing.wait(EVERY)

    def tell(self, to: str, key: str, until: datetime, closing: Event | None = None) -> None:
        """Send everything from `told_until` up to `until` once. Raises OSError or RuntimeError where that fails."""
        since = self.told_until or until - timedelta(days=DAYS)
        while since < until and not (closing and closing.is_set()):
            upto = min(since + STRIDE, until)
            for batch in _batches(self._between(since, upto)):
                begun = time.monotonic()
                self._post(to, key, batch)
                self.sent += len(batch)
                (closing or Event()).wait(max(0.0, len(batch) / PER_SECOND - (time.monotonic() - begun)))
            self.told_until = since = upto
            self._write_down(key)

    def _between(self, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Events of [since, until), also those of visits that began earlier."""
        begun = since - LONGEST
        orders = {order.order_id: order for order in self.market.orders(begun, until + LONGEST, until + LONGEST)}
        for visit in self.market.visits(begun, until):
            for at, event in events(visit, orders.get(visit.order_id)):
                if since <= at < until:
                    yield event

    def _post(self, to: str, key: str, batch: list[dict[str, Any]]) -> None:
        body = {"batch": batch, "sentAt": self.clock.now().isoformat(), "writeKey": key}
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Origin": SITE}
        packed = gzip.compress(json.dumps(body).encode(), 1)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        for attempt in range(PATIENCE):
            try:
                with direct.open(urllib.request.Request(f"{to}/v1/batch", packed, headers), timeout=60) as answer:
                    answer.read()
                return
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or attempt == PATIENCE - 1:
                    raise
                self._closing.wait(min(float(error.headers.get("Retry-After") or 1), 30))

    def _left_off(self, key: str) -> datetime | None:
        try:
            found = json.loads(self.path.read_text())
            return datetime.fromisoformat(found["told_until"]) if found["key"] == _shown(key) else None
        except (OSError, ValueError, KeyError):
            return None

    def _write_down(self, key: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"key": _shown(key), "told_until": self.told_until and self.told_until.isoformat()}))
        fresh.replace(self.path)


def _shown(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:16]


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
