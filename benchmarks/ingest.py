"""Ingest: 10,000 stored events (1 million with --full) through all steps in micro-batches of 500, with the time of each step.

Visitors of a shop, five events each: pages, products, a login with an address, sometimes an order. The floor is one UPDATE of
the same events in the same micro-batches: what marking them as worked through costs at least.
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

BATCH = 500
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
    from tracking.models import Event, Rejection
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="ingest-benchmark")
    source = a_source(workspace, rate_per_minute=1_000_000_000)
    for batch in batches(events):
        store(door.prepared("batch", known(source), b"{}", {"batch": batch}, batch))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plain, profile = events * 4 // 5 // BATCH, cProfile.Profile()
    started, used = time.perf_counter(), time.process_time()
    for _ in range(plain):
        run_batch()
    seconds, used = time.perf_counter() - started, time.process_time() - used
    profile.enable()
    while run_batch():
        pass
    profile.disable()
    floor = mark(source.pk) * plain * BATCH / events
    print(f"  all steps {plain * BATCH / seconds:8,.0f} events/s, {1e6 * used / plain / BATCH:,.0f} us an event in this process;"
          f" {floor / seconds:.2f}x one UPDATE of them ({plain * BATCH / floor:,.0f} events/s)")  # fmt: skip
    for name, share in shares(profile).most_common(12):
        print(f"    {name:<32} {100 * share:5.1f} %")
    stored = Event.objects.filter(source=source, state="stored").count()
    refused = Rejection.objects.filter(source=source).count()
    print(f"  {stored} of {events} stored, {refused} set aside: {'right' if stored == events and not refused else 'WRONG'}")
    return stored == events and not refused


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


def mark(source_id: int) -> float:
    """Seconds to update the events of the source once, BATCH at a time, each in a transaction."""
    started, last = time.perf_counter(), 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(MARK, [source_id, last, BATCH])
            found = [row[0] for row in cursor.fetchall()]
        if not found:
            return time.perf_counter() - started
        last = max(found)
