"""The one way to read numbers: say what you want as a Query, `run` answers with rows, totals and notes.

    run(Query(workspace, period, ("spend", "roas"), dimensions=("channel",), comparison=period.previous()))

Pages, API, exports, reports and alerts all go through here, so that a number is the same everywhere.
"""

from typing import Any

from channels.connectors import PLATFORMS
from mops.lib.period import Period
from reporting.buckets import Alignment
from reporting.budgets_sql import read_budgets
from reporting.coverage import fill_zeros
from reporting.facts_sql import read_facts
from reporting.groups import Group, Groups, add_budgets, add_facts, add_orders, is_mixed, measures, metrics_of
from reporting.kpis import KPIS, MEASURES, Source, is_claimed
from reporting.labels import Labels
from reporting.notes import Note
from reporting.orders_sql import read_orders
from reporting.question import Account, Query, QueryError, Result, Row, Values
from reporting.scope import Scope, Sources, accounts_of, scope_of

__all__ = ["Account", "Query", "QueryError", "Result", "Row", "Values", "run"]

Rows = dict[tuple[Any, ...], Row]


def run(query: Query, sources: Sources | None = None) -> Result:
    """Read the numbers: a handful of SQL statements, whatever the size of the answer.

    A page with several questions of the same workspace and account filters looks up its `sources` once.
    """
    sources = sources or Sources(accounts_of(query.workspace, query.filters))
    accounts = sources.accounts
    scope, groups = _read(query, query.period, sources)
    rows: Rows = {key: _row(scope, query, key, group) for key, group in groups.items()}
    totals = _row(scope, query, (), _total(groups))
    if query.comparison:
        past_scope, past_groups = _read(query, query.comparison, sources)
        totals.previous = _values(past_scope, query, _total(past_groups))
        _compare(query, Alignment(query.dimensions, query.comparison, query.period), rows, past_scope, past_groups)
    ordered = _ordered(query, list(rows.values()))
    shown = ordered[: query.limit]
    labels = Labels(query, accounts, [row.key for row in shown])
    for row in shown:
        row.labels = labels.of(row.key)
    notes = (*_notes(query, scope, groups), *totals.notes)
    return Result(query, shown, totals, query.workspace.currency, len(rows), notes, accounts)


def _read(query: Query, period: Period, sources: Sources) -> tuple[Scope, Groups]:
    scope, groups = scope_of(query, period, sources.accounts, sources.has_orders), Groups()
    if scope.wants(Source.PLATFORM) or scope.wants(Source.ANALYTICS):
        add_facts(groups, scope, read_facts(scope))
    if scope.has_orders:
        add_orders(groups, scope, read_orders(scope))
    if scope.wants(Source.BUDGET) and scope.fits(Source.BUDGET):
        add_budgets(groups, scope, read_budgets(scope))
    fill_zeros(groups, scope)
    return scope, groups


def _total(groups: Groups) -> Group:
    total = Group()
    for group in groups.values():
        total.merge(group)
    return total


def _values(scope: Scope, query: Query, group: Group) -> Values:
    return metrics_of(query.metrics, measures(group, scope, group.platforms))


def _row(scope: Scope, query: Query, key: tuple[Any, ...], group: Group) -> Row:
    row = Row(key, (), _values(scope, query, group))
    if any(is_claimed(metric) for metric in query.metrics):
        row.by_platform = {platform: metrics_of(query.metrics, measures(group, scope, [platform])) for platform in group.platforms}
        row.notes = (Note("mixed_platforms"),) if is_mixed(group, scope, query.metrics) else ()
    row.original_currency, row.original = _original(scope, query, group)
    return row


def _original(scope: Scope, query: Query, group: Group) -> tuple[str, Values]:
    """The unconverted metrics of a group that comes from one foreign account."""
    account = next((account for account in scope.accounts if {account.id} == group.accounts), None)
    if account is None or account.currency == scope.workspace.currency:
        return "", {}
    found = measures(Group({account.platform: group.platforms[account.platform] | group.raw}), scope, [account.platform])
    return account.currency, metrics_of(query.metrics, found)


def _compare(query: Query, alignment: Alignment, rows: Rows, past_scope: Scope, past_groups: Groups) -> None:
    """Put the comparison's values beside each row; what is gone now becomes a row of its own."""
    for past_key, group in past_groups.items():
        if (key := alignment.key(past_key)) is not None:
            row = rows.setdefault(key, Row(key, (), dict.fromkeys(query.metrics)))
            row.previous = _values(past_scope, query, group)
    for row in rows.values():
        row.previous = row.previous or dict.fromkeys(query.metrics)


def _ordered(query: Query, rows: list[Row]) -> list[Row]:
    """Sorted stably by key first, so that equal values keep one order; rows without a value last."""
    by, descending = query.order
    position = query.dimensions.index(by) if by in query.dimensions else None

    def value(row: Row) -> Any:
        return row.values[by] if position is None else row.key[position]

    rows.sort(key=lambda row: tuple(str(part) for part in row.key))
    known = sorted((row for row in rows if value(row) is not None), key=value, reverse=descending)
    return known + [row for row in rows if value(row) is None]


def _notes(query: Query, scope: Scope, groups: Groups) -> list[Note]:
    notes = [Note("missing_rate", name) for name in sorted({name for group in groups.values() for name in group.unconverted})]
    if any(is_claimed(metric) for metric in query.metrics):
        lacking = {account.platform for account in scope.accounts if scope.window_of(account.platform) != scope.window}
        notes += [Note("window_not_offered", PLATFORMS[platform].label) for platform in sorted(lacking)]
    unfit = [str(KPIS[metric].label) for metric in query.metrics
             if any(not scope.fits(MEASURES[term].source) for term in KPIS[metric].terms)]  # fmt: skip
    if unfit:
        notes.append(Note("not_by_dimension", ", ".join(unfit)))
    if scope.wants(Source.ORDERS) and scope.fits(Source.ORDERS) and not scope.has_orders:
        notes.append(Note("no_orders"))
    if "margin" in scope.measures and (lacking_margin := sum(group.own.get("without_margin", 0) for group in groups.values())):
        notes.append(Note("margin_incomplete", str(lacking_margin)))
    return notes
