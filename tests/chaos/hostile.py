"""Hostile bodies against a collector process: `python -m tests.chaos.hostile [--hostile 100000] [--seed 1]`.

Bytes that are no JSON, JSON that is no event, events with characters, numbers and depths a database refuses, broken and
exploding gzip, foreign origins; good events in between. No answer may be 500 or above, no good event may be lost, and
the books must balance. Run in a database of its own.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

CHARACTERS = [
    "\0",
    "\ud800",
    "\udfff",
    "\u2028",
    "\U0001f600",
    "é",
    "'",
    '"',
    "\\",
    ";--",
    "%s",
    "{",
    "\x1b",
    "\x7f",
    "\ufeff",
    "a",
]
VALUES: list[Any] = [None, True, 0, -1, 2**63, 10**400, 1.5, 1e308, "", "x", [], {}, [[]], {"a": None}]
ODD: list[Any] = [*VALUES, "0", "9e999999", "-9e999999", "1e-999999", "nan", "2026-11-01T10:00:00", "\ud800", "\0", ["x"], [{}],
                  {"id": []}, [{"key": []}], [[{"total": {}}]]]  # fmt: skip
FIELDS = ["messageId", "userId", "anonymousId", "previousId", "groupId", "type", "event", "name", "timestamp",
          "originalTimestamp", "sentAt", "properties", "context", "traits", "integrations", "writeKey",
          "\0", "__proto__"]  # fmt: skip


class Hostile:
    """A repeatable stream of bodies; `good` counts the well-formed events in them by message id."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.good: set[str] = set()

    def body(self, number: int) -> tuple[str, bytes, dict[str, str]]:
        """(endpoint, body, headers)."""
        kind = self.random.randrange(10)
        headers: dict[str, str] = {}
        endpoint = "batch" if kind < 8 else self.random.choice(["t", "track", "identify", "page", "alias"])
        content = self._batch(number) if endpoint == "batch" else self._event()
        body = self._json(content)
        if kind == 0:
            body, headers = self._gzip(body), {"Content-Encoding": "gzip"}
        elif kind == 1:
            body = self._mangled(body)
        elif kind == 2 and self.random.random() < 0.2:
            headers = {"Origin": "https://elsewhere.example"}
        if headers.get("Origin") or kind in (0, 1):
            self._forget(number)
        return endpoint, body, headers

    def _batch(self, number: int) -> Any:
        events: list[Any] = [self._event() for _ in range(self.random.randrange(6))]
        for place in range(self.random.randrange(3)):
            message_id = f"good-{number}-{place}"
            self.good.add(message_id)
            events.insert(
                self.random.randrange(len(events) + 1), {"type": "track", "event": "Good", "userId": "u", "messageId": message_id}
            )
        return {"batch": events}

    def _forget(self, number: int) -> None:
        """Good events in a body that was broken afterwards are not promised."""
        self.good -= {f"good-{number}-{place}" for place in range(3)}

    def _event(self) -> Any:
        if self.random.random() < 0.1:
            return self._value(0)
        event: dict[str, Any] = {
            "type": self.random.choice(["track", "page", "identify", "alias", "nonsense"]),
            "event": "E",
            "userId": "u",
        }
        for _ in range(self.random.randrange(1, 5)):
            event[self.random.choice(FIELDS)] = self._value(0)
        return event

    def _value(self, level: int) -> Any:
        choice = self.random.randrange(8)
        if choice == 0 and level < 4:
            return {self._text(): self._value(level + 1) for _ in range(self.random.randrange(4))}
        if choice == 1 and level < 4:
            return [self._value(level + 1) for _ in range(self.random.randrange(4))]
        if choice == 2:
            deep: Any = "end"
            for _ in range(self.random.choice([5, 31, 32, 33, 200])):
                deep = {"a": deep} if self.random.random() < 0.5 else [deep]
            return deep
        if choice == 3:
            return (
                "2026-11-0"
                + str(self.random.randrange(12))
                + self.random.choice(["", "T25:00:00Z", "T10:00:00Z", "T10:00:00+99:00"])
            )
        return self._text() if choice < 6 else self.random.choice(VALUES)

    def _text(self) -> str:
        return "".join(self.random.choice(CHARACTERS) for _ in range(self.random.choice([0, 1, 3, 20, 300])))

    def _json(self, content: Any) -> bytes:
        text = json.dumps(content)
        for plain, odd in (("1.5", "NaN"), ("-1", "-Infinity"), ("1e+308", "1e999999")):
            if self.random.random() < 0.02 and "good-" not in text:
                text = text.replace(plain, odd)
        return text.encode()

    def _gzip(self, body: bytes) -> bytes:
        packed = gzip.compress(body, 1)
        return self.random.choice(
            [packed[: len(packed) // 2], packed + b"tail", gzip.compress(b"0" * 5_000_000, 1), zlib.compress(body), packed]
        )

    def _mangled(self, body: bytes) -> bytes:
        mangled = bytearray(body or b"{")
        for _ in range(self.random.randrange(1, 6)):
            mangled[self.random.randrange(len(mangled))] = self.random.randrange(256)
        return bytes(mangled[: self.random.randrange(1, len(mangled) + 1)])


def twisted(content: Any, random: random.Random) -> Any:
    """A copy of a well-formed body with a few of its values, wherever they stand, of another type than anybody documents."""
    if random.random() < 0.08:
        return random.choice(ODD)
    if isinstance(content, dict):
        return {name: twisted(value, random) for name, value in content.items()}
    return [twisted(value, random) for value in content] if isinstance(content, list) else content


Post = Callable[[str, bytes, dict[str, str]], int]  # endpoint, body, headers → status


def attack(post: Post, write_key: str, bodies: int, seed: int) -> tuple[Counter[int], set[str]]:
    """Send `bodies` hostile bodies. (answers by status, ids of the good events among them)."""
    from tests.tracking.sending import basic

    hostile, answers = Hostile(seed), Counter[int]()
    for number in range(bodies):
        endpoint, body, headers = hostile.body(number)
        answers[post(endpoint, body, {**headers, "Authorization": basic(write_key)})] += 1
    return answers, hostile.good


def through_the_door(endpoint: str, body: bytes, headers: dict[str, str]) -> int:
    """As the views of the pages' process do."""
    from tracking.collector import door

    encoding, origin = headers.get("Content-Encoding", ""), headers.get("Origin", "")
    return door.answer(door.Call(endpoint, body, headers["Authorization"], encoding, origin)).status


def over_http(port: int) -> Post:
    """To a collector process, on one connection while it lasts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def post(endpoint: str, body: bytes, headers: dict[str, str]) -> int:
        connection.request("POST", f"/v1/{endpoint}", body, headers)
        with connection.getresponse() as answer:
            answer.read()
            return answer.status

    return post


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hostile", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    from tests.chaos.standalone import Collector, database, running

    with tempfile.TemporaryDirectory(prefix="mops-hostile-") as folder, ExitStack() as stack:
        settings = stack.enter_context(database(Path(folder)))
        collector = stack.enter_context(running(Collector(Path(folder), settings)))
        return run(over_http(collector.port), arguments.hostile, arguments.seed)


def run(post: Post, bodies: int, seed: int) -> int:
    from datetime import UTC, datetime

    from tests.tracking.sending import a_source
    from tracking import invariants
    from tracking.models import Event, RawBody, Rejection
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Hostile (sample)", slug=f"hostile-{os.getpid()}")
    source = a_source(workspace, rate_per_minute=1_000_000_000)
    answers, good = attack(post, source.write_key, bodies, seed)
    stored = set(Event.objects.filter(workspace=workspace, message_id__startswith="good-").values_list("message_id", flat=True))
    broken = invariants.broken(datetime(2000, 1, 1, tzinfo=UTC))
    late = Rejection.objects.filter(workspace=workspace, reason="refused").count()
    failed = sum(count for status, count in answers.items() if status >= 500)
    print(f"seed {seed}: {bodies} bodies, answers {dict(sorted(answers.items()))}, {failed} of 500 or above")
    print(f"{len(good)} good events, {len(good - stored)} lost; {Event.objects.filter(workspace=workspace).count()} stored,"
          f" {Rejection.objects.filter(workspace=workspace).count()} refused ({late} found only by the savepoint),"
          f" {RawBody.objects.filter(workspace=workspace).count()} receipts, {len(broken)} invariants broken")  # fmt: skip
    return 1 if broken or good - stored or failed else 0


if __name__ == "__main__":
    sys.exit(main())
