"""Collector: single events and batches of 50 over HTTP, durable and exactly once, beside a minimal Django view on the same server.

Granian with one worker process for both, 32 connections, events of about 430 bytes, a tenth of them sent before. Also the
storing alone, without HTTP, beside COPY + ON CONFLICT into a bare table.
"""

import json
import os
import signal
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import load
from mops.demo.processes import Process
from tests.chaos.standalone import Program, Web, web

ROUNDS, SINGLES, BATCHES, BATCH = 3, 2_000, 100, 50
ROOT = Path(__file__).resolve().parent.parent


def main() -> bool:
    """Print the table; True when every event was stored exactly once."""
    from tests.tracking.sending import a_source, basic
    from tracking import invariants
    from tracking.models import Event
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="collector-benchmark")
    key = basic(a_source(workspace, rate_per_minute=1_000_000_000).write_key)
    events = Events()
    results: dict[str, list[load.Load]] = {"minimal": [], "single": [], "batch": []}
    home = Path(os.environ["MOPS_HOME"])
    with web(home, dict(os.environ)) as ours, minimal(home, ours) as port:
        load.run(ours.port, lambda _: load.request(ours.port, "/v1/track", events.single(), key), 300)
        for _ in range(ROUNDS):
            results["minimal"].append(load.run(port, lambda _: load.request(port, "/v1/track", Events().single()), SINGLES))
            results["single"].append(
                load.run(ours.port, lambda _: load.request(ours.port, "/v1/track", events.single(), key), SINGLES)
            )
            results["batch"].append(
                load.run(ours.port, lambda _: load.request(ours.port, "/v1/batch", events.batch(), key), BATCHES)
            )
    floor = statistics.median(one.per_second for one in results["minimal"])
    report("minimal Django view, no database", results["minimal"], 1, floor)
    report("single events, durable", results["single"], 1, floor)
    report(f"batches of {BATCH}, durable", results["batch"], BATCH, floor)
    storing(workspace)
    from datetime import UTC, datetime

    stored = Event.objects.filter(workspace=workspace, message_id__in=events.ids).count()
    failed = sum(one.failed for runs in results.values() for one in runs)
    right = stored == len(events.ids) and not failed and not invariants.broken(datetime(2000, 1, 1, tzinfo=UTC))
    verdict = "right" if right else "WRONG"
    print(f"  {len(events.ids)} different events sent, {stored} stored, {failed} answers other than 200: {verdict}")
    return right


class Events:
    """Page views as a browser's library sends them; every tenth has the id of an earlier one."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.made = 0

    def event(self) -> dict[str, Any]:
        self.made += 1
        if self.made % 10 == 0:
            message_id = self.ids[-1]
        else:
            message_id = str(uuid.uuid4())
            self.ids.append(message_id)
        page = {
            "url": f"https://shop.example/p/{self.made % 500}?utm_source=google&utm_medium=cpc&gclid=abc{self.made}",
            "title": "Zelte",
        }
        return {"type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": f"a-{self.made % 5000}",
                "timestamp": "2026-11-01T10:00:00.000Z", "properties": {"product_id": str(self.made % 500), "price": 129.9},
                "context": {"page": page, "locale": "de-DE", "library": {"name": "shop", "version": "1.0.0"}}}  # fmt: skip

    def single(self) -> bytes:
        return json.dumps(self.event()).encode()

    def batch(self) -> bytes:
        return json.dumps({"batch": [self.event() for _ in range(BATCH)]}).encode()


@contextmanager
def minimal(home: Path, like: Web) -> Iterator[int]:
    """The minimal view under the same server with the same number of threads. Yields its port."""
    port = str(like.port + 1)
    argv = tuple("benchmarks.minimal:application" if part == "mops.wsgi:application" else part for part in like.process.argv)
    argv = tuple(port if part == str(like.port) else part for part in argv)
    program = Program(home, dict(os.environ), Process("minimal", argv, signal.SIGTERM))
    program.environment["PYTHONPATH"] = str(ROOT)
    program.environment.pop("DJANGO_SETTINGS_MODULE", None)
    program.start()
    try:
        time.sleep(2)
        yield int(port)
    finally:
        program.stop()


def report(name: str, runs: list[load.Load], events: int, floor: float) -> None:
    rate = statistics.median(one.per_second for one in runs) * events
    p50, p99 = statistics.median(one.p50 for one in runs), statistics.median(one.p99 for one in runs)
    print(f"  {name:<36} {rate:9,.0f} events/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {rate / floor:5.2f}x minimal view")


def storing(workspace: Any) -> None:
    """Parse and store without HTTP, beside COPY into a bare table with ON CONFLICT."""
    from django.db import connection, transaction

    from tests.tracking.sending import a_source
    from tracking.collector import door
    from tracking.collector.sources import known
    from tracking.collector.store import store

    source, events = known(a_source(workspace, name="storing")), Events()
    batches = [[events.event() for _ in range(500)] for _ in range(20)]
    bodies = [json.dumps({"batch": batch}).encode() for batch in batches]
    started = time.perf_counter()
    for body, batch in zip(bodies, batches, strict=True):
        store(door.prepared("batch", source, body, {"batch": batch}, batch))
    ours = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (workspace_id int8, message_id text, body jsonb, PRIMARY KEY (workspace_id, message_id))")
    started = time.perf_counter()
    for batch in batches:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE staged (workspace_id int8, message_id text, body jsonb) ON COMMIT DROP")
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for event in batch:
                    copy.write_row((1, event["messageId"], json.dumps(event)))
            cursor.execute("INSERT INTO bare SELECT * FROM staged ON CONFLICT DO NOTHING")
    bare = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bare")
    print(f"  parse and store, batches of 500      {10_000 / ours:9,.0f} events/s  {bare / ours:5.2f}x COPY + ON CONFLICT"
          f" into a bare table ({10_000 / bare:,.0f} events/s)")  # fmt: skip
