"""Kill -9 of the live process and of builds, crashes of the database, while people do things: who is a member in the end?

    python -m tests.chaos.segments [--kills 100] [--crashes 5] [--rate 200] [--seed 1]

The real collector, live process and builder. Events lie in the past by up to an hour, so that time moves members as well; people
merge, orders come in, rules are built anew all the time. Prints the differences to a fresh evaluation (must be 0) and how long it
took from sending an event until a reader saw the membership. Exits non-zero on one difference.
"""

import argparse
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mops.demo import processes
from tests.chaos.standalone import HOST, Collector, Program, database

PER_REQUEST = 10
PEOPLE = 400
PATIENCE = 300.0  # seconds the work left over may take at the end
BUILDER = processes.Process("builder", ("-m", "tests.chaos.segments", "--builder"))
Post = Callable[[list[dict[str, Any]]], bool]


class Sender(threading.Thread):
    """Sends so many events a second, each batch until it is acknowledged."""

    def __init__(self, post: Post, rate: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.post, self.rate, self.random = post, rate, random.Random(seed)
        self.over, self.sent, self.retries = threading.Event(), 0, 0

    def run(self) -> None:
        began = time.monotonic()
        while not self.over.is_set():
            batch = [self.event() for _ in range(PER_REQUEST)]
            while not self.post(batch):
                self.retries += 1
                time.sleep(0.1)
            self.sent += len(batch)
            time.sleep(max(0.0, began + self.sent / self.rate - time.monotonic()))
            began = max(began, time.monotonic() - self.sent / self.rate - 5)  # after a crash not all at once

    def event(self) -> dict[str, Any]:
        number = self.random.randrange(PEOPLE)
        at = datetime.now(UTC) - timedelta(seconds=self.random.choice((0, 0, self.random.uniform(3500, 3600))))
        name = self.random.choice(("Product Viewed", "Product Viewed", "Cart Updated", "Order Completed", "Signed Up"))
        self.sent_number = getattr(self, "sent_number", 0) + 1
        said = {"type": "track", "event": name, "messageId": f"e-{self.sent_number}", "timestamp": at.isoformat()}
        who = {"userId": f"u-{number}"} if self.random.random() < 0.7 else {"anonymousId": f"a-{number}"}
        if self.random.random() < 0.01:
            who = {"userId": f"u-{number}", "anonymousId": f"a-{number}"}  # now they are one person
        properties: dict[str, Any] = {"product_id": str(self.random.randrange(5))}
        if name == "Order Completed":
            properties |= {"order_id": f"o-{self.sent_number}", "total": self.random.randrange(10, 200), "currency": "EUR"}
        return said | who | {"properties": properties}


class Prober(threading.Thread):
    """Somebody new does something; how long until a reader sees them in the segment?"""

    def __init__(self, post: Post, workspace_id: int, segment_id: int) -> None:
        super().__init__(daemon=True)
        self.post, self.workspace_id, self.segment_id = post, workspace_id, segment_id
        self.over, self.seconds = threading.Event(), list[float]()

    def run(self) -> None:
        from django.db import connections

        number = 0
        while not self.over.is_set():
            number += 1
            self.probe(f"probe-{number}")
            time.sleep(0.1)
        connections.close_all()

    def probe(self, user: str) -> None:
        said = {"type": "track", "event": "Probed", "messageId": user, "userId": user}
        started = time.monotonic()
        while not self.post([said]):
            time.sleep(0.05)
        while not self.over.is_set():
            if self.is_member(user):
                self.seconds.append(time.monotonic() - started)
                return
            time.sleep(0.004)

    def is_member(self, user: str) -> bool:
        from django.db import DatabaseError, connection
        from django.db.utils import InterfaceError

        from tracking.blind_index import Indexer
        from tracking.profiles.batch import key_of
        from tracking.profiles.extract import Kind, Said

        try:
            kind, index = key_of(Indexer(self.workspace_id), Said(Kind.USER_ID, user))
            with connection.cursor() as cursor:
                cursor.execute(VISIBLE, [self.workspace_id, self.segment_id, kind, index])
                return cursor.fetchone() is not None
        except (DatabaseError, InterfaceError):
            connection.close()
            return False


VISIBLE = """
SELECT 1 FROM tracking_identity i JOIN segments_membership m ON m.workspace_id = i.workspace_id AND m.profile_id = i.profile_id
WHERE i.workspace_id = %s AND m.segment_id = %s AND i.kind = %s AND i.index = %s
"""


def rules() -> dict[str, dict[str, Any]]:
    """What is watched: windows that end during the run, orders, negations, a segment of segments."""

    def did(name: str, value: int, operator: str = "gte", hours: int | None = 1, measure: str = "count") -> dict[str, Any]:
        event = {"kind": "event", "event": {"type": "track", "name": name}, "measure": measure, "operator": operator}
        return event | {"value": value, "window": {"hours": hours} if hours else None}

    return {
        "Probed": did("Probed", 1),
        "Lookers": did("Product Viewed", 3),
        "Left a cart": {"all": [did("Cart Updated", 1), {"not": did("Order Completed", 1)}]},
        "Quiet": {"all": [did("Product Viewed", 1, hours=None), {"not": did("Product Viewed", 1)}]},
        "Buyers": {"kind": "order", "measure": "revenue", "operator": "gte", "value": 300, "window": None},
        "Recent buyers": {"kind": "order", "measure": "count", "operator": "gte", "value": 2, "window": {"hours": 1}},
        "Known": {"kind": "person", "fact": "is_known", "operator": "is", "value": True},
        "Share": {"all": [{"kind": "share", "percent": 30, "salt": "x"}, did("Signed Up", 1, hours=None)]},
    }


def create() -> tuple[Any, Any, Any]:
    """(workspace, source, segment of probes) with all segments live."""
    from segments.engine import building, changing, sweeping
    from segments.models import Segment
    from tests.tracking.sending import a_source
    from tracking import partitions
    from workspaces.models import Workspace

    partitions.ensure_ahead()
    workspace = Workspace.objects.create(name="Chaos (sample)", slug="chaos")
    segments = {}
    for name, where in rules().items():
        segments[name] = Segment.objects.create(workspace=workspace, name=name)
        changing.save_rule(segments[name], {"version": 1, "where": where})
    inner = {"kind": "segment", "segment": segments["Lookers"].pk, "member": True}
    outer = {"all": [inner, {"kind": "segment", "segment": segments["Buyers"].pk, "member": False}]}
    changing.save_rule(Segment.objects.create(workspace=workspace, name="Of segments"), {"version": 1, "where": outer})
    while waiting := sweeping.waiting():
        building.run(waiting[0])
    return workspace, a_source(workspace, rate_per_minute=1_000_000_000), segments["Probed"]


def build_forever() -> None:
    """Build one segment after the other; what a killed builder left behind is taken over at once, not after its lease."""
    from segments.engine import building, changing
    from segments.models import Segment

    take_over()
    while True:
        for segment in Segment.objects.filter(kind="rule", state="live").select_related("version"):
            building.run(changing.build(segment, segment.version).pk)


def take_over() -> None:
    from django.utils import timezone

    from segments.engine import building, sweeping
    from segments.models import Build

    Build.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1), attempt=1)
    sweeping.sweep()
    for build_id in sweeping.waiting():
        building.run(build_id)


def catch_up(fewer: int = 100) -> float:
    """Seconds until hardly anybody waits, with the live process at work."""
    from segments.models import Touched
    from tests.chaos.sync import patient
    from tracking.models import Event

    def waiting() -> int:
        return max(Event.objects.filter(state="pending")[:fewer].count(), Touched.objects.all()[:fewer].count())

    started = time.monotonic()
    while patient(waiting) >= fewer:
        if time.monotonic() - started > PATIENCE:
            raise TimeoutError("Work is left over")
        time.sleep(0.1)
    return time.monotonic() - started


def settle() -> None:
    """When nothing waits any more, what is due and left over is done here."""
    from segments.engine import running

    catch_up(fewer=1)
    take_over()
    while running.run_once():
        pass


def differences(workspace: Any) -> tuple[int, int]:
    """(people who are members and should not be, or the other way round, and segments no longer live; members in all).

    With no live process at work: once nobody waits, both are read in one snapshot.
    """
    from django.db import connection, transaction

    from mops.lib import clock
    from segments.compiling import everybody, verdicts
    from segments.engine import index, running
    from segments.models import Due, Membership, Touched

    while True:
        while running.run_once():
            pass
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            live = index.of(workspace).rules
            now = clock.now()
            if Touched.objects.exists() or Due.objects.filter(at__lte=now).exists():
                continue
            fresh = verdicts(workspace, live, everybody(), now).rows()
            members = set(Membership.objects.filter(workspace=workspace).values_list("segment_id", "profile_id"))
        wanted = {(segment_id, profile_id) for profile_id, segments, _due in fresh for segment_id in segments}
        for segment_id in sorted({segment_id for segment_id, _profile_id in wanted ^ members}):
            print(f"segment {segment_id}: {sum(one[0] == segment_id for one in wanted ^ members)} differences")
        return len(wanted ^ members) + len(rules()) + 1 - len(live), len(members)


CONNECTED = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"


class Storm:
    """Kills and crashes while the senders send."""

    def __init__(self, live: Program, others: list[Program], crash: Callable[[], None], seed: int) -> None:
        self.live, self.others, self.crash, self.random = live, others, crash, random.Random(seed)
        self.kills, self.crashes, self.builder_kills = 0, 0, 0

    def rage(self, kills: int, crashes: int) -> None:
        moments = sorted(self.random.sample(range(kills), min(crashes, kills)))
        for number in range(kills):
            self.wait_until_connected()
            time.sleep(self.random.uniform(0.05, 1.5))
            self.live.kill()
            self.kills += 1
            for other in self.others:
                other.kill()
                self.builder_kills += 1
                other.start()
            if number in moments:
                self.crash()
                self.crashes += 1
            self.live.start()
        self.wait_until_connected()

    def wait_until_connected(self) -> None:
        from django.db import connection

        from mops.live import NAME
        from tests.chaos.sync import patient

        def there() -> bool:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()", [NAME]
                )
                return cursor.fetchone() is not None

        end = time.monotonic() + 60
        while not patient(there):
            if time.monotonic() > end:
                raise TimeoutError(f"The live process does not come up: {self.live.log.read_text()[-2000:]}")
            time.sleep(0.02)


def over_http(port: int, key: str) -> Post:
    """To the real collector."""
    connections = threading.local()

    def post(batch: list[dict[str, Any]]) -> bool:
        body = json.dumps({"writeKey": key, "batch": batch}).encode()
        if not hasattr(connections, "open"):
            connections.open = http.client.HTTPConnection(HOST, port, timeout=20)
        try:
            connections.open.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
            answer = connections.open.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connections.open.close()
            return False
        return bool(answer.status == 200)

    return post


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--crashes", type=int, default=5)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--builder", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.builder:
        import django

        django.setup()
        build_forever()
    with tempfile.TemporaryDirectory(prefix="mops-chaos-") as folder, ExitStack() as stack:
        home = Path(folder)
        settings = stack.enter_context(database(home, broker=True))
        collector, live = Collector(home, settings), Program(home, settings, processes.live())
        builder = Program(home, settings, BUILDER)
        workspace, source, probed = create()
        for program in (collector, live, builder):
            program.start()
            stack.callback(program.stop)
        collector.wait()
        post = over_http(collector.port, source.write_key)
        storm = Storm(live, [builder], lambda: crash(home), arguments.seed)
        return run(storm, post, workspace, probed, arguments)


def crash(home: Path) -> None:
    """What `pg_ctl stop -m immediate` does: no checkpoint, recovery from the log at the next start."""
    import os
    import signal

    from mops import embedded

    os.kill(int((home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0]), signal.SIGQUIT)
    time.sleep(0.5)
    embedded.start_postgres(home)


def run(storm: Storm, post: Post, workspace: Any, probed: Any, arguments: argparse.Namespace) -> int:
    from segments.models import Build, Flag, PastMembership

    sender, prober = Sender(post, arguments.rate, arguments.seed), Prober(post, workspace.pk, probed.pk)
    started = time.monotonic()
    sender.start()
    prober.start()
    storm.rage(arguments.kills, arguments.crashes)
    seconds = time.monotonic() - started
    for other in storm.others:
        other.kill()
    caught_up = catch_up()
    under_fire, prober.seconds = sorted(prober.seconds), []
    time.sleep(min(20.0, 3 + arguments.kills / 5))  # and some time in peace
    sender.over.set()
    prober.over.set()
    sender.join()
    prober.join()
    settle()
    storm.live.stop()
    wrong, size = differences(workspace)
    built = Build.objects.filter(state="done").count()
    print(f"seed {arguments.seed}: {storm.kills} kills of the live process, {storm.builder_kills} of the builder,"
          f" {storm.crashes} database crashes in {seconds:.0f} s; {sender.sent} events, {sender.retries} sent again")  # fmt: skip
    print(f"{size} memberships, {PastMembership.objects.count()} past ones, {built} builds; caught up after {caught_up:.1f} s;"
          f" differences to a fresh evaluation: {wrong}")  # fmt: skip
    for name, times in (("while processes were killed", under_fire), ("in peace", sorted(prober.seconds))):
        if times:
            p50, p99 = (1000 * times[min(len(times) - 1, int(len(times) * share))] for share in (0.5, 0.99))
            print(f"event → membership visible {name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(times)}")
    for flag in Flag.objects.select_related("segment"):
        print(f"flag on {flag.segment.name} ({flag.segment.state}): {flag.kind} {flag.figures}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
