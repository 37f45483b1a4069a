"""Withdrawals against uploads that run all the time: does anybody leave after they withdrew?

    python -m tests.chaos.consent_race [--people 1000] [--uploaders 4] [--seed 1]

Prints leaks (must be 0), uploads without a removal (must be 0) and how long it took until the gate was closed.
"""

import argparse
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from threading import Event
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # models need Django's settings
    from tracking.blind_index import Subject
    from workspaces.models import Workspace

BATCH = 50
SENDING = (0.001, 0.004)  # seconds one upload takes


@dataclass
class Outcome:
    people: int
    uploads: int = 0
    sent: int = 0
    leaks: int = 0
    not_taken_back: int = 0
    waits: list[float] = field(default_factory=list)  # seconds from asking to withdraw until nothing leaves any more

    @property
    def p99(self) -> float:
        return quantiles(self.waits, n=100)[98]

    def __str__(self) -> str:
        return (
            f"{self.people} withdrawals against {self.uploads} uploads of {self.sent} people: {self.leaks} leaks,"
            f" {self.not_taken_back} not taken back; gate closed after p50 {quantiles(self.waits, n=2)[0] * 1000:.1f} ms,"
            f" p99 {self.p99 * 1000:.1f} ms, max {max(self.waits) * 1000:.1f} ms"
        )


def race(workspace: "Workspace", people: int, *, uploaders: int = 4, withdrawers: int = 4, seed: int = 1) -> Outcome:
    """Grant everybody, upload without pause, withdraw everybody once. Needs a database outside a transaction."""
    from tracking.blind_index import Indexer
    from tracking.consent.ledger import Statement, record_many
    from tracking.consent_models import Decision

    indexer = Indexer(workspace.pk)
    everybody = [indexer.subject("email", f"person{number}@example.org") for number in range(people)]
    record_many(workspace, [Statement(subject, "email", Decision.GRANTED, "form") for subject in everybody])
    race = _Race(workspace, everybody, random.Random(seed))
    with ThreadPoolExecutor(uploaders + withdrawers) as threads:
        uploads = [threads.submit(race.upload, number) for number in range(uploaders)]
        parts = [threads.submit(race.withdraw, everybody[number::withdrawers]) for number in range(withdrawers)]
        for part in parts:
            part.result()
        race.over.set()
        for upload in uploads:
            upload.result()
    return race.outcome()


class _Race:
    def __init__(self, workspace: "Workspace", people: "list[Subject]", chance: random.Random) -> None:
        self.workspace, self.people, self.random, self.over = workspace, people, chance, Event()
        self.sent: list[tuple[float, Subject]] = []
        self.closed: dict[Subject, float] = {}
        self.waits: list[float] = []
        self.uploads = 0

    def upload(self, number: int) -> None:
        from django.db import connection

        from tracking.consent.gate import release

        run = 0
        while not self.over.is_set():
            run += 1
            batch = self.random.sample(self.people, min(BATCH, len(self.people)))
            release(self.workspace, "email", batch, destination="list", job=f"{number}-{run}", send=self.send)
            self.uploads += 1
        connection.close()

    def send(self, people: "list[Subject]") -> None:
        """The platform takes one after the other; what counts is when each one really left."""
        for subject in people:
            time.sleep(self.random.uniform(*SENDING) / len(people))
            self.sent.append((time.monotonic(), subject))

    def withdraw(self, people: "list[Subject]") -> None:
        from django.db import connection

        from tracking.consent.ledger import withdraw

        for subject in people:
            asked = time.monotonic()
            withdraw(self.workspace, subject, ["email"], source="one_click", proof={})
            self.closed[subject] = time.monotonic()
            self.waits.append(self.closed[subject] - asked)
        connection.close()

    def outcome(self) -> Outcome:
        from tracking.models import Release

        rows = Release.objects.filter(workspace=self.workspace)
        leaks = sum(at > self.closed[subject] for at, subject in self.sent)
        missing = len({subject.index for _, subject in self.sent} - set(rows.values_list("subject", flat=True)))
        return Outcome(len(self.people), self.uploads, len(self.sent), leaks, missing + rows.filter(removal="").count(), self.waits)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--uploaders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        _empty_database(stack)
        from tracking.consent import chain
        from workspaces.models import Workspace

        workspace = Workspace.objects.create(name="Race (sample)", slug="race")
        outcome = race(workspace, arguments.people, uploaders=arguments.uploaders, seed=arguments.seed)
        broken = chain.verify(workspace.pk)
    print(f"seed {arguments.seed}: {outcome}; chain {'holds' if broken is None else broken}")
    return 1 if outcome.leaks or outcome.not_taken_back or broken else 0


def _empty_database(stack: ExitStack) -> None:
    """A test database on the test servers, dropped at the end."""
    from django.test.utils import setup_databases, teardown_databases

    import tests.conftest  # noqa: F401  servers and settings

    stack.callback(teardown_databases, setup_databases(verbosity=0, interactive=False), verbosity=0)


if __name__ == "__main__":
    sys.exit(main())
