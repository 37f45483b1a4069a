"""Window swap: a restated month of 273,960 rows, a fifth changed, then the same answer again.

Ours (`channels.swap`, with history, roll-ups, coverage and run) against the floor (COPY into staging) and the way written
by hand (COPY + update changed + insert missing by joins, nothing else). 3 rounds in turn, medians. Also WAL written.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

DAYS, ROUNDS = 30, 3
FIRST = date(2026, 5, 1)


def main(rows: int = 273_960) -> bool:
    """Print the table; True when every result was right."""
    from channels.models import DailyStat, DailyStatHistory
    from tests.channels.builders import an_account

    campaigns = rows // DAYS
    account = an_account()
    base, restated = answer(campaigns, 0), answer(campaigns, 1)
    pull(account, base, 0)
    stored = DailyStat.objects.filter(account=account).count()
    ours, again, floor, by_hand, wal = [], [], [], [], []
    prepare_by_hand(account)
    for number in range(ROUNDS):
        now, then = (restated, base) if number % 2 == 0 else (base, restated)
        floor.append(timed(lambda rows=now: stage_only(rows)))
        by_hand.append(timed(lambda rows=now: swap_by_hand(rows)))
        before = wal_bytes()
        ours.append(timed(lambda rows=now, n=number: pull(account, rows, 2 * n + 1)))
        changed_wal = wal_bytes() - before
        before = wal_bytes()
        again.append(timed(lambda rows=now, n=number: pull(account, rows, 2 * n + 2)))
        wal.append((changed_wal, wal_bytes() - before))
        del then
    changed = DailyStatHistory.objects.filter(account=account).count()
    report("stage only (floor)", rows, floor, floor)
    report("by hand: COPY + join difference", rows, by_hand, floor)
    report("channels.swap, 20 % changed", rows, ours, by_hand)
    report("channels.swap, same answer again", rows, again, by_hand)
    print(f"  WAL: {statistics.median(a for a, _ in wal) / 1e6:.1f} MB for the changed window,"
          f" {statistics.median(b for _, b in wal) / 1e6:.2f} MB for the re-run")  # fmt: skip
    expected = ROUNDS * (rows // 5)
    right = stored == rows and abs(changed - expected) <= ROUNDS
    print(f"  rows stored {stored}, versions kept {changed} (expected {expected}): {'right' if right else 'WRONG'}")
    return right


def answer(campaigns: int, version: int) -> list[Any]:
    """A month of `campaigns` campaigns a day; version 1 changes every fifth row."""
    from channels.connectors.base import StatRow

    rows, zero, number = [], Decimal(0), 0
    for n in range(DAYS):
        day = FIRST + timedelta(days=n)
        for campaign in range(campaigns):
            number += 1
            late = version if number % 5 == 0 else 0
            rows.append(StatRow(day, str(campaign), "", "", "default", 1000 + campaign, 20, Decimal(1234 + campaign) / 100,
                                Decimal(2 + late), Decimal(15000 + 7500 * late) / 100, zero, 0, 0))  # fmt: skip
    return rows


def pull(account: Any, rows: list[Any], number: int) -> None:
    from channels.swap import Pulled, swap
    from tests.channels.builders import a_running_run

    run = a_running_run(account, FIRST, FIRST + timedelta(days=DAYS))
    swap(run, Pulled(datetime(2026, 7, 1, tzinfo=UTC) + timedelta(hours=number), rows))


STAGING = "day date, campaign int8, impressions int8, clicks int8, spend numeric, conversions numeric, value numeric"
TYPES = ("date", "int8", "int8", "int8", "numeric", "numeric", "numeric")


def stage(cursor: Any, rows: list[Any]) -> None:
    cursor.execute(f"CREATE TEMP TABLE plain ({STAGING}) ON COMMIT DROP")
    with cursor.copy("COPY plain FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(TYPES)
        for row in rows:
            copy.write_row((row[0], int(row[1]), row[5], row[6], row[7], row[8], row[9]))


def stage_only(rows: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        stage(cursor, rows)


def prepare_by_hand(account: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE by_hand ({STAGING}, PRIMARY KEY (day, campaign))")
    with transaction.atomic(), connection.cursor() as cursor:
        stage(cursor, answer(273_960 // DAYS, 0))
        cursor.execute("INSERT INTO by_hand SELECT * FROM plain")


def swap_by_hand(rows: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        stage(cursor, rows)
        cursor.execute("ANALYZE plain")
        cursor.execute(
            "UPDATE by_hand f SET impressions=s.impressions, clicks=s.clicks, spend=s.spend,"
            " conversions=s.conversions, value=s.value"
            " FROM plain s WHERE f.day=s.day AND f.campaign=s.campaign AND (f.impressions,f.clicks,f.spend,f.conversions,f.value)"
            " IS DISTINCT FROM (s.impressions,s.clicks,s.spend,s.conversions,s.value)"
        )
        cursor.execute("INSERT INTO by_hand SELECT s.* FROM plain s LEFT JOIN by_hand f USING (day, campaign) WHERE f.day IS NULL")


def timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def wal_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


def report(name: str, rows: int, seconds: list[float], against: list[float]) -> None:
    median, other = statistics.median(seconds), statistics.median(against)
    print(f"  {name:<36} {median:7.2f} s {rows / median:10,.0f} rows/s   {median / other:5.2f}x")
