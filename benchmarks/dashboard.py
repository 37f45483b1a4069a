"""Six widgets of a dashboard over three years: our query layer against the same answers as hand-written SQL.

Channels with comparison, days, three years by month, top campaigns, accounts and totals, for random periods of 7 to 365 days;
1, 8 and 20 users at once without pauses. Both read the same roll-ups; once, raw ad facts are shown for contrast. In turn, p95.
"""

import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from benchmarks.dashboard_facts import YEARS, load
from mops.lib.period import Period
from reporting.facts_sql import whole_months
from reporting.query import Query, run
from workspaces.models import Workspace

METRICS = ("impressions", "clicks", "ctr", "cpc", "spend", "cpm")
SUMS = "sum(impressions)::bigint, sum(clicks)::bigint, sum(spend)"
INSIDE = "workspace_id = %s AND day >= %s AND day < %s AND attribution_window = 'default'"
USERS = (1, 8, 20)
ROUNDS = 5
PAGES = {1: 12, 8: 48, 20: 80}  # dashboards per round
TOP = 20
Dashboard = Callable[[Workspace, Period], Decimal]


def main(facts: int = 1_000_000) -> bool:
    started = time.perf_counter()
    shop = load(facts)
    print(f"  {facts:,} ad facts loaded in {time.perf_counter() - started:.0f} s")
    right = all(ours(shop, period) == by_hand(shop, period) for period in periods(7))
    print(f"  equal answers: {'yes' if right else 'NO'}; raw ad facts: {raw(shop) * 1000:,.0f} ms for the channels of 90 days")
    for users in USERS:
        _compare(shop, users)
    return right


def periods(seed: int, count: int = 12) -> Iterator[Period]:
    chance = random.Random(seed)
    for _number in range(count):
        length = chance.randint(7, 365)
        since = YEARS.since + timedelta(chance.randint(length, YEARS.days - length))
        yield Period(since, since + timedelta(length))


def ours(shop: Workspace, period: Period) -> Decimal:
    """Six questions to `reporting.query`; the sum of spends proves the answer."""
    before = period.previous()
    answers = [
        run(Query(shop, period, METRICS, ("channel",), comparison=before)),
        run(Query(shop, period, METRICS, ("day",))),
        run(Query(shop, YEARS, METRICS, ("month",))),
        run(Query(shop, period, METRICS, ("campaign",), limit=TOP)),
        run(Query(shop, period, METRICS, ("account",))),
        run(Query(shop, period, METRICS, comparison=before)),
    ]
    previous = [answer.totals.previous["spend"] for answer in answers if answer.totals.previous]
    return sum((value or 0 for value in [*(_spend(answer) for answer in answers), *previous]), Decimal(0))


def _spend(answer: Any) -> Decimal:
    rows = answer.rows if answer.query.limit else [answer.totals]
    return sum((row.values["spend"] for row in rows), Decimal(0))


def by_hand(shop: Workspace, period: Period) -> Decimal:
    """The same six widgets as SQL on the same roll-ups, read into tuples with their ratios."""
    before, days = period.previous(), f"FROM channels_accountday WHERE {INSIDE}"
    now, past = [shop.pk, period.since, period.until], [shop.pk, before.since, before.until]
    answers = [
        _read(f"SELECT channel, {SUMS} {days} GROUP BY 1", now), _read(f"SELECT channel, {SUMS} {days} GROUP BY 1", past),
        _read(f"SELECT day, {SUMS} {days} GROUP BY 1 ORDER BY 1", now),
        _read(f"SELECT date_trunc('month', day), {SUMS} {days} GROUP BY 1 ORDER BY 1", [shop.pk, YEARS.since, YEARS.until]),
        _campaigns(shop, period),
        _read(f"SELECT a.name, {SUMS} FROM channels_accountday f JOIN channels_adaccount a ON a.id = f.account_id "
              f"WHERE f.{INSIDE} GROUP BY 1", now),
        _read(f"SELECT 0, {SUMS} {days}", now), _read(f"SELECT 0, {SUMS} {days}", past),
    ]  # fmt: skip
    return sum((row[3] for rows in answers for row in rows if row[3]), Decimal(0))


def _campaigns(shop: Workspace, period: Period) -> list[tuple[Any, ...]]:
    """Whole months from the monthly roll-up, edge days from the campaign facts."""
    months = whole_months(period)
    parts = [("channels_dailystat", "day", period.since, period.until)]
    if months:
        parts = [("channels_campaignmonth", "month", months.since, months.until),
                 ("channels_dailystat", "day", period.since, months.since),
                 ("channels_dailystat", "day", months.until, period.until)]  # fmt: skip
    source = " UNION ALL ".join(
        f"SELECT campaign_id, impressions, clicks, spend FROM {table} "
        f"WHERE workspace_id = %s AND account_id = ANY(%s) AND {day} >= %s AND {day} < %s AND attribution_window = 'default'"
        for table, day, _since, _until in parts
    )
    accounts = [row[0] for row in _read("SELECT id, 0, 0, 0 FROM channels_adaccount WHERE workspace_id = %s", [shop.pk])]
    top = f"SELECT campaign_id, {SUMS} FROM ({source}) f GROUP BY 1 ORDER BY 4 DESC, campaign_id::text LIMIT {TOP}"
    return _read(
        f"SELECT c.name, s.* FROM ({top}) s JOIN channels_platformcampaign c ON c.id = s.campaign_id",
        [value for _table, _day, since, until in parts for value in (shop.pk, accounts, since, until)],
        skip=1,
    )


def _read(statement: str, values: list[Any], skip: int = 0) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = [row[skip:] for row in cursor.fetchall()]
    for _key, impressions, clicks, spend in rows:  # the ratios belong to the answer
        _ratios = clicks and impressions and (Decimal(clicks) / impressions, spend / clicks, 1000 * spend / impressions)
    return rows


def raw(shop: Workspace) -> float:
    started = time.perf_counter()
    _read(f"SELECT channel, {SUMS} FROM channels_addailystat f JOIN channels_platformcampaign c ON c.id = f.campaign_id "
          "WHERE f.workspace_id = %s AND day >= %s AND day < %s GROUP BY 1",
          [shop.pk, YEARS.until - timedelta(90), YEARS.until])  # fmt: skip
    return time.perf_counter() - started


def _compare(shop: Workspace, users: int) -> None:
    """Rounds in turn, so that a busy moment of the machine hits both."""
    seconds: dict[Dashboard, list[float]] = {by_hand: [], ours: []}
    rates: dict[Dashboard, list[float]] = {by_hand: [], ours: []}
    with ThreadPoolExecutor(users) as pool:
        list(pool.map(lambda _user: connection.ensure_connection(), range(users)))
        for number in range(ROUNDS):
            for dashboard in seconds:
                work = list(periods(number, PAGES[users]))
                started = time.perf_counter()
                seconds[dashboard] += pool.map(lambda period, show=dashboard: _timed(show, shop, period), work)
                rates[dashboard].append(len(work) / (time.perf_counter() - started))
        list(pool.map(lambda _user: connection.close(), range(users)))
    p95 = {dashboard: statistics.quantiles(times, n=20)[-1] for dashboard, times in seconds.items()}
    print(f"  {users:>2} users: p95 ours {p95[ours] * 1000:.0f} ms, by hand {p95[by_hand] * 1000:.0f} ms, "
          f"ratio {p95[ours] / p95[by_hand]:.2f} (goal 1.5); "
          f"{statistics.median(rates[ours]):.0f} and {statistics.median(rates[by_hand]):.0f} dashboards/s")  # fmt: skip


def _timed(dashboard: Dashboard, shop: Workspace, period: Period) -> float:
    started = time.perf_counter()
    dashboard(shop, period)
    return time.perf_counter() - started
