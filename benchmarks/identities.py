"""Resolution of 100,000 identities (1 million with --full) in micro-batches of 500 events, against COPY of the same rows.

A person has a user id, an address and one or two anonymous ids, named by three events: a visit, a login, a second device.
Then the same events again, when everything is known. The floor is COPY into a table with the same keys and indexes.
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

BATCH, SEED = 500, 20240601
FIRST = datetime(2026, 5, 1, tzinfo=UTC)


def main(identities: int = 100_000) -> bool:
    """Print the table; True when every person is one profile."""
    from tracking.models import Identity, Profile
    from tracking.profiles.resolution import resolve
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="benchmark-identities")
    persons = identities * 2 // 7
    observations = list(events(persons))
    random.Random(SEED).shuffle(observations)
    learning = timed(lambda: [resolve(workspace, part) for part in parts(observations)])
    again = timed(lambda: [resolve(workspace, part) for part in parts(observations)])
    stored = Identity.objects.filter(workspace=workspace).count()
    living = Profile.objects.filter(workspace=workspace, merged_into=None).count()
    floor = copy_rows(workspace.pk)
    report("COPY of the identities (floor)", stored, floor, floor)
    report(f"resolve, all new: {len(observations)} events", stored, learning, floor)
    report("resolve again, all known", stored, again, floor)
    print(f"  {len(observations) / learning:,.0f} new and {len(observations) / again:,.0f} known events a second")
    right = living == persons
    print(f"  {living} people of {stored} identities (expected {persons}): {'right' if right else 'WRONG'}")
    return right


def events(persons: int) -> Iterator[Any]:
    from tracking.profiles.batch import Observation
    from tracking.profiles.extract import Kind, Said

    for number in range(persons):
        at = FIRST + timedelta(seconds=number)
        user, visitor = Said(Kind.USER_ID, f"u-{number}"), Said(Kind.ANONYMOUS_ID, f"a-{number}")
        yield Observation(4 * number, at, [visitor])
        yield Observation(4 * number + 1, at, [user, Said(Kind.EMAIL, f"person{number}@example.org"), visitor])
        if number % 2:
            yield Observation(4 * number + 2, at, [user, Said(Kind.ANONYMOUS_ID, f"b-{number}")])


def parts(observations: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(observations), BATCH):
        yield observations[start : start + BATCH]


def copy_rows(workspace_id: int) -> float:
    """Seconds to COPY the stored identities into an empty table that is built alike, and to commit."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_identity (LIKE tracking_identity INCLUDING ALL EXCLUDING IDENTITY)")
        with cursor.copy("COPY (SELECT * FROM tracking_identity) TO STDOUT") as copy:
            content = b"".join(bytes(block) for block in copy)

    def load() -> None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy("COPY plain_identity FROM STDIN") as copy:
            copy.write(content)

    seconds = timed(load)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE plain_identity")
    return seconds


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(what: str, rows: int, seconds: float, floor: float) -> None:
    print(f"  {what:<48} {seconds:8.2f} s {rows / seconds:12,.0f} identities/s {seconds / floor:8.1f}x")
