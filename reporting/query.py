"""The one way to read numbers: say what you want as a Query, `run` answers with rows, totals and notes.

    run(Query(workspace, period, ("spend", "roas"), dimensions=("channel",), comparison=period.previous()))

Pages, API, exports, reports and alerts all go through here, so that a number is the same everywhere.
"""

from decimal import Decimal
from typing import Any

from channels.connectors import PLATFORMS
from mops.lib.period import Period
from reporting.buckets import Alignment
from reporting.facts_sql import read_facts
from reporting.groups import Group, Groups, add_facts, is_mixed, measures, metrics_of
from reporting.kpis import KPIS, Source, is_claimed
from reporting.labels import Labels
from reporting.notes import Note
from reporting.question import Account, Query, QueryError, Result, Row, Values
from reporting.scope import MONEY_COLUMNS, Scope, accounts_of, scope_of

__all__ = ["Account", "Query", "QueryError", "Result", "Row", "Values", "run"]


def run(query: Query) -> Result:
    """Read the numbers: a handful of SQL statements, whatever the size of the answer."""
    accounts = accounts_of(query.workspace, query.filters)
    scope, groups = _read(query, query.period, accounts)
    rows, totals = _rows(scope, query, groups), _row(scope, query, (), _total(groups))
    if query.comparison:
        past_scope, past_groups = _read(query, query.comparison, accounts)
        totals.previous = _values(past_scope, query, _total(past_groups))
        _compare(query, rows, past_scope, past_groups)
    ordered = _ordered(query, list(rows.values()))
    labels = Labels(query.workspace, accounts, query.dimensions, rows)
    shown = ordered[: query.limit]
    for row in shown:
        row.labels = labels.of(row.key)
    notes = (*_notes(scope, groups), *totals.notes)
    return Result(query, shown, totals, query.workspace.currency, len(rows), notes, accounts)


def _read(query: Query, period: Period, accounts: tuple[Account, ...]) -> tuple[Scope, Groups]:
    scope, groups = scope_of(query, period, accounts), Groups()
    if scope.wants(Source.PLATFORM) or scope.wants(Source.ANALYTICS):
        add_facts(groups, scope, read_facts(scope))
    return scope, groups


def _total(groups: Groups) -> Group:
    total = Group()
    for group in groups.values():
        total.merge(group)
    return total


def _values(scope: Scope, query: Query, group: Group) -> Values:
    return metrics_of(query.metrics, measures(group, scope, group.platforms))


def _rows(scope: Scope, query: Query, groups: Groups) -> dict[tuple[Any, ...], Row]:
    return {key: _row(scope, query, key, group) for key, group in groups.items()}


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
    sums = group.platforms[account.platform] | {column: group.raw[column] for column in MONEY_COLUMNS if column in group.raw}
    found = measures(Group({account.platform: sums}), scope, [account.platform])
    return account.currency, metrics_of(query.metrics, found)


def _compare(query: Query, rows: dict[tuple[Any, ...], Row], past_scope: Scope, past_groups: Groups) -> None:
    """Put the comparison's values beside each row; what is gone now becomes a row of its own."""
    assert query.comparison is not None
    alignment = Alignment(query.dimensions, query.comparison, query.period)
    for past_key, group in past_groups.items():
        if (key := alignment.key(past_key)) is not None:
            row = rows.setdefault(key, Row(key, (), dict.fromkeys(query.metrics)))
            row.previous = _values(past_scope, query, group)
    for row in rows.values():
        row.previous = row.previous or dict.fromkeys(query.metrics)


def _ordered(query: Query, rows: list[Row]) -> list[Row]:
    """Sorted stably by key first, so that equal values keep one order; rows without a value last."""
    by, descending = query.order
    rows.sort(key=lambda row: tuple(str(value) for value in row.key))
    if by in query.dimensions:
        position = query.dimensions.index(by)
        known = sorted((row for row in rows if row.key[position] is not None), key=lambda row: row.key[position], reverse=descending)
        return known + [row for row in rows if row.key[position] is None]
    known = sorted((row for row in rows if row.values[by] is not None), key=lambda row: row.values[by] or Decimal(0), reverse=descending)
    return known + [row for row in rows if row.values[by] is None]


def _notes(scope: Scope, groups: Groups) -> list[Note]:
    notes = []
    unconverted = {origin for group in groups.values() for origin in group.unconverted}
    if unconverted:
        notes.append(Note("missing_rate", ", ".join(sorted(unconverted))))
    if any(is_claimed(key) for key in scope.measures if key in KPIS):
        lacking = {account.platform for account in scope.accounts if scope.window_of(account.platform) != scope.window}
        notes += [Note("window_not_offered", PLATFORMS[platform].label) for platform in sorted(lacking)]
    return notes
