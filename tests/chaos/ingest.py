"""`make chaos-ingest`: kill -9 of collectors and workers, crashes of the database and Redis flushes while clients send and repeat.

    python -m tests.chaos.ingest [--events 1000000] [--kills 100] [--workers 10] [--crashes 10] [--flushes 10] [--replays 0.1]
        [--seed 1]

Without numbers of faults their share is the same however many events there are: these, in a million.

The real collector, PostgreSQL, Valkey, worker and beat. A client that gets no 2xx sends the same again, as the SDKs do.
Prints sent, stored, duplicate, rejected, lost, doubled and p99; exits non-zero on one event that is lost, doubled or
counted twice. Every event breaks the tracking plan, so that its violations are counted while workers die.
"""

import argparse
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from mops import embedded
from mops.demo import processes
from tests.chaos.standalone import HOST, Collector, Program, database

SIZES = (1, 1, 10, 20, 50, 100)  # events per request: pages send one, the server libraries 20 to 100
BAD_EVERY = 97  # one event in so many is refused on purpose
FAULTS = {"kills": (4, 10_000), "workers": (4, 100_000), "crashes": (2, 100_000), "flushes": (2, 100_000)}  # at least, one in
PATIENCE = 300.0  # seconds the workers may take at the end, and one more for so many events:
WORKED_OFF = 500


class Client(threading.Thread):
    """Sends its share in batches, each until it is acknowledged; now and then an acknowledged batch once more."""

    def __init__(self, number: int, collector: Collector, key: str, events: int, replays: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.number, self.collector, self.key, self.events, self.replays = number, collector, key, events, replays
        self.random = random.Random(seed * 1000 + number)
        self.acknowledged: list[str] = []
        self.seconds: list[float] = []
        self.retries = self.replayed = self.refused = 0
        self.connection = http.client.HTTPConnection(HOST, collector.port, timeout=20)

    def run(self) -> None:
        start = 0
        while start < self.events:
            end = min(start + self.random.choice(SIZES), self.events)
            ids, start = [f"{self.number}-{n}" for n in range(start, end)], end
            self.deliver(ids)
            if self.random.random() < self.replays:
                self.deliver(ids)
                self.replayed += len(ids)

    def deliver(self, ids: list[str]) -> None:
        body = json.dumps({"writeKey": self.key, "batch": [self.event(name) for name in ids]}).encode()
        started = time.monotonic()
        while not self.post(body):
            self.retries += 1
            time.sleep(self.random.uniform(0.05, 0.2))
        self.seconds.append(time.monotonic() - started)
        self.acknowledged += ids

    def event(self, name: str) -> dict[str, Any]:
        n = int(name.split("-")[1])
        kind = "nonsense" if n % BAD_EVERY == 5 else "page"
        url = "https://shop.example/" + ("?utm_source=google&utm_medium=cpc" if n % 20 == 0 else "")
        return {"type": kind, "messageId": name, "anonymousId": f"a-{self.number}-{n // 8}", "context": {"page": {"url": url}}}

    def post(self, body: bytes) -> bool:
        try:
            self.connection.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            return False
        if answer.status in (400, 401, 403, 413):
            raise RuntimeError(f"The collector answered {answer.status}")
        return answer.status == 200


class Chaos:
    def __init__(self, home: Path, settings: dict[str, str], arguments: argparse.Namespace, stack: ExitStack) -> None:
        self.home, self.arguments, self.random = home, arguments, random.Random(arguments.seed)
        self.collector = Collector(home, settings)
        self.redis_url = settings["REDIS_URL"]
        self.worker = Program(home, settings, processes.worker("default", 1))
        for program in (self.collector, self.worker, Program(home, settings, processes.beat())):
            program.start()
            stack.callback(program.stop)
        self.collector.wait()
        self.done: dict[str, int] = {"kills": 0, "workers": 0, "crashes": 0, "flushes": 0}
        self.recoveries: list[float] = []  # seconds from a fault until events were acknowledged again

    def faults(self) -> list[tuple[str, Callable[[], None]]]:
        """All faults of the run in a random order."""
        asked = [
            ("kills", self.kill_collector),
            ("workers", self.kill_worker),
            ("crashes", self.crash_database),
            ("flushes", self.flush_redis),
        ]
        made = [fault for fault in asked for _ in range(getattr(self.arguments, fault[0]))]
        self.random.shuffle(made)
        return made

    def kill_collector(self) -> None:
        self.collector.kill()
        self.collector.start()
        self.collector.wait()

    def kill_worker(self) -> None:
        self.worker.kill()
        self.worker.start()

    def crash_database(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, recovery from the log at the next start."""
        pid = int((self.home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, signal.SIGQUIT)
        time.sleep(self.random.uniform(0.2, 1.0))
        embedded.start_postgres(self.home)

    def flush_redis(self) -> None:
        import redis

        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def run(self, clients: list[Client]) -> float:
        """Faults spread over the run while the clients send. Seconds it took."""
        started, faults = time.monotonic(), self.faults()
        for client in clients:
            client.start()
        wanted = sum(client.events for client in clients)
        for number, (name, fault) in enumerate(faults, 1):
            wait_for(clients, wanted * number // (len(faults) + 1))
            at = time.monotonic()
            fault()
            wait_for(clients, acknowledged(clients) + 1)
            self.recoveries.append(time.monotonic() - at)
            self.done[name] += 1
            if number % 10 == 0:
                print(f"{time.monotonic() - started:5.0f} s: {number} faults, {acknowledged(clients)} acknowledged", flush=True)
        for client in clients:
            client.join()
        return time.monotonic() - started


def acknowledged(clients: list[Client]) -> int:
    return sum(len(client.acknowledged) for client in clients)


def wait_for(clients: list[Client], events: int) -> None:
    """Until so many events are acknowledged, or everybody is done."""
    while acknowledged(clients) < events and any(client.is_alive() for client in clients):
        time.sleep(0.02)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--kills", type=int)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--crashes", type=int)
    parser.add_argument("--flushes", type=int)
    parser.add_argument("--replays", type=float, default=0.1)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name, (least, one_in) in FAULTS.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, max(least, arguments.events // one_in))
    with tempfile.TemporaryDirectory(prefix="mops-chaos-") as folder, ExitStack() as stack:
        home = Path(folder)
        settings = stack.enter_context(database(home, broker=True))
        key = a_key()
        chaos = Chaos(home, settings, arguments, stack)
        share = arguments.events // arguments.clients
        clients = [Client(n, chaos.collector, key, share, arguments.replays, arguments.seed) for n in range(arguments.clients)]
        seconds = chaos.run(clients)
        return judge(clients, seconds, chaos, wait_for_workers(arguments.events))


def a_key() -> str:
    from tests.tracking.plan.plans import plan
    from tests.tracking.sending import a_source
    from tracking.plan.schema import PlannedEvent, Property
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Chaos (sample)", slug="chaos")
    plan(workspace, PlannedEvent("page", "", properties=(Property("template", required=True),)))
    return a_source(workspace, rate_per_minute=1_000_000_000).write_key


def wait_for_workers(events: int) -> float:
    """Seconds until no event waits any more."""
    from tests.chaos.sync import patient
    from tracking.models import Event

    started, patience = time.monotonic(), PATIENCE + events / WORKED_OFF
    while patient(lambda: Event.objects.filter(state="pending").exists()) and time.monotonic() - started < patience:
        time.sleep(0.3)
    return time.monotonic() - started


def judge(clients: list[Client], seconds: float, chaos: Chaos, waited: float) -> int:
    from datetime import UTC, datetime

    from django.db.models import Sum

    from tracking import invariants
    from tracking.models import Event, PlanViolation, QualityDay, RawBody, Rejection, Session

    sent = {name for client in clients for name in client.acknowledged}
    stored = list(Event.objects.filter(state="stored").values_list("message_id", flat=True))
    refused = set(Rejection.objects.values_list("message_id", flat=True))
    books = RawBody.objects.aggregate(received=Sum("received"), duplicate=Sum("duplicate"), rejected=Sum("rejected"))
    lost, doubled = sent - set(stored) - refused, len(stored) - len(set(stored))
    visits = Session.objects.aggregate(events=Sum("events"))["events"]
    counted = [QualityDay.objects.aggregate(n=Sum("events"))["n"], PlanViolation.objects.aggregate(n=Sum("number"))["n"]]
    broken = invariants.broken(datetime(2000, 1, 1, tzinfo=UTC))
    times = sorted(second for client in clients for second in client.seconds)
    print(f"seed {chaos.arguments.seed}: {chaos.done['kills']} collector kills, {chaos.done['workers']} worker kills,"
          f" {chaos.done['crashes']} database crashes,"
          f" {chaos.done['flushes']} Redis flushes, {sum(client.retries for client in clients)} retries,"
          f" {sum(client.replayed for client in clients)} events replayed")  # fmt: skip
    print(f"sent {len(sent)}, stored {len(stored)}, duplicate {books['duplicate']}, rejected {books['rejected']},"
          f" lost {len(lost)}, doubled {doubled}; {visits} events in visits, {counted[0]} counted, {counted[1]} violations;"
          f" {len(broken)} invariants broken")  # fmt: skip
    p50, p99 = (1000 * times[int(len(times) * share)] for share in (0.5, 0.99))
    longest = max(chaos.recoveries, default=0)
    print(f"{seconds:.0f} s with {len(sent) / seconds:,.0f} events/s, longest recovery {longest:.1f} s; until acknowledged, with"
          f" retries: p50 {p50:.0f} ms, p99 {p99:.0f} ms; workers done {waited:.0f} s later")  # fmt: skip
    return 1 if lost or doubled or broken or {visits, *counted} != {len(stored)} else 0


if __name__ == "__main__":
    sys.exit(main())
