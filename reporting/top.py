"""The first rows of a long answer, sorted and cut by the database: a table shows twenty of thousands of ads.

Only where each row comes from one account and from pulled numbers alone, so that it is one row of the statement: own orders and
comparisons may add rows of their own.
"""

from typing import Any, NamedTuple

from reporting.dimensions import AD_LEVEL
from reporting.facts_sql import grouped, names, total
from reporting.kpis import KPIS
from reporting.question import Query
from reporting.scope import COLUMNS, MONEY_COLUMNS, Scope
from reporting.sql import Params, fetch

OF_ONE_ACCOUNT = frozenset({"account", "campaign", *AD_LEVEL})


class Top(NamedTuple):
    """`rows` and `totals` as `facts_sql.read_facts` gives them (totals by account, without dimensions), and how many rows."""

    rows: list[tuple[Any, ...]]
    totals: list[tuple[Any, ...]]
    size: int


def can_cut(query: Query, scope: Scope) -> bool:
    by, _descending = query.order
    if query.limit is None or query.comparison or scope.has_orders or by not in KPIS:
        return False
    return bool(OF_ONE_ACCOUNT & set(query.dimensions)) and all(term in COLUMNS for term in KPIS[by].terms)


def read_top(query: Query, scope: Scope) -> Top:
    """The first rows by the query's order, ties in the order of their keys, and the sums of all rows."""
    params = Params()
    statement = grouped(scope, params)
    if not statement:
        return Top([], [], 0)
    keys, sums, raw = names(scope)
    by, descending = query.order
    value = KPIS[by].sql(lambda key: _measure(scope, key, keys[-1], params))
    ties = [f"coalesce({key}::text, 'None') COLLATE \"C\"" for key in keys[:-1]]
    order = ", ".join([f"{value} {'DESC' if descending else 'ASC'} NULLS LAST", *ties])
    everything = [*(total(scope, column, name) for column, name in zip(scope.columns, sums, strict=True)),
                  *(f"sum({name})" for name in raw), "bool_or(missing)"]  # fmt: skip
    rows = fetch(
        f"WITH g AS MATERIALIZED ({statement}) "  # noqa: S608  built from constants, values are parameters
        f"(SELECT 0, g.* FROM g ORDER BY {order} LIMIT {params.add(query.limit)}) UNION ALL "
        f"SELECT count(*), {'NULL, ' * len(scope.dimensions)}{keys[-1]}, {', '.join(everything)} FROM g GROUP BY {keys[-1]}",
        params,
    )
    return Top([row[1:] for row in rows if not row[0]], [row[1:] for row in rows if row[0]], sum(row[0] for row in rows))


def _measure(scope: Scope, key: str, origin: str, params: Params) -> str:
    """The sum of a measure, NULL where the account's platform does not count for it or a rate is missing: see `groups`."""
    column = COLUMNS[key]
    counting = [account.id for account in scope.relevant if account.platform in scope.counted[key]]
    conditions = [] if len(counting) == len(scope.relevant) else [f"{origin} = ANY({params.add(counting)}::bigint[])"]
    conditions += ["missing IS NOT TRUE"] if column in MONEY_COLUMNS else []
    name = f"s{scope.columns.index(column)}"
    return f"CASE WHEN {' AND '.join(conditions)} THEN {name} END" if conditions else name
