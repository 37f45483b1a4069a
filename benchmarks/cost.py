"""What a piece of work takes: seconds on the clock, and of the processors, ours and the database's, which other work on the machine
distorts less."""

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil
from django.db import connection


class Cost(NamedTuple):
    """Seconds. `server` is what PostgreSQL's connections of this database used; 0 where it runs on another machine."""

    wall: float
    client: float
    server: float

    @property
    def cpu(self) -> float:
        return self.client + self.server


def measured(work: Callable[[], object]) -> Cost:
    before, wall, client = _used(), time.perf_counter(), time.process_time()
    work()
    wall, client, after = time.perf_counter() - wall, time.process_time() - client, _used()
    return Cost(wall, client, sum(after[pid] - seconds for pid, seconds in before.items() if pid in after))


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _used() -> dict[int, float]:
    """Seconds of each connection's process until now; connections must last as long as the work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
        pids = [row[0] for row in cursor.fetchall()]
    used = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):  # closing, or on another machine
            process = psutil.Process(pid)
            if process.name() == "postgres":
                used[pid] = sum(process.cpu_times()[:2])
    return used
