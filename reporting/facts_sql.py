"""Sums of the pulled numbers, from the smallest table that knows the answer.

Channels, platforms and time: `channels_channelday`. Accounts: `channels_accountday`. Campaigns, ads and "as of" questions:
the facts. Whole months of accounts that count in the workspace's currency come from a table of months, with the edge days
from the table of days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.period import Period, add_months, month_start
from reporting import fx
from reporting.asof import known_at
from reporting.dimensions import AD_LEVEL
from reporting.question import Account
from reporting.scope import DELIVERY, MONEY_COLUMNS, Scope
from reporting.sql import Params, conditions, fetch_each

CHANNEL_DAY, ACCOUNT_DAY, ACCOUNT_MONTH = "channels_channelday", "channels_accountday", "channels_accountmonth"
FACTS, AD_FACTS, CAMPAIGN_MONTH = "channels_dailystat", "channels_addailystat", "channels_campaignmonth"
# The months of a table of days, and from how many on they pay: days of channels are few.
MONTHS = {CHANNEL_DAY: (ACCOUNT_MONTH, 12), ACCOUNT_DAY: (ACCOUNT_MONTH, 1), FACTS: (CAMPAIGN_MONTH, 1)}


@dataclass(frozen=True)
class Part:
    """Some accounts over some days of one table. `foreign`: amounts must be converted."""

    table: str
    accounts: tuple[Account, ...]
    since: date
    until: date
    foreign: bool

    @property
    def day(self) -> str:
        return "month" if self.table in (ACCOUNT_MONTH, CAMPAIGN_MONTH) else "day"

    @property
    def has_channel(self) -> bool:
        return self.table in (CHANNEL_DAY, ACCOUNT_DAY, ACCOUNT_MONTH)

    @property
    def has_accounts(self) -> bool:
        return self.table != CHANNEL_DAY


def read_facts(scopes: Sequence[Scope]) -> list[list[tuple[Any, ...]]]:
    """For each scope rows of (dimensions …, account id or platform, sum per column …, unconverted spend, value, rate missing).

    A group may come in several rows: they add up.
    """
    params = Params()
    reads = []
    for scope in scopes:
        statements: dict[bool, list[str]] = {}
        for part in parts(scope):
            if part.accounts:
                statements.setdefault(part.foreign, []).append(_select(scope, part, params))
        reads.append([_together(scope, found) for found in statements.values()])
    return fetch_each(reads, params)


def _together(scope: Scope, statements: list[str]) -> str:
    """Months and edge days as one row per group: a third of the rows to send and add up."""
    if len(statements) == 1:
        return statements[0]
    keys = [f"k{position}" for position in range(len(scope.dimensions) + 1)]
    sums = [f"s{position}" for position in range(len(scope.columns))]
    totals = [f"sum({name}){_type(column)}" for name, column in zip(sums, scope.columns, strict=True)]
    raw = ["NULL::numeric"] * len(MONEY_COLUMNS)
    rows = " UNION ALL ".join(f"({statement})" for statement in statements)
    return (
        f"SELECT {', '.join([*keys, *totals, *raw, 'NULL::boolean'])} "  # noqa: S608  built from constants
        f"FROM ({rows}) p ({', '.join([*keys, *sums])}) GROUP BY {', '.join(keys)}"
    )


def parts(scope: Scope) -> Iterator[Part]:
    """Which tables are read for which accounts and days."""
    home = tuple(account for account in scope.relevant if account.currency == scope.workspace.currency)
    abroad = tuple(account for account in scope.relevant if account.currency != scope.workspace.currency)
    since, until = scope.period.since, scope.period.until
    for accounts, foreign in ((home, False), (abroad, True)):
        part = Part(_table(scope), accounts, since, until, foreign)
        table, months = _months(scope, part)
        if months:
            yield replace(part, table=table, since=months.since, until=months.until)
            edges = ((since, months.since), (months.until, until))
            yield from (replace(part, since=first, until=end) for first, end in edges if first < end)
        else:
            yield part


def _months(scope: Scope, part: Part) -> tuple[str, Period | None]:
    """The table of months that knows the answer, and for which months it should be asked."""
    table, least = MONTHS.get(part.table, ("", 0))
    months = whole_months(scope.period)
    if not table or not months or part.foreign or scope.as_of or scope.used & {"day", "week"}:
        return "", None
    return table, months if months.until >= add_months(months.since, least) else None


def whole_months(period: Period) -> Period | None:
    """The calendar months that lie completely inside."""
    first = period.since if period.since.day == 1 else add_months(period.since, 1)
    last = month_start(period.until)
    return Period(first, last) if first < last else None


def _table(scope: Scope) -> str:
    if scope.used & AD_LEVEL:
        return AD_FACTS
    if scope.needs_campaign or scope.as_of:
        return FACTS
    return ACCOUNT_DAY if scope.by_account or "account" in scope.used else CHANNEL_DAY


def _select(scope: Scope, part: Part, params: Params) -> str:
    dimensions = _dimension_columns(part)
    convert = fx.SAME
    if part.foreign and set(scope.columns) & set(MONEY_COLUMNS):
        convert = fx.conversion(params, currency=_owner(part, "currency"), day=f"f.{part.day}", target=scope.workspace.currency)
    key = [*(dimensions[name] for name in scope.dimensions), _origin(scope, part, params)]
    sums = [_sum(scope, column, convert.amount(f"f.{column}") if column in MONEY_COLUMNS else f"f.{column}")
            for column in scope.columns]  # fmt: skip
    raw = [_sum(scope, column, f"f.{column}") if part.foreign and column in scope.columns else "NULL::numeric"
           for column in MONEY_COLUMNS]  # fmt: skip
    missing = f"bool_or({convert.missing})" if part.foreign else "NULL::boolean"
    where = [_range(scope, part, params, "f."), *conditions(params, dimensions, _row_filters(scope))]
    return (
        f"SELECT {', '.join([*key, *sums, *raw, missing])} "  # noqa: S608  built from constants, values are parameters
        f"FROM {_source(scope, part, params)} f {_joins(scope, part, params)} {convert.joins} "
        f"WHERE {' AND '.join(where)} "
        f"GROUP BY {', '.join(str(position + 1) for position in range(len(key)))}"
    )


def _dimension_columns(part: Part) -> dict[str, str]:
    day = f"f.{part.day}"
    return {
        "channel": "f.channel" if part.has_channel else "c.channel", "platform": _owner(part, "platform"),
        "account": "f.account_id", "campaign": "f.campaign_id", "own_campaign": "l.campaign_id",
        "ad_group": "d.ad_group_id", "ad": "f.ad_id",
        "day": day, "week": f"date_trunc('week', {day})::date", "month": f"date_trunc('month', {day})::date",
    }  # fmt: skip


def _row_filters(scope: Scope) -> dict[str, Any]:
    return {name: values for name, values in scope.filters.items() if name not in ("account", "platform")}


def _sum(scope: Scope, column: str, expression: str) -> str:
    """Delivery stands in the default window's rows only; conversions come from the account's chosen window."""
    if column in DELIVERY or scope.window == DEFAULT_WINDOW:
        total = f"sum({expression})"
    else:
        total = f"coalesce(sum({expression}) FILTER (WHERE f.attribution_window = a.claimed), 0)"
    return total + _type(column)


def _type(column: str) -> str:
    """Sums of whole numbers would be numeric: slow to read."""
    return "::bigint" if column in DELIVERY and column != "spend" else ""


def _owner(part: Part, column: str) -> str:
    return f"{'a' if part.has_accounts else 'f'}.{column}"


def _accounts(scope: Scope, part: Part, params: Params) -> str:
    """The accounts (or their platforms) as a table of constants, with the window whose conversions count."""
    if not part.has_accounts:
        platforms = sorted({account.platform for account in part.accounts})
        texts = [params.add(platforms), params.add([scope.window_of(platform) for platform in platforms])]
        return f"unnest({'::text[], '.join(texts)}::text[]) AS a (platform, claimed) ON a.platform = f.platform"
    rows = [(account.id, account.platform, account.currency, scope.window_of(account.platform)) for account in part.accounts]
    ids, *texts = (params.add(list(column)) for column in zip(*rows, strict=True))
    table = f"unnest({ids}::bigint[], {'::text[], '.join(texts)}::text[]) AS a (id, platform, currency, claimed)"
    return f"{table} ON a.id = f.account_id"


def _range(scope: Scope, part: Part, params: Params, prefix: str) -> str:
    windows = sorted({DEFAULT_WINDOW, scope.window})
    found = [
        f"{prefix}workspace_id = {params.add(scope.workspace.pk)}",
        f"{prefix}{part.day} >= {params.add(part.since)}",
        f"{prefix}{part.day} < {params.add(part.until)}",
        f"{prefix}attribution_window = {params.add(windows[0])}" if len(windows) == 1
        else f"{prefix}attribution_window = ANY({params.add(windows)})",
    ]  # fmt: skip
    if not part.has_accounts:
        currency = f"{prefix}currency {'<>' if part.foreign else '='} {params.add(scope.workspace.currency)}"
        found += [currency, f"{prefix}platform = ANY({params.add(sorted({account.platform for account in part.accounts}))})"]
    elif part.table in (FACTS, AD_FACTS) or not scope.is_whole(part.accounts):
        # there the account leads the key: days alone would scan
        found.append(f"{prefix}account_id = ANY({params.add([account.id for account in part.accounts])}::bigint[])")
    return " AND ".join(found)


def _source(scope: Scope, part: Part, params: Params) -> str:
    if scope.as_of is None:
        return part.table
    keys = ("workspace_id", "account_id", "day", "campaign_id", "attribution_window")
    columns = (*keys, *(("ad_id",) if part.table == AD_FACTS else ()), *scope.columns)
    return known_at(params, part.table, columns, scope.as_of, _range(scope, part, params, ""))


def _origin(scope: Scope, part: Part, params: Params) -> str:
    """Where a sum comes from: its account, its platform, or, where that makes no difference, any of its platforms."""
    if scope.by_account:
        return "f.account_id"
    if _tells_platforms(scope, part):
        return _owner(part, "platform")
    return f"{params.add(part.accounts[0].platform)}::text"


def _tells_platforms(scope: Scope, part: Part) -> bool:
    return part.foreign or scope.tells_platforms or scope.window != DEFAULT_WINDOW or "platform" in scope.dimensions


def _needs_accounts(scope: Scope, part: Part) -> bool:
    return _tells_platforms(scope, part) if part.has_accounts else scope.window != DEFAULT_WINDOW


def _joins(scope: Scope, part: Part, params: Params) -> str:
    joins = ""
    if _needs_accounts(scope, part):
        joins += f"JOIN {_accounts(scope, part, params)}"
    if "channel" in scope.used and not part.has_channel:
        joins += " JOIN channels_platformcampaign c ON c.id = f.campaign_id"
    if "own_campaign" in scope.used:
        joins += " LEFT JOIN campaigns_campaignlink l ON l.platform_campaign_id = f.campaign_id"
    if "ad_group" in scope.used:
        joins += " JOIN channels_ad d ON d.id = f.ad_id"
    return joins
