"""What a piece of work takes: seconds on the clock, and of the processors, ours and the database's, which other work on the machine
distorts less."""

import statistics
import time
from collections.abc import Callable, Sequence
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
    backends = _backends()
    wall, client, server = time.perf_counter(), time.process_time(), _used(backends)
    work()
    return Cost(time.perf_counter() - wall, time.process_time() - client, _used(backends) - server)


def median(costs: Sequence[Cost]) -> Cost:
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def _backends() -> list[psutil.Process]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'")
        pids = [row[0] for row in cursor.fetchall()]
    return [process for pid in pids if psutil.pid_exists(pid) and (process := psutil.Process(pid)).name() == "postgres"]


def _used(backends: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in backends)
