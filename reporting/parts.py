"""Which tables answer a question about pulled numbers: the smallest that know it, and months instead of days where they can.

Channels, platforms and time: `channels_channelday`. Accounts: `channels_accountday`. Campaigns, ads and "as of" questions:
the facts. Whole months of accounts that count in the workspace's currency come from a table of months, with the edge days
from the table of days.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mops.lib.period import Period, add_months, month_start
from reporting.dimensions import AD_LEVEL
from reporting.question import Account
from reporting.scope import Scope

CHANNEL_DAY, ACCOUNT_DAY, ACCOUNT_MONTH = "channels_channelday", "channels_accountday", "channels_accountmonth"
FACTS, AD_FACTS, CAMPAIGN_MONTH = "channels_dailystat", "channels_addailystat", "channels_campaignmonth"
# The months of a table of days, and from how many on they pay: days of channels are few.
MONTHS = {CHANNEL_DAY: (ACCOUNT_MONTH, 12), ACCOUNT_DAY: (ACCOUNT_MONTH, 1), FACTS: (CAMPAIGN_MONTH, 1)}


@dataclass(frozen=True)
class Part:
    """Some accounts over some days of one table. `foreign`: amounts must be converted. `sign` -1: to be taken off again."""

    table: str
    accounts: tuple[Account, ...]
    since: date
    until: date
    foreign: bool
    sign: int = 1

    @property
    def day(self) -> str:
        return "month" if self.table in (ACCOUNT_MONTH, CAMPAIGN_MONTH) else "day"

    @property
    def days(self) -> str:
        """How many days with numbers stand in a row: what is left of none is no row of the answer."""
        return "f.days" if self.table == CAMPAIGN_MONTH else "1"

    @property
    def has_channel(self) -> bool:
        return self.table in (CHANNEL_DAY, ACCOUNT_DAY, ACCOUNT_MONTH)

    @property
    def has_accounts(self) -> bool:
        return self.table != CHANNEL_DAY


def parts(scope: Scope) -> Iterator[Part]:
    """Which tables are read for which accounts and days."""
    home = tuple(account for account in scope.relevant if account.currency == scope.workspace.currency)
    abroad = tuple(account for account in scope.relevant if account.currency != scope.workspace.currency)
    since, until = scope.period.since, scope.period.until
    for accounts, foreign in ((home, False), (abroad, True)):
        if accounts:
            yield from _by_month(scope, Part(_table(scope), accounts, since, until, foreign))


def _by_month(scope: Scope, part: Part) -> Iterator[Part]:
    """The part itself, or the months that stand for most of it and the edge days to add or to take off."""
    table, least = MONTHS.get(part.table, ("", 0))
    rounded = nearest_months if part.table == FACTS else whole_months
    months = rounded(scope.period)
    knows = table and not part.foreign and not scope.as_of and not scope.used & {"day", "week"}
    if not knows or not months or months.until < add_months(months.since, least):
        yield part
        return
    yield replace(part, table=table, since=months.since, until=months.until)
    for inside, outside in ((part.since, months.since), (months.until, part.until)):
        if inside != outside:
            yield replace(part, since=min(inside, outside), until=max(inside, outside), sign=1 if inside < outside else -1)


def whole_months(period: Period) -> Period | None:
    """The calendar months that lie completely inside."""
    first = period.since if period.since.day == 1 else add_months(period.since, 1)
    last = month_start(period.until)
    return Period(first, last) if first < last else None


def nearest_months(period: Period) -> Period | None:
    """The calendar months with the fewest edge days, which may lie inside or outside; None where all days are fewer."""
    first, last = _nearest_month(period.since), _nearest_month(period.until)
    edges = abs(period.since - first) + abs(period.until - last)
    return Period(first, last) if first < last and edges < timedelta(period.days) else None


def _nearest_month(day: date) -> date:
    before, after = month_start(day), add_months(day, 1)
    return before if day - before <= after - day else after


def _table(scope: Scope) -> str:
    if scope.used & AD_LEVEL:
        return AD_FACTS
    if scope.needs_campaign or scope.as_of:
        return FACTS
    return ACCOUNT_DAY if scope.by_account or "account" in scope.used else CHANNEL_DAY
