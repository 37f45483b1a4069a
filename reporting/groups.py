"""Adding up what the SQL returned: one Group per row of the answer, and what its measures are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from channels.connectors import PLATFORMS
from reporting.kpis import KPIS, MEASURES, Number, Source, is_claimed
from reporting.orders_sql import CONVERTED, SUMS
from reporting.question import Account, Values
from reporting.scope import COLUMNS, MONEY_COLUMNS, Scope

Sums = dict[str, Number]
ORDERS = "orders"


@dataclass(slots=True)
class Group:
    """Sums per platform of the stored columns, sums of own orders and budgets, and what could not be converted."""

    platforms: dict[str, Sums] = field(default_factory=dict)
    own: Sums = field(default_factory=dict)
    unconverted: set[str] = field(default_factory=set)  # platforms (or "orders") with a missing rate
    accounts: set[int] = field(default_factory=set)
    raw: Sums = field(default_factory=dict)  # money of foreign accounts in their own currency

    def merge(self, other: "Group") -> None:
        for platform, sums in other.platforms.items():
            add(self.platforms.setdefault(platform, {}), sums.items())
        add(self.own, other.own.items())
        add(self.raw, other.raw.items())
        self.unconverted |= other.unconverted
        self.accounts |= other.accounts


Groups = dict[tuple[Any, ...], Group]


def add(sums: Sums, more: Iterable[tuple[str, Number | None]]) -> None:
    for key, value in more:
        if value is not None:
            sums[key] = sums.get(key, 0) + value


def add_facts(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows as `facts_sql.read_facts` describes them."""
    accounts: dict[int, Account] = {account.id: account for account in scope.accounts}
    size, columns = len(scope.dimensions), scope.columns
    for *key, origin, in_row in ((*row[:size], row[size], row[size + 1 :]) for row in rows):
        group = groups.setdefault(tuple(key), Group())
        platform = accounts[origin].platform if scope.by_account else origin
        add(group.platforms.setdefault(platform, {}), zip(columns, in_row, strict=False))
        add(group.raw, zip(MONEY_COLUMNS, in_row[len(columns) : -1], strict=True))
        if in_row[-1]:
            group.unconverted.add(platform)
        if scope.by_account:
            group.accounts.add(origin)


def add_orders(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    """Rows as `orders_sql.read_orders` describes them."""
    size = len(scope.dimensions)
    for row in rows:
        group = groups.setdefault(row[:size], Group())
        add(group.own, zip(SUMS, row[size:-1], strict=True))
        if row[-1]:
            group.unconverted.add(ORDERS)


def add_budgets(groups: Groups, scope: Scope, rows: Iterable[tuple[Any, ...]]) -> None:
    for *key, planned in rows:
        add(groups.setdefault(tuple(key), Group()).own, [("budget", planned)])


def measures(group: Group, scope: Scope, platforms: Iterable[str]) -> dict[str, Number | None]:
    """The measures of a group, looking at the given platforms only; what several platforms claim has no value."""
    chosen = [platform for platform in platforms if platform in group.platforms]
    values: dict[str, Number | None] = {}
    for key in scope.measures:
        if key in COLUMNS:
            counted = [platform for platform in chosen if _counts(key, platform, scope)]
            values[key] = _sum(group, key, counted)
        else:
            values[key] = _own(group, key, scope)
    return values


def _own(group: Group, key: str, scope: Scope) -> Number | None:
    """Orders arrive complete, so none is zero; a budget that nobody planned is unknown."""
    if key == "budget":
        return group.own.get(key)
    if not scope.has_orders or (key in CONVERTED and ORDERS in group.unconverted):
        return None
    if key == "net_revenue_after_refunds":
        return group.own.get("revenue", 0) - group.own.get("refunds", 0)
    if key == "margin" and key not in group.own and group.own.get("orders"):
        return None
    return group.own.get(key, 0)


def _counts(key: str, platform: str, scope: Scope) -> bool:
    """Ads claim conversions, analytics has key events; asked for analytics alone, they are the conversions."""
    if PLATFORMS[platform].has_spend:
        return MEASURES[key].source == Source.PLATFORM
    return MEASURES[key].source == Source.ANALYTICS or (MEASURES[key].claimed and only_analytics(scope))


def only_analytics(scope: Scope) -> bool:
    asked = scope.filters.get("platform", ())
    return bool(asked) and not any(PLATFORMS[platform].has_spend for platform in asked if platform in PLATFORMS)


def _sum(group: Group, key: str, platforms: list[str]) -> Number | None:
    column = COLUMNS[key]
    if not platforms or (MEASURES[key].claimed and len(platforms) > 1):
        return None
    if column in MONEY_COLUMNS and group.unconverted.intersection(platforms):
        return None
    known = [sums[column] for platform in platforms if (sums := group.platforms[platform]).get(column) is not None]
    return sum(known) if known else None


def is_mixed(group: Group, scope: Scope, metrics: Iterable[str]) -> bool:
    """Whether a claimed metric was asked for and several platforms claim here."""
    claims = {term for key in metrics if is_claimed(key) for term in KPIS[key].terms if MEASURES[term].claimed}
    return any(sum(_counts(term, platform, scope) for platform in group.platforms) > 1 for term in claims)


def metrics_of(metrics: Iterable[str], sums: Values) -> dict[str, Number | None]:
    return {key: KPIS[key].value(sums) for key in metrics}
