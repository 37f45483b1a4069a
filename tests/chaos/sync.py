"""`make chaos-sync`: every fault of every platform, then kill -9 of workers and database during a backfill.

    python -m tests.chaos.sync [--kills 50] [--seed 1] [--readers 3] [--no-faults]

A reader compares every total with the market's truth all the time. Exits non-zero on one wrong read, lost or wrong day.
"""

import argparse
import random
import sys
import time
from datetime import timedelta
from typing import Any

from tests.chaos.world import kill, processes, product

QUIET = 90.0  # seconds a fault may take until its window is whole again
VICTIMS = {  # name: (words of its command line, how often)
    "worker": ("celery -A mops worker", 0.65),
    "database": ("postgres -D", 0.25),
    "beat": ("celery -A mops beat", 0.1),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--readers", type=int, default=3)
    parser.add_argument("--port", type=int, default=8300)
    parser.add_argument("--no-faults", action="store_true")
    arguments = parser.parse_args()
    with product(arguments.port) as home:
        return Chaos(home, arguments).run()


class Chaos:
    def __init__(self, home: Any, arguments: argparse.Namespace) -> None:
        from mops.demo import reconcile
        from mops.lib import clock
        from tests.chaos.reader import Reader, true_days

        self.home, self.arguments, self.random = home, arguments, random.Random(arguments.seed)
        self.world, self.at = reconcile.market(), clock.now()
        true = true_days(self.world, self.at)
        self.readers = [Reader(true) for _ in range(arguments.readers)]
        self.longest = 0.0
        self.killed: dict[str, int] = {}

    def run(self) -> int:
        from tests.chaos.reader import lost_and_wrong

        for reader in self.readers:
            reader.start()
        self.kill_during_backfill()
        faults, unhealed = (0, []) if self.arguments.no_faults else self.every_fault()
        lost, wrong_days = lost_and_wrong(self.readers[0], self.world)
        for reader in self.readers:
            reader.stopped.set()
            reader.join()
        reads, wrong = sum(reader.reads for reader in self.readers), sum(reader.wrong for reader in self.readers)
        kills = ", ".join(f"{count}x {victim}" for victim, count in self.killed.items())
        unanswered = sum(reader.unanswered for reader in self.readers)
        print(f"seed {self.arguments.seed}: {sum(self.killed.values())} kill -9 ({kills}),"
              f" {faults} faults, {len(unhealed)} not healed {unhealed or ''}")  # fmt: skip
        print(f"{reads} reads ({unanswered} unanswered while the database was down), {wrong} wrong;"
              f" {lost} days lost, {wrong_days} days wrong or doubled; longest recovery {self.longest:.1f} s")  # fmt: skip
        for reader in self.readers:
            print(*reader.examples[:3], sep="\n", end="\n" if reader.examples else "")
        return 1 if wrong or lost or wrong_days or unhealed else 0

    def kill_during_backfill(self) -> None:
        """Kill a random process again and again; when the backfill is through, pull everything once more."""
        while sum(self.killed.values()) < self.arguments.kills:
            time.sleep(self.random.uniform(0.5, 2.5))
            patient(let_pauses_pass)
            if patient(lambda: open_runs() == 0):
                pull_all_again()
            victim = self.random.choices(list(VICTIMS), [weight for _, weight in VICTIMS.values()])[0]
            pids = processes(self.home, VICTIMS[victim][0])
            if not pids:
                continue
            kill(self.random.choice(pids))
            self.killed[victim] = self.killed.get(victim, 0) + 1
            self.longest = max(self.longest, until_next_success())
            if (killed := sum(self.killed.values())) % 10 == 0:
                print(f"{killed} of {self.arguments.kills} killed", flush=True)
        wait_until_idle()

    def every_fault(self) -> tuple[int, list[str]]:
        from channels.models import AdAccount
        from sandbox.faults import APPLIES

        unhealed, count = [], 0
        for platform, faults in APPLIES.items():
            account = AdAccount.objects.filter(platform=platform, selected=True).order_by("pk").first()
            for fault in faults:
                count += 1
                if not self.fault(account, platform, str(fault.value)):
                    unhealed.append(f"{platform}/{fault.value}")
            print(f"{platform}: {len(faults)} faults", flush=True)
        return count, unhealed

    def fault(self, account: Any, platform: str, fault: str) -> bool:
        """Inject once, pull a week, do what a person would do, and see the week whole again."""
        from channels import plan, tasks
        from channels.models import SyncRun
        from mops.demo.sample import control
        from mops.lib import clock
        from mops.lib.period import Period

        today = clock.today(account.time_zone)
        control("/sandbox/faults", {"platform": platform, "fault": fault, "times": 1})
        plan.enqueue(account, SyncRun.Kind.MANUAL, Period(today - timedelta(days=7), today + timedelta(days=1)))
        tasks.dispatch.delay()
        deadline = time.monotonic() + QUIET
        while time.monotonic() < deadline:
            time.sleep(0.4)
            if not open_runs() and not SyncRun.objects.filter(account=account, state="failed").exists():
                forget(control)
                return True
            act(account, control)
        forget(control)
        return False


def patient(question: Any) -> Any:
    """Ask until the database answers."""
    from django.db import DatabaseError, connection
    from django.db.utils import InterfaceError

    while True:
        try:
            return question()
        except (DatabaseError, InterfaceError):
            connection.close()
            time.sleep(0.3)


def open_runs() -> int:
    from channels.models import SyncRun

    return SyncRun.objects.filter(state__in=["queued", "running"]).count()


def pull_all_again() -> None:
    from channels import plan
    from channels.models import AdAccount, SyncRun
    from mops.lib import clock
    from mops.lib.period import Period

    def ask() -> None:
        for account in AdAccount.objects.filter(selected=True):
            today = clock.today(account.time_zone)
            plan.enqueue(account, SyncRun.Kind.MANUAL, Period(account.backfilled_from or today, today + timedelta(days=1)))

    patient(ask)


def until_next_success() -> float:
    """Seconds until a run is finished that was not finished before."""
    from channels.models import SyncRun

    def done() -> int:
        return int(SyncRun.objects.filter(state="done").count())

    started, before = time.monotonic(), patient(done)
    while patient(done) <= before and time.monotonic() - started < 180:
        if patient(open_runs) == 0:
            return 0.0
        patient(let_pauses_pass)
        time.sleep(0.2)
    return time.monotonic() - started


def wait_until_idle() -> None:
    deadline = time.monotonic() + 600
    while patient(open_runs) and time.monotonic() < deadline:
        patient(let_pauses_pass)
        time.sleep(0.5)


def let_pauses_pass() -> None:
    """The product's clock stands still: what waits for half a minute would wait for ever."""
    from channels.models import SyncRun
    from mops.lib import clock

    SyncRun.objects.filter(state="queued", run_after__gt=clock.now()).update(run_after=clock.now())


def act(account: Any, control: Any) -> None:
    """What the clock and a person do: pauses pass, the account is reconnected or tried again."""
    from channels import states, tasks
    from channels.models import AdAccount, Connection, SyncRun
    from mops.lib import clock

    account.refresh_from_db()
    AdAccount.objects.filter(pk=account.pk).exclude(blocked_until=None).update(blocked_until=None)
    AdAccount.objects.filter(pk=account.pk).exclude(error_kind="").update(error_kind="", error_message="")
    SyncRun.objects.filter(account=account, state="failed").update(state="queued", attempt=0, run_after=clock.now())
    SyncRun.objects.filter(account=account, state="queued").update(run_after=clock.now())
    if account.connection.state == Connection.State.REAUTH:
        states.check(account.connection)
    tasks.dispatch.delay()


def forget(control: Any) -> None:
    import urllib.request

    from django.conf import settings

    request = urllib.request.Request(settings.META_GRAPH_API + "/sandbox/faults", method="DELETE")
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


if __name__ == "__main__":
    sys.exit(main())
