"""How much one may send. The sizes are the Segment API's, so that SDKs that keep to those keep to ours."""

import threading
import time
from typing import NamedTuple

EVENT_BYTES = 32 * 1024
BATCH_BYTES = 500 * 1024
BODY_BYTES = 1024 * 1024  # unpacked; nothing larger is ever held in memory
SPREAD_BYTES = 8 * BODY_BYTES  # of a batch's context, which is that of each of its events
BATCH_EVENTS = 2_500
FILE_EVENTS = 500  # of an imported file in one receipt, whose body no sender's limit bounds
DEPTH = 32  # of nesting
ID_CHARACTERS = 255
NAME_CHARACTERS = 255
DETAIL_CHARACTERS = 300


class _Bucket(NamedTuple):
    tokens: float
    at: float  # monotonic seconds


class RateLimit:
    """Events per minute and source, counted by this process: a bucket that refills evenly and holds one minute.

    A limit against runaway senders, not a quota: n web processes let n times as much through, and nothing is asked of
    Redis or the database for it.
    """

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}
        self._lock = threading.Lock()

    def wait(self, key: int, events: int, per_minute: int) -> float:
        """Take `events` from the bucket of `key`. 0 when they may pass, else seconds until they might."""
        now, rate = time.monotonic(), per_minute / 60
        with self._lock:
            bucket = self._buckets.get(key, _Bucket(per_minute, now))
            tokens = min(per_minute, bucket.tokens + (now - bucket.at) * rate)
            wanted = min(events, per_minute)  # a batch larger than the limit passes a full bucket
            passes = tokens >= wanted
            self._buckets[key] = _Bucket(tokens - wanted if passes else tokens, now)
        return 0.0 if passes else (wanted - tokens) / rate


rate_limit = RateLimit()
