"""Window swap: a restated month of 273,960 rows, a fifth changed, then the same answer again.

Ours (`channels.swap`: difference, history, roll-ups, coverage, run, names and checks) against staging alone, the bare difference
written by hand, and the same with history and roll-ups by hand. 5 rounds in turn, medians; ratios of processor time. WAL, parts.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from benchmarks.cost import Cost, measured, median
from benchmarks.swap_by_hand import ByHand
from benchmarks.swap_parts import shares

DAYS, ROUNDS = 30, 5
FIRST = date(2026, 5, 1)


def main(rows: int = 273_960) -> bool:
    """Print the table; True when every result was right."""
    from channels.models import DailyStat, DailyStatHistory
    from tests.channels.builders import an_account

    account = an_account()
    base, restated = answer(rows // DAYS, 0), answer(rows // DAYS, 1)
    pulls = iter(range(2 * ROUNDS + 2))
    pull(account, base, next(pulls))
    stored = DailyStat.objects.filter(account=account).count()
    hand = ByHand(account, base)
    vacuum()
    ways: dict[str, Callable[[list[Any]], None]] = {
        "staging alone": hand.floor,
        "by hand: difference": hand.bare,
        "by hand: with history and roll-ups": hand.whole,
        "channels.swap, 20 % changed": lambda answered: pull(account, answered, next(pulls)),
        "by hand: with …, same answer again": hand.whole,
        "channels.swap, same answer again": lambda answered: pull(account, answered, next(pulls)),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    wal: dict[str, list[int]] = {name: [] for name in ways}
    for number in range(ROUNDS):
        answered = base if number % 2 else restated
        for name, way in ways.items():
            before = wal_bytes()
            costs[name].append(measured(lambda way=way, answered=answered: way(answered)))  # type: ignore[misc]
            wal[name].append(wal_bytes() - before)
        vacuum()
    report(rows, costs, wal)
    is_same = sums("channels_campaignmonth") == sums("hand_campaignmonth")
    parts = shares(lambda: pull(account, base, next(pulls)))
    print("  parts: " + ", ".join(f"{name} {seconds / sum(parts.values()):.0%}" for name, seconds in parts.items()))
    changed = DailyStatHistory.objects.filter(account=account).count()
    expected = (ROUNDS + 1) * (rows // 5)
    right = stored == rows and changed == expected and is_same
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


def sums(table: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(clicks), sum(spend), sum(conversions), sum(conversions_value), sum(days) FROM {table}")
        return cursor.fetchone()


def vacuum() -> None:
    """What autovacuum would have done before the next pull, an hour later."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def wal_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")
        return int(cursor.fetchone()[0])


def report(rows: int, costs: dict[str, list[Cost]], wal: dict[str, list[int]]) -> None:
    medians = {name: median(found) for name, found in costs.items()}
    bare, whole = medians["by hand: difference"], medians["by hand: with history and roll-ups"]
    print(f"  {'':<36}  clock   client  server CPU   rows/s  by hand   with history   WAL")
    for name, cost in medians.items():
        written = sorted(wal[name])[ROUNDS // 2] / 1e6
        print(f"  {name:<36} {cost.wall:5.2f} s {cost.client:5.2f} + {cost.server:5.2f} s {rows / cost.cpu:10,.0f}"
              f" {cost.cpu / bare.cpu:7.2f}x {cost.cpu / whole.cpu:8.2f}x {written:9.2f} MB")  # fmt: skip
