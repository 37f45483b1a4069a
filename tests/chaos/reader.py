"""A dashboard that reads all the time: every covered day must show exactly the truth, every other day nothing."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from threading import Event, Thread
from typing import NamedTuple

from django.db import DatabaseError, connection
from django.db.utils import InterfaceError

from channels.models import AdAccount
from mops.demo import reconcile
from sandbox import truth
from sandbox.market import Market

READ = """
SELECT coalesce(f.account_id, c.account_id), coalesce(f.day, c.day), c.day IS NOT NULL, coalesce(f.spend, 0),
       coalesce(f.conversions, 0), coalesce(f.sessions, 0), coalesce(r.spend, 0)
FROM (SELECT account_id, day, sum(spend) AS spend, sum(sessions) AS sessions,
             sum(conversions) FILTER (WHERE attribution_window = 'default') AS conversions
      FROM channels_dailystat GROUP BY 1, 2) f
FULL JOIN (SELECT account_id, day FROM channels_coverage WHERE report = 'campaigns') c USING (account_id, day)
LEFT JOIN (SELECT account_id, day, sum(spend) AS spend FROM channels_accountday GROUP BY 1, 2) r USING (account_id, day)
"""


class Day(NamedTuple):
    spend: Decimal = Decimal(0)
    conversions: Decimal = Decimal(0)
    sessions: int = 0


def true_days(world: Market, at: datetime) -> dict[tuple[int, date], Day]:
    """What every account day must show at the frozen instant."""
    accounts = {account.external_id: account for account in AdAccount.objects.all()}
    days: dict[tuple[int, date], Day] = defaultdict(Day)
    for (external_id, _channel, day), totals in truth.platform_days(world, at).items():
        key = (accounts[external_id].pk, day)
        days[key] = Day(days[key].spend + totals.spend, days[key].conversions + totals.conversions)
    for account in accounts.values():
        if account.platform == "ga4":
            for row in world.sessions(account.external_id, world.start, at.date(), at):
                had = days[account.pk, row.day]
                days[account.pk, row.day] = Day(Decimal(0), had.conversions + Decimal(row.key_events).scaleb(-6),
                                                had.sessions + row.sessions)  # fmt: skip
    return days


class Reader(Thread):
    """Reads until stopped; counts reads, wrong reads, and reads the database could not answer."""

    def __init__(self, true: dict[tuple[int, date], Day]) -> None:
        super().__init__(name="reader", daemon=True)
        self.true, self.stopped = true, Event()
        self.reads = self.wrong = self.unanswered = 0
        self.examples: list[str] = []

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            try:
                with connection.cursor() as cursor:
                    cursor.execute(READ)
                    rows = cursor.fetchall()
            except (DatabaseError, InterfaceError):
                self.unanswered += 1
                connection.close()
                self.stopped.wait(0.2)
                continue
            self.reads += 1
            self._judge(rows)
        connection.close()

    def _judge(self, rows: list[tuple[int, date, bool, Decimal, Decimal, int, Decimal]]) -> None:
        for account, day, covered, spend, conversions, sessions, rolled_up in rows:
            expected = self.true.get((account, day), Day()) if covered else Day()
            if (spend, conversions, sessions) != expected or rolled_up != spend:
                self.wrong += 1
                read = f"{spend}, {conversions}, {sessions}, roll-up {rolled_up}"
                self.examples.append(f"account {account}, {day}: {read}; true {expected}")
                return


def lost_and_wrong(reader: Reader, world: Market) -> tuple[int, int]:
    """(days that should be covered and are not, days whose final sums differ) at the end."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        rows = {(row[0], row[1]): row for row in cursor.fetchall()}
    wanted = {
        (account.pk, day) for account in AdAccount.objects.filter(selected=True)
        for day in _days(world.start, reconcile.clock.today(account.time_zone))
    }  # fmt: skip
    lost = sum(1 for key in wanted if key not in rows or not rows[key][2])
    wrong = sum(1 for key, row in rows.items() if (row[3], row[4], row[5]) != reader.true.get(key, Day()))
    return lost, wrong


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]
