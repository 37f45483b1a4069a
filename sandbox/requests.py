"""What the platforms were asked lately: paths, accounts and row counts, never a token."""

from collections import Counter, deque
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

SECRET_NAMES = ("access_token", "input_token", "refresh_token", "fb_exchange_token", "client_secret", "code_verifier")
KEPT = 500


class Call(NamedTuple):
    """One call a platform served; `at` is the machine's time, not the market's."""

    at: str
    platform: str
    path: str
    account: str
    rows: int


class RequestLog:
    """The last calls and a count of secrets that came in a URL, where proxies and access logs would keep them."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._lock = Lock()
        self.counts: Counter[str] = Counter()
        self.tokens_in_urls = 0

    def add(self, platform: str, path: str, account: str = "", rows: int = 0) -> None:
        with self._lock:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._calls.append(Call(at, platform, path, account, rows))
            self.counts[platform] += 1

    def inspect_query(self, names: list[str]) -> None:
        if any(name in SECRET_NAMES for name in names):
            with self._lock:
                self.tokens_in_urls += 1

    def calls(self, platform: str = "") -> list[Call]:
        with self._lock:
            return [call for call in self._calls if platform in ("", call.platform)]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self.counts.clear()
            self.tokens_in_urls = 0
