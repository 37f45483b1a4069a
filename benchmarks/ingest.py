"""Ingest: 10,000 stored events (1 million with --full) through all steps in micro-batches of 500, with the time of each step.

Visitors of a shop, five events each (200,000 profiles with --full): pages, products, a login with an address, sometimes an order.
The floor is one UPDATE of the same events in the same micro-batches: what marking them as worked through costs at least.
"""

import cProfile
import pstats
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from benchmarks.progress import Progress

BATCH = 500
FIRST, PROFILED, MARKED = 1_000, 20_000, 100_000  # events: before it counts, under the profiler at most, of the floor at most
CALLERS = ("_run", "_take_through", "run_before_storing")  # of the steps
MARK = """
UPDATE tracking_event SET notes = '[]' WHERE id IN (
    SELECT id FROM tracking_event WHERE source_id = %s AND id > %s ORDER BY id LIMIT %s) RETURNING id
"""


def main(events: int = 10_000) -> bool:
    """Print the table; True when every event was stored and nothing was set aside."""
    from tests.tracking.sending import a_source
    from tracking.collector import door
    from tracking.collector.sources import known
    from tracking.collector.store import store
    from tracking.ingest.run import run_batch
    from tracking.models import Event, Profile, Rejection
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="ingest-benchmark")
    source = a_source(workspace, rate_per_minute=1_000_000_000)
    storing = Progress("events, stored at the door", events)
    for batch in batches(events):
        storing.timed(lambda batch=batch: store(door.prepared("batch", known(source), b"{}", {"batch": batch}, batch)))  # type: ignore[misc]
        storing.done(len(batch))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for _ in range(FIRST // BATCH):  # regular expressions are compiled once in a process
        run_batch()
    plain, profile = events - FIRST - min(PROFILED, events // 5), cProfile.Profile()
    used, way = time.process_time(), Progress("events, through all steps", plain)
    for _ in range(plain // BATCH):
        way.timed(run_batch)
        way.done(BATCH)
    used = time.process_time() - used
    profile.enable()
    while run_batch():
        pass
    profile.disable()
    marked, seconds = mark(source.pk)
    print(f"  all steps {way.so_far / way.seconds:8,.0f} events/s, {1e6 * used / way.so_far:,.0f} us an event in this process;"
          f" {seconds / marked * way.so_far / way.seconds:.2f}x one UPDATE of them ({marked / seconds:,.0f} events/s)")  # fmt: skip
    for name, share in shares(profile).most_common(12):
        print(f"    {name:<32} {100 * share:5.1f} %")
    stored = Event.objects.filter(source=source, state="stored").count()
    refused = Rejection.objects.filter(source=source).count()
    people = Profile.objects.filter(workspace=workspace, merged_into=None).count()
    right = stored == events and not refused and people == -(-events // 5)
    print(f"  {stored} of {events} stored, {refused} set aside, {people} profiles: {'right' if right else 'WRONG'}")
    return right


def batches(events: int) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, events, BATCH):
        yield [event(number) for number in range(start, min(start + BATCH, events))]


def event(number: int) -> dict[str, Any]:
    """The `number`th event: five in a row are one visitor's, every second of whom logs in."""
    person, place = divmod(number, 5)
    url = f"https://shop.example/p/{number % 500}" + ("?utm_source=google&utm_medium=cpc" if place == 0 and person % 3 else "")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    shared = {"messageId": str(uuid.UUID(int=number)), "anonymousId": f"a-{person}", "context": {
        "page": {"url": url}, "userAgent": agent, "ip": "192.0.2.7"}}  # fmt: skip
    if place == 2 and person % 2:
        return {**shared, "type": "identify", "userId": f"u-{person}", "traits": {"email": f"person{person}@example.org"}}
    if place == 4 and person % 20 == 0:
        properties: dict[str, Any] = {"order_id": str(person), "total": 119.0, "tax": 19.0, "currency": "EUR"}
        return {**shared, "type": "track", "event": "Order Completed", "properties": properties}
    if place in (1, 3):
        return {
            **shared,
            "type": "track",
            "event": "Product Viewed",
            "properties": {"product_id": str(number % 500), "price": 129.9},
        }
    return {**shared, "type": "page", "name": "Shop"}


def shares(profile: cProfile.Profile) -> Counter[str]:
    """What part of the time each step took, its statements included; the profiler makes Python slower than it is."""
    spent: Counter[str] = Counter()
    for (file, _line, name), (*_counts, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        for (caller_file, _, caller), (*_, seconds) in callers.items():
            if caller in CALLERS and "ingest" in caller_file and name not in CALLERS:
                spent[f"{Path(file).stem}.{name}"] += seconds
    whole = spent.total()
    return Counter({name: seconds / whole for name, seconds in spent.items()})


def mark(source_id: int) -> tuple[int, float]:
    """How many events of the source were updated, BATCH at a time, each in a transaction, and the seconds."""
    started, last, marked = time.perf_counter(), 0, 0
    while marked < MARKED:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MARK, [source_id, last, BATCH])
            found = [row[0] for row in cursor.fetchall()]
        if not found:
            break
        last, marked = max(found), marked + len(found)
    return marked, time.perf_counter() - started
