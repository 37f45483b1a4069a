"""The coverage strip: per account and month how many days are final, provisional or missing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.db import connection as database

from channels.connectors import PLATFORMS
from channels.models import AdAccount
from mops.lib import clock
from mops.lib.period import add_months, month_start


class Month(NamedTuple):
    """Days of one month inside the time that is to be pulled."""

    month: date
    final: int
    provisional: int
    missing: int

    @property
    def days(self) -> int:
        return self.final + self.provisional + self.missing


class Strip(NamedTuple):
    account: AdAccount
    months: list[Month]

    @property
    def missing(self) -> int:
        return sum(month.missing for month in self.months)

    @property
    def provisional(self) -> int:
        return sum(month.provisional for month in self.months)

    @property
    def final(self) -> int:
        return sum(month.final for month in self.months)


def strips(accounts: Sequence[AdAccount]) -> list[Strip]:
    """One strip for every account that has a past to show, oldest month first. One query."""
    wanted = [account for account in accounts if account.backfilled_from]
    pulled = _months(wanted)
    return [Strip(account, _filled(account, pulled[account.pk])) for account in wanted]


def _months(accounts: Sequence[AdAccount]) -> dict[int, dict[date, tuple[int, int]]]:
    """Account → month → (final days, provisional days), where every report of the day is there."""
    found: dict[int, dict[date, tuple[int, int]]] = defaultdict(dict)
    if not accounts:
        return found
    with database.cursor() as cursor:
        cursor.execute(
            """SELECT a.id, date_trunc('month', c.day)::date, count(*) FILTER (WHERE c.is_final),
                      count(*) FILTER (WHERE NOT c.is_final)
               FROM unnest(%s::bigint[], %s::int[], %s::date[], %s::date[]) AS a (id, reports, first, today)
               JOIN (SELECT account_id, day, count(*) AS reports, bool_and(is_final) AS is_final FROM channels_coverage
                     WHERE workspace_id = %s AND account_id = ANY(%s) GROUP BY 1, 2) c
                 ON c.account_id = a.id AND c.reports = a.reports AND c.day >= a.first AND c.day < a.today
               GROUP BY 1, 2""",
            [
                [account.pk for account in accounts],
                [len(PLATFORMS[account.platform].reports) for account in accounts],
                [account.backfilled_from for account in accounts],
                [clock.today(account.time_zone) for account in accounts],
                accounts[0].workspace_id,
                [account.pk for account in accounts],
            ],
        )
        for account, month, final, provisional in cursor.fetchall():
            found[account][month] = (final, provisional)
    return found


def _filled(account: AdAccount, pulled: dict[date, tuple[int, int]]) -> list[Month]:
    first, today = account.backfilled_from, clock.today(account.time_zone)
    months: list[Month] = []
    month = month_start(first) if first else today
    while first and month < today:
        following = add_months(month, 1)
        days = (min(following, today) - max(month, first)).days
        final, provisional = pulled.get(month, (0, 0))
        months.append(Month(month, final, provisional, days - final - provisional))
        month = following
    return months
