"""Withdrawals against uploads that run all the time: does anybody leave after they withdrew?

    python -m tests.chaos.consent_race [--people 1000] [--uploaders 4] [--withdrawers 4] [--seed 1]

Prints leaks (must be 0), uploads without a removal (must be 0), how long it took until the gate was closed, and what
withdrawals waited for. Every uploader and every withdrawer is a process of its own, as workers and web servers are: in threads
of one process they would mostly wait for Python.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, quantiles
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # models need Django's settings
    from tracking.blind_index import Subject
    from workspaces.models import Workspace

BATCH = 50
SENDING = (0.001, 0.004)  # seconds one upload takes
PARTS = ("upload", "chain", "commit", "statements", "cpu")


class Sent(NamedTuple):
    uploads: int
    left: list[tuple[float, str]]  # (monotonic instant, subject)


class Withdrawn(NamedTuple):
    subject: str
    closed: float  # monotonic instant
    took: float  # seconds from asking to withdraw until nothing leaves any more
    parts: dict[str, float]  # seconds by what was waited for; "cpu" is the work of this process itself


@dataclass
class Outcome:
    people: int
    uploads: int = 0
    sent: int = 0
    leaks: int = 0
    not_taken_back: int = 0
    withdrawn: list[Withdrawn] = field(default_factory=list)

    @property
    def waits(self) -> list[float]:
        return [one.took for one in self.withdrawn]

    @property
    def p99(self) -> float:
        return quantiles(self.waits, n=100)[98]

    def __str__(self) -> str:
        return (
            f"{self.people} withdrawals against {self.uploads} uploads of {self.sent} people: {self.leaks} leaks,"
            f" {self.not_taken_back} not taken back; gate closed after p50 {quantiles(self.waits, n=2)[0] * 1000:.1f} ms,"
            f" p99 {self.p99 * 1000:.1f} ms, max {max(self.waits) * 1000:.1f} ms"
        )

    def breakdown(self) -> str:
        """Mean milliseconds by what was waited for, of all and of the slowest fiftieth."""
        slowest = sorted(self.withdrawn, key=lambda one: one.took)[-max(1, len(self.withdrawn) // 50) :]
        lines = []
        for name, rows in (("all", self.withdrawn), ("slowest 2 %", slowest)):
            parts = ", ".join(f"{part} {fmean(row.parts.get(part, 0.0) for row in rows) * 1000:.1f}" for part in PARTS)
            lines.append(f"{name}: {fmean(row.took for row in rows) * 1000:.1f} ms, of it {parts}")
        return "\n".join(lines)


def race(
    workspace: "Workspace", people: int, pool: Executor, *, uploaders: int = 4, withdrawers: int = 4, seed: int = 1
) -> Outcome:
    """Grant everybody, upload without pause, withdraw everybody once. Needs a database outside a transaction."""
    from tracking.blind_index import Indexer
    from tracking.consent.ledger import Statement, record_many
    from tracking.consent_models import Decision

    indexer = Indexer(workspace.pk)
    everybody = [indexer.subject("email", f"person{number}@example.org") for number in range(people)]
    record_many(workspace, [Statement(subject, "email", Decision.GRANTED, "form") for subject in everybody])
    with tempfile.TemporaryDirectory() as folder:
        over = Path(folder) / "over"  # its presence ends the uploads
        uploads = [pool.submit(upload, workspace.pk, everybody, over, seed + number, number) for number in range(uploaders)]
        parts = [pool.submit(withdraw, workspace.pk, everybody[number::withdrawers]) for number in range(withdrawers)]
        withdrawn = [one for part in parts for one in part.result()]
        over.touch()
        return _outcome(workspace, withdrawn, [each.result() for each in uploads])


def upload(workspace_id: int, people: "list[Subject]", over: Path, seed: int, number: int) -> Sent:
    """Send random batches until it is over."""
    from django.db import connection

    from tracking.consent.gate import release
    from workspaces.models import Workspace

    workspace, chance = Workspace.objects.get(pk=workspace_id), random.Random(seed)
    left: list[tuple[float, str]] = []
    run = 0
    while not over.exists():
        run += 1
        batch = chance.sample(people, min(BATCH, len(people)))
        release(workspace, "email", batch, destination="list", job=f"{number}-{run}", send=_sender(chance, left))
    connection.close()
    return Sent(run, left)


def _sender(chance: random.Random, left: list[tuple[float, str]]) -> "Callable[[list[Subject]], None]":
    """The platform takes one after the other; what counts is when each one really left."""

    def send(people: "list[Subject]") -> None:
        for subject in people:
            time.sleep(chance.uniform(*SENDING) / len(people))
            left.append((time.monotonic(), subject.index))

    return send


def withdraw(workspace_id: int, people: "list[Subject]") -> list[Withdrawn]:
    """Withdraw one after the other."""
    from django.db import connection, transaction

    from tracking.consent import ledger
    from workspaces.models import Workspace

    workspace, done = Workspace.objects.get(pk=workspace_id), []
    for subject in people:
        asked, cpu = time.monotonic(), time.thread_time()
        with _measured() as parts:
            with transaction.atomic():
                ledger.withdraw(workspace, subject, ["email"], source="one_click", proof={})
                said = time.monotonic()
            closed = time.monotonic()
        parts |= {"commit": closed - said, "cpu": time.thread_time() - cpu}
        done.append(Withdrawn(subject.index, closed, closed - asked, parts))
    connection.close()
    return done


@contextmanager
def _measured() -> Iterator[dict[str, float]]:
    """Seconds of the statements by what they may wait for: a running upload, the workspace's chain, nothing."""
    from django.db import connection

    from tracking.consent import locking

    turns = {locking.number(locking.TURNSTILE): "upload", locking.number(locking.CHAIN): "chain"}
    parts: dict[str, float] = defaultdict(float)

    def timed(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        begun = time.monotonic()
        try:
            return execute(sql, params, many, context)
        finally:
            part = turns.get(params[0], "statements") if "advisory" in sql else "upload" if "FOR UPDATE" in sql else "statements"
            parts[part] += time.monotonic() - begun

    with connection.execute_wrapper(timed):
        yield parts


def _outcome(workspace: "Workspace", withdrawn: list[Withdrawn], uploads: list[Sent]) -> Outcome:
    from tracking.models import Release

    rows = Release.objects.filter(workspace=workspace)
    closed = {one.subject: one.closed for one in withdrawn}
    sent = [each for one in uploads for each in one.left]
    leaks = sum(at > closed[subject] for at, subject in sent)
    missing = len({subject for _, subject in sent} - set(rows.values_list("subject", flat=True)))
    lost = missing + rows.filter(removal="").count()
    return Outcome(len(withdrawn), sum(one.uploads for one in uploads), len(sent), leaks, lost, withdrawn)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--uploaders", type=int, default=4)
    parser.add_argument("--withdrawers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with ExitStack() as stack:
        database = empty_database(stack)
        from tracking.consent import chain
        from workspaces.models import Workspace

        workspace = Workspace.objects.create(name="Race (sample)", slug="race")
        pool = stack.enter_context(
            ProcessPoolExecutor(given.uploaders + given.withdrawers, get_context("spawn"), _in_process, (database,))
        )
        outcome = race(workspace, given.people, pool, uploaders=given.uploaders, withdrawers=given.withdrawers, seed=given.seed)
        broken = chain.verify(workspace.pk)
    print(f"seed {given.seed}: {outcome}; chain {'holds' if broken is None else broken}\n{outcome.breakdown()}")
    return 1 if outcome.leaks or outcome.not_taken_back or broken else 0


def empty_database(stack: ExitStack) -> str:
    """A test database on the test servers, dropped at the end. Returns its name."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    import tests.conftest  # noqa: F401  servers and settings

    databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
    stack.callback(teardown_databases, databases, verbosity=0)
    return str(connection.settings_dict["NAME"])


def _in_process(database: str) -> None:
    """Django in a process of the pool, with the test database."""
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    connection.ensure_connection()


if __name__ == "__main__":
    sys.exit(main())
