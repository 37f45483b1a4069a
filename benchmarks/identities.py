"""Resolution of 100,000 identities (1 million with --full) in micro-batches of 500 events, against COPY of the same rows.

A person has a user id, an address and one or two anonymous ids, named by three events: a visit, a login, a second device.
Then the same events again, when everything is known. The floor is COPY of a part of them into a table with the same keys and
indexes. Ten lines on the way say whether it becomes slower as the tables grow.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from benchmarks.progress import Progress

BATCH, SEED, COPIED = 500, 20240601, 100_000
FIRST = datetime(2026, 5, 1, tzinfo=UTC)


def main(identities: int = 100_000) -> bool:
    """Print the table; True when every person is one profile."""
    from tracking.models import Identity, Profile
    from tracking.profiles.resolution import resolve
    from workspaces.models import Workspace

    workspace = Workspace.objects.create(name="Benchmark (sample)", slug="benchmark-identities")
    persons = identities * 2 // 7
    numbers = [number for number in range(3 * persons) if number % 3 < 2 or number // 3 % 2]
    random.Random(SEED).shuffle(numbers)
    learning, again = (resolved(what, numbers, lambda part: resolve(workspace, part)) for what in ("new", "known"))
    stored = Identity.objects.filter(workspace=workspace).count()
    living = Profile.objects.filter(workspace=workspace, merged_into=None).count()
    copied, seconds = copy_rows()
    floor = seconds * stored / copied
    report(f"COPY of {copied} identities (floor)", copied, seconds, seconds)
    report(f"resolve, all new: {len(numbers)} events", stored, learning, floor)
    report("resolve again, all known", stored, again, floor)
    print(f"  {len(numbers) / learning:,.0f} new and {len(numbers) / again:,.0f} known events a second")
    right = living == persons
    print(f"  {living} people of {stored} identities (expected {persons}): {'right' if right else 'WRONG'}")
    return right


def observation(number: int) -> Any:
    """Three in a row are one person's: a visit, a login, a second device."""
    from tracking.profiles.batch import Observation
    from tracking.profiles.extract import Kind, Said

    person, place = divmod(number, 3)
    at = FIRST + timedelta(seconds=person)
    user, visitor = Said(Kind.USER_ID, f"u-{person}"), Said(Kind.ANONYMOUS_ID, f"a-{person}")
    if place == 0:
        return Observation(number, at, [visitor])
    if place == 1:
        return Observation(number, at, [user, Said(Kind.EMAIL, f"person{person}@example.org"), visitor])
    return Observation(number, at, [user, Said(Kind.ANONYMOUS_ID, f"b-{person}")])


def resolved(what: str, numbers: list[int], resolve: Callable[[list[Any]], object]) -> float:
    """Seconds in which all were resolved, batch by batch."""
    way = Progress(f"events, {what}", len(numbers))
    for start in range(0, len(numbers), BATCH):
        part = [observation(number) for number in numbers[start : start + BATCH]]
        way.timed(lambda part=part: resolve(part))  # type: ignore[misc]  # run at once
        way.done(len(part))
    return way.seconds


def copy_rows() -> tuple[int, float]:
    """How many stored identities were copied into an empty table that is built alike, and the seconds with the commit."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE plain_identity (LIKE tracking_identity INCLUDING ALL EXCLUDING IDENTITY)")
        with cursor.copy(f"COPY (SELECT * FROM tracking_identity LIMIT {COPIED}) TO STDOUT") as copy:
            content = b"".join(bytes(block) for block in copy)
        cursor.execute("SELECT count(*) FROM tracking_identity")
        copied = min(COPIED, cursor.fetchone()[0])

    def load() -> None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy("COPY plain_identity FROM STDIN") as copy:
            copy.write(content)

    seconds = timed(load)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE plain_identity")
    return copied, seconds


def timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def report(what: str, rows: int, seconds: float, floor: float) -> None:
    print(f"  {what:<48} {seconds:8.2f} s {rows / seconds:12,.0f} identities/s {seconds / floor:8.1f}x")
