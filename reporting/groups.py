"""Adding up what the SQL returned: one Group per row of the answer, and what its measures are."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from reporting.kpis import KPIS, MEASURES, Number
from reporting.orders_sql import CONVERTED, SUMS
from reporting.question import Values
from reporting.scope import COLUMNS, MONEY_COLUMNS, Scope

Sums = dict[str, Number | None]
ORDERS = "orders"


@dataclass(slots=True)
class Group:
    """Sums per platform of the stored columns, sums of own orders and budgets, and what could not be converted."""

    platforms: dict[str, Sums] = field(default_factory=dict)
    own: Sums = field(default_factory=dict)
    unconverted: frozenset[str] = frozenset()  # platforms (or "orders") with a missing rate
    accounts: frozenset[int] = frozenset()
    raw: Sums = field(default_factory=dict)  # money of foreign accounts in their own currency

    def merge(self, other: "Group") -> None:
        for platform, sums in other.platforms.items():
            add(self.platforms.setdefault(platform, {}), sums.items())
        if other.own:
            add(self.own, other.own.items())
        if other.raw:
            add(self.raw, other.raw.items())
        self.unconverted |= other.unconverted
        self.accounts |= other.accounts


Groups = dict[tuple[Any, ...], Group]


def add(sums: Sums, more: Iterable[tuple[str, Number | None]]) -> None:
    for key, value in more:
        if value is not None:
            sums[key] = (sums.get(key) or 0) + value


def add_facts(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows as `facts_sql.read_facts` describes them. Most rows are the only ones of their group and platform."""
    platforms = {account.id: account.platform for account in scope.accounts}
    size, end, columns = len(scope.dimensions), len(scope.columns) + len(scope.dimensions) + 1, scope.columns
    for row in rows:
        group = groups.get(row[:size]) or groups.setdefault(row[:size], Group())
        platform = platforms[row[size]] if scope.by_account else row[size]
        sums = dict(zip(columns, row[size + 1 : end], strict=True))
        if platform in group.platforms:
            add(group.platforms[platform], sums.items())
        else:
            group.platforms[platform] = sums
        if scope.by_account:
            group.accounts |= {row[size]}
        if row[-1] is not None:  # an account of another currency
            add(group.raw, zip(MONEY_COLUMNS, row[end:-1], strict=True))
            if row[-1]:
                group.unconverted |= {platform}


def add_orders(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows as `orders_sql.read_orders` describes them."""
    size = len(scope.dimensions)
    for row in rows:
        group = groups.setdefault(row[:size], Group())
        add(group.own, zip(SUMS, row[size:-1], strict=True))
        if row[-1]:
            group.unconverted |= {ORDERS}


def add_budgets(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    for *key, planned in rows:
        add(groups.setdefault(tuple(key), Group()).own, [("budget", planned)])


def measures(group: Group, scope: Scope, platforms: Iterable[str], keys: Iterable[str]) -> Values:
    """Measures of a group, at least those of `keys`, looking at the given platforms only; what several claim has no value."""
    chosen = list(platforms) if platforms is group.platforms else [name for name in platforms if name in group.platforms]
    if len(chosen) == 1 and not group.unconverted:  # most groups
        sums = group.platforms[chosen[0]]
        if chosen[0] in scope.as_stored:
            return sums
        columns = scope.columns_by_platform[chosen[0]]
        return {key: sums.get(columns[key]) if key in columns else _own(group, key, scope) for key in keys}
    return {key: _pulled(group, scope, key, chosen) if key in COLUMNS else _own(group, key, scope) for key in keys}


def _own(group: Group, key: str, scope: Scope) -> Number | None:
    """Orders arrive complete, so none is zero; a budget that nobody planned is unknown."""
    if key == "budget":
        return group.own.get(key)
    if not scope.has_orders or (key in CONVERTED and ORDERS in group.unconverted):
        return None
    if key == "net_revenue_after_refunds":
        return (group.own.get("revenue") or 0) - (group.own.get("refunds") or 0)
    if key == "margin" and key not in group.own and group.own.get("orders"):
        return None
    return group.own.get(key, 0)


def _pulled(group: Group, scope: Scope, key: str, platforms: list[str]) -> Number | None:
    column, counted = COLUMNS[key], scope.counted[key]
    platforms = [platform for platform in platforms if platform in counted]
    if not platforms or (len(platforms) > 1 and MEASURES[key].claimed):
        return None
    if column in MONEY_COLUMNS and not group.unconverted.isdisjoint(platforms):
        return None
    known = [value for platform in platforms if (value := group.platforms[platform].get(column)) is not None]
    return sum(known) if known else None


def is_mixed(group: Group, scope: Scope) -> bool:
    """Whether something claimed was asked for and several platforms claim it here."""
    return any(len(counted.intersection(group.platforms)) > 1 for key, counted in scope.counted.items() if MEASURES[key].claimed)


def metrics_of(metrics: tuple[str, ...], sums: Values) -> dict[str, Number | None]:
    return {key: value(sums) for key, value in _values(metrics)}


@lru_cache(256)
def _values(metrics: tuple[str, ...]) -> tuple[tuple[str, Callable[[Values], Number | None]], ...]:
    return tuple((key, KPIS[key].value) for key in metrics)
