"""Collector: single events and batches of 50 over HTTP, durable and exactly once, beside a minimal Django view on the same server.

Granian with one worker process for each, 32 connections, events of about 500 bytes from a website that needs consent, a
tenth of them sent before. Floors: the minimal view without a database, and one connection that inserts and commits. Also
the storing without HTTP, beside COPY + ON CONFLICT into a bare table, and into tables with our columns and indexes.
"""

import json
import os
import signal
import statistics
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import alike, load, processor
from mops.demo.processes import Process
from tests.chaos.standalone import Collector, Web, running

ROUNDS, SINGLES, BATCHES, BATCH, COMMITS = 5, 3_000, 120, 50, 500
BULK, BULKS = 500, 20  # events, batches of storing without HTTP
ROOT = Path(__file__).resolve().parent.parent
SHOP = "https://shop.example"


class Run(NamedTuple):
    """One run of a load, and the processor time it took."""

    load: load.Load
    events: int  # of a request
    web: float  # seconds
    database: float  # seconds


def main() -> bool:
    """Print the table; True when every event was stored exactly once."""
    from tests.tracking.sending import a_source, basic
    from tracking import partitions
    from workspaces.models import Workspace

    partitions.ensure_ahead()
    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="collector-benchmark")
    source = a_source(workspace, "browser", rate_per_minute=1_000_000_000, allowed_origins=[SHOP])
    headers, events = {"Authorization": basic(source.write_key), "Origin": SHOP}, Events()
    names = ("minimal Django view, no database", "single events, durable", f"batches of {BATCH}, durable")
    runs: dict[str, list[Run]] = {name: [] for name in names}
    commits: list[float] = []
    home = Path(os.environ["MOPS_HOME"])
    with running(Collector(home, dict(os.environ))) as ours, running(minimal(home, dict(os.environ))) as floor:
        load.run(ours.port, lambda _: load.request(ours.port, "/v1/track", events.single(), **headers), 500)
        for _ in range(ROUNDS):
            runs[names[0]].append(measure(floor, "/v1/track", Events().single, SINGLES, 1, headers))
            runs[names[1]].append(measure(ours, "/v1/track", events.single, SINGLES, 1, headers))
            runs[names[2]].append(measure(ours, "/v1/batch", events.batch, BATCHES, BATCH, headers))
            commits.append(commit_alone())
    for name in names:
        report(name, runs[name], runs[names[0]])
    print(f"  one connection, INSERT and COMMIT    {statistics.median(commits):9,.0f} commits/s")
    storing(workspace)
    return verdict(workspace, events, sum(run.load.failed for several in runs.values() for run in several))


def measure(server: Web, path: str, make: Callable[[], bytes], requests: int, events: int, headers: dict[str, str]) -> Run:
    prepared = [load.request(server.port, path, make(), **headers) for _ in range(requests)]
    before = processor.seconds(server.pid), processor.seconds(processor.postgres())
    result = load.run(server.port, prepared.__getitem__, requests)
    web, database = processor.seconds(server.pid), processor.seconds(processor.postgres())
    return Run(result, events, web - before[0], database - before[1])


def verdict(workspace: Any, events: "Events", failed: int) -> bool:
    from datetime import UTC, datetime

    from tracking import invariants
    from tracking.models import Event

    stored = Event.objects.filter(workspace=workspace, message_id__in=events.ids).count()
    right = stored == len(events.ids) and not failed and not invariants.broken(datetime(2000, 1, 1, tzinfo=UTC))
    sent = len(events.ids)
    print(f"  {sent} different events sent, {stored} stored, {failed} answers other than 200: {'right' if right else 'WRONG'}")
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
                "context": {"page": page, "locale": "de-DE", "library": {"name": "shop", "version": "1.0.0"},
                            "consent": {"purposes": {"analytics": True, "profiling": False}}}}  # fmt: skip

    def single(self) -> bytes:
        return json.dumps(self.event()).encode()

    def batch(self) -> bytes:
        return json.dumps({"batch": [self.event() for _ in range(BATCH)]}).encode()


def minimal(home: Path, settings: dict[str, str]) -> Web:
    """The minimal view under the server of the pages, with its number of threads."""
    server = Web(home, settings)
    argv = tuple("benchmarks.minimal:application" if part == "mops.wsgi:application" else part for part in server.process.argv)
    server.process = Process("minimal", argv, signal.SIGTERM)
    server.environment["PYTHONPATH"] = str(ROOT)
    server.environment.pop("DJANGO_SETTINGS_MODULE", None)
    return server


def commit_alone() -> float:
    """Commits per second of a bare insert: what the disk allows one writer."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS alone (id uuid PRIMARY KEY, body jsonb)")
        started = time.perf_counter()
        for _ in range(COMMITS):
            cursor.execute("INSERT INTO alone VALUES (%s, %s)", [uuid.uuid4(), '{"type": "track"}'])
        return COMMITS / (time.perf_counter() - started)


def report(name: str, runs: list[Run], floors: list[Run]) -> None:
    """Medians; the ratio is that of each round to the floor of the same round."""
    rates = [run.load.per_second * run.events for run in runs]
    ratio = statistics.median(rate / floor.load.per_second for rate, floor in zip(rates, floors, strict=True))
    web, database = (statistics.median(1e6 * getattr(run, part) / (run.load.requests * run.events) for run in runs)
                     for part in ("web", "database"))  # fmt: skip
    p50, p99 = statistics.median(run.load.p50 for run in runs), statistics.median(run.load.p99 for run in runs)
    print(f"  {name:<34} {statistics.median(rates):9,.0f} events/s {ratio:5.2f}x minimal view  p50 {p50:5.1f} p99 {p99:6.1f} ms"
          f"  processor per event: web {web:4.0f} us, database {database:4.0f} us")  # fmt: skip


def storing(workspace: Any) -> None:
    """Parse and store without HTTP beside COPY with ON CONFLICT, into a bare table and into tables like ours: medians of rounds."""
    from django.db import connection

    from tests.tracking.sending import a_source
    from tracking.collector.sources import known

    source, events = known(a_source(workspace, name="storing")), Events()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (workspace_id int8, message_id text, body jsonb, PRIMARY KEY (workspace_id, message_id))")
    rounds = [Stored.measured(source, [[events.event() for _ in range(BULK)] for _ in range(BULKS)]) for _ in range(1 + ROUNDS)][1:]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bare")
    whole, alone = (statistics.median(getattr(one, part) for one in rounds) for part in ("whole", "alone"))
    bare, alike_ = (statistics.median(getattr(one, part) for one in rounds) for part in ("bare", "alike"))
    of_bare = statistics.median(one.bare / one.whole for one in rounds)
    of_alike = statistics.median(one.alike / one.alone for one in rounds)
    number = BULK * BULKS
    print(f"  parse and store, batches of {BULK}      {number / whole:9,.0f} events/s  {of_bare:5.2f}x COPY + ON CONFLICT"
          f" into a bare table ({number / bare:,.0f} events/s),\n  of which storing alone              "
          f"{number / alone:9,.0f} events/s  {of_alike:5.2f}x COPY + ON CONFLICT into tables like ours"
          f" ({number / alike_:,.0f} events/s)")  # fmt: skip


class Stored(NamedTuple):
    """Seconds of one round."""

    whole: float
    alone: float  # of that, without parsing
    bare: float
    alike: float

    @classmethod
    def measured(cls, source: Any, batches: list[list[dict[str, Any]]]) -> "Stored":
        from tracking.collector import door
        from tracking.collector.store import store

        bodies = [json.dumps({"batch": batch}).encode() for batch in batches]
        started = time.perf_counter()
        requests = [door.prepared("batch", source, body, {"batch": batch}, batch)
                    for body, batch in zip(bodies, batches, strict=True)]  # fmt: skip
        parsed = time.perf_counter()
        for request in requests:
            store(request)
        stored = time.perf_counter()
        return cls(stored - started, stored - parsed, into_bare(batches), alike.load(requests))


def into_bare(batches: list[list[dict[str, Any]]]) -> float:
    from django.db import connection, transaction

    started = time.perf_counter()
    for batch in batches:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE staged (workspace_id int8, message_id text, body jsonb) ON COMMIT DROP")
            with cursor.copy("COPY staged FROM STDIN") as copy:
                for event in batch:
                    copy.write_row((1, event["messageId"], json.dumps(event)))
            cursor.execute("INSERT INTO bare SELECT * FROM staged ON CONFLICT DO NOTHING")
    return time.perf_counter() - started
