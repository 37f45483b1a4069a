"""Sums of the pulled numbers, in one statement for all parts of all periods of a question."""

from collections.abc import Sequence
from typing import Any

from channels.connectors.base import DEFAULT_WINDOW
from reporting import fx
from reporting.asof import known_at
from reporting.parts import AD_FACTS, FACTS, Part, parts
from reporting.scope import DELIVERY, MONEY_COLUMNS, Scope
from reporting.sql import Params, conditions, fetch_each


def read_facts(scopes: Sequence[Scope]) -> list[list[tuple[Any, ...]]]:
    """For each scope rows of (dimensions …, account id or platform, sum per column …, unconverted spend, value, rate missing)."""
    params = Params()
    return fetch_each([[statement] if (statement := grouped(scope, params)) else [] for scope in scopes], params)


def names(scope: Scope) -> tuple[list[str], list[str], list[str]]:
    """What the columns of `grouped` are called: keys with the origin at the end, sums, and sums of unconverted money."""
    keys = [f"k{position}" for position in range(len(scope.dimensions) + 1)]
    return keys, [f"s{position}" for position in range(len(scope.columns))], [f"r{column}" for column in range(len(MONEY_COLUMNS))]


def grouped(scope: Scope, params: Params) -> str:
    """The statement of one scope, "" where no account counts: the stored rows of all parts, added up once."""
    read = list(parts(scope))
    if not read:
        return ""
    keys, sums, raw = names(scope)
    is_foreign = any(part.foreign for part in read)
    columns = [*keys, *sums, *(raw if is_foreign else []), *(["missing"] if is_foreign else []), "days"]
    totals = [total(scope, column, name) + f" AS {name}" for column, name in zip(scope.columns, sums, strict=True)]
    totals += [(total(scope, column, name) if is_foreign and column in scope.columns else "NULL::numeric") + f" AS {name}"
               for column, name in zip(MONEY_COLUMNS, raw, strict=True)]  # fmt: skip
    rows = " UNION ALL ".join(f"({_rows(scope, part, params, is_foreign=is_foreign)})" for part in read)
    having = "HAVING sum(days) > 0" if any(part.sign < 0 for part in read) else ""
    return (
        f"SELECT {', '.join([*keys, *totals])}, {'bool_or(missing)' if is_foreign else 'NULL::boolean'} AS missing "  # noqa: S608
        f"FROM ({rows}) f ({', '.join(columns)}) GROUP BY {', '.join(keys)} {having}"
    )


def total(scope: Scope, column: str, name: str) -> str:
    """Sums of whole numbers would be numeric: slow to read. Rows of windows that do not count are NULL, their sum is zero."""
    added = f"sum({name})" if column in DELIVERY or scope.window == DEFAULT_WINDOW else f"coalesce(sum({name}), 0)"
    return added + ("::bigint" if column in DELIVERY and column != "spend" else "")


def _rows(scope: Scope, part: Part, params: Params, *, is_foreign: bool) -> str:
    """The stored rows of a part: dimensions …, origin, columns …, unconverted money and whether a rate is missing, days."""
    dimensions = _dimension_columns(part)
    convert = fx.SAME
    if part.foreign and set(scope.columns) & set(MONEY_COLUMNS):
        convert = fx.conversion(params, currency=_owner(part, "currency"), day=f"f.{part.day}", target=scope.workspace.currency)
    found = [*(dimensions[name] for name in scope.dimensions), _origin(scope, part, params)]
    found += [_counted(scope, part, column, convert.amount(f"f.{column}") if column in MONEY_COLUMNS else f"f.{column}")
              for column in scope.columns]  # fmt: skip
    if is_foreign:
        found += [_counted(scope, part, column, f"f.{column}") if part.foreign and column in scope.columns else "NULL::numeric"
                  for column in MONEY_COLUMNS]  # fmt: skip
        found.append(convert.missing if part.foreign else "NULL::boolean")
    where = [_range(scope, part, params, "f."), *conditions(params, dimensions, _row_filters(scope))]
    return (
        f"SELECT {', '.join([*found, _signed(part, part.days)])} "  # noqa: S608  built from constants, values are parameters
        f"FROM {_source(scope, part, params)} f {_joins(scope, part, params)} {convert.joins} "
        f"WHERE {' AND '.join(where)}"
    )


def _signed(part: Part, expression: str) -> str:
    return f"-({expression})" if part.sign < 0 else expression


def _counted(scope: Scope, part: Part, column: str, expression: str) -> str:
    """Delivery stands in the default window's rows only; conversions come from the account's chosen window."""
    if column not in DELIVERY and scope.window != DEFAULT_WINDOW:
        expression = f"CASE WHEN f.attribution_window = a.claimed THEN {expression} END"
    return _signed(part, expression)


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
