"""Six widgets of a dashboard over three years: our query layer against the same answers as hand-written SQL.

Channels with comparison, days, three years by month, top campaigns, accounts and totals, for random periods of 7 to 365 days;
1, 8 and 20 users at once without pauses. Both read the same roll-ups; once, raw ad facts are shown for contrast. In turn, p95.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from benchmarks.cost import Cost, measured
from benchmarks.dashboard_facts import YEARS, load
from mops.lib.period import Period
from reporting.parts import whole_months
from reporting.query import Query, run
from reporting.scope import Sources, accounts_of
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
    gc.freeze()  # as mops.wsgi does
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
    before, sources = period.previous(), Sources(accounts_of(shop, {}))  # looked up once, as a page does
    questions = [
        Query(shop, period, METRICS, ("channel",), comparison=before), Query(shop, period, METRICS, ("day",)),
        Query(shop, YEARS, METRICS, ("month",)), Query(shop, period, METRICS, ("campaign",), limit=TOP),
        Query(shop, period, METRICS, ("account",)), Query(shop, period, METRICS, comparison=before),
    ]  # fmt: skip
    answers = [run(question, sources) for question in questions]
    previous = [answer.totals.previous["spend"] for answer in answers if answer.totals.previous]
    return Decimal(sum(value or 0 for value in [*(_spend(answer) for answer in answers), *previous]))


def _spend(answer: Any) -> Decimal:
    rows = answer.rows if answer.query.limit else [answer.totals]
    return sum((row.values["spend"] for row in rows), Decimal(0))


def by_hand(shop: Workspace, period: Period) -> Decimal:
    """The same six widgets as SQL on the same roll-ups, read into tuples with their ratios."""
    before, days = period.previous(), f"FROM channels_channelday WHERE {INSIDE}"
    now, past = [shop.pk, period.since, period.until], [shop.pk, before.since, before.until]
    answers = [
        _read(f"SELECT channel, {SUMS} {days} GROUP BY 1", now), _read(f"SELECT channel, {SUMS} {days} GROUP BY 1", past),
        _read(f"SELECT day, {SUMS} {days} GROUP BY 1 ORDER BY 1", now),
        _read(f"SELECT month, {SUMS} FROM channels_accountmonth WHERE {INSIDE.replace('day', 'month')} GROUP BY 1 ORDER BY 1",
              [shop.pk, YEARS.since, YEARS.until]),
        _campaigns(shop, period),
        _accounts(shop, period),
        _read(f"SELECT 0, {SUMS} {days}", now), _read(f"SELECT 0, {SUMS} {days}", past),
    ]  # fmt: skip
    return sum((row[3] for rows in answers for row in rows if row[3]), Decimal(0))


def _campaigns(shop: Workspace, period: Period) -> list[tuple[Any, ...]]:
    accounts = [row[0] for row in _read("SELECT id, 0, 0, 0 FROM channels_adaccount WHERE workspace_id = %s", [shop.pk])]
    source, values = _mixed(shop, period, "campaign_id", ("channels_campaignmonth", "channels_dailystat"), accounts)
    top = f"SELECT campaign_id, {SUMS} FROM ({source}) f GROUP BY 1 ORDER BY 4 DESC, campaign_id::text LIMIT {TOP}"
    return _read(f"SELECT c.name, s.* FROM ({top}) s JOIN channels_platformcampaign c ON c.id = s.campaign_id", values, skip=1)


def _accounts(shop: Workspace, period: Period) -> list[tuple[Any, ...]]:
    source, values = _mixed(shop, period, "account_id", ("channels_accountmonth", "channels_accountday"))
    return _read(f"SELECT a.name, {SUMS} FROM ({source}) f JOIN channels_adaccount a ON a.id = f.account_id GROUP BY 1", values)


def _mixed(
    shop: Workspace, period: Period, key: str, tables: tuple[str, str], accounts: list[Any] | None = None
) -> tuple[str, list[Any]]:
    """Whole months from the table of months, edge days from the table of days."""
    months, (of_months, of_days) = whole_months(period), tables
    parts = [(of_days, "day", period.since, period.until)]
    if months:
        parts = [(of_months, "month", months.since, months.until), (of_days, "day", period.since, months.since),
                 (of_days, "day", months.until, period.until)]  # fmt: skip
    statements = [
        f"SELECT {key}, impressions, clicks, spend FROM {table} WHERE {INSIDE.replace('day', day)}"
        + (" AND account_id = ANY(%s)" if accounts else "")
        for table, day, _since, _until in parts
    ]
    values = [[shop.pk, since, until, *([accounts] if accounts else [])] for _table, _day, since, until in parts]
    return " UNION ALL ".join(statements), [value for part in values for value in part]


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
    costs: dict[Dashboard, list[Cost]] = {by_hand: [], ours: []}
    with ThreadPoolExecutor(users) as pool:
        list(pool.map(lambda _user: connection.ensure_connection(), range(users)))
        for number in range(ROUNDS):
            for dashboard in seconds:
                work = list(periods(number, PAGES[users]))
                cost = measured(lambda show=dashboard, todo=work: seconds[show].extend(
                    pool.map(lambda period: _timed(show, shop, period), todo)))  # type: ignore[misc]  # fmt: skip
                rates[dashboard].append(len(work) / cost.wall)
                costs[dashboard].append(cost)
        list(pool.map(lambda _user: connection.close(), range(users)))
    p95 = {dashboard: statistics.quantiles(times, n=20)[-1] for dashboard, times in seconds.items()}
    used = {dashboard: 1000 * sum(cost.cpu for cost in found) / len(seconds[dashboard]) for dashboard, found in costs.items()}
    print(f"  {users:>2} users: p95 ours {p95[ours] * 1000:.0f} ms, by hand {p95[by_hand] * 1000:.0f} ms, "
          f"ratio {p95[ours] / p95[by_hand]:.2f} (goal 1.5); "
          f"{statistics.median(rates[ours]):.0f} and {statistics.median(rates[by_hand]):.0f} dashboards/s; "
          f"processor time {used[ours]:.1f} and {used[by_hand]:.1f} ms, ratio {used[ours] / used[by_hand]:.2f}")  # fmt: skip


def _timed(dashboard: Dashboard, shop: Workspace, period: Period) -> float:
    started = time.perf_counter()
    dashboard(shop, period)
    return time.perf_counter() - started
