"""The one way to read numbers: say what you want as a Query, `run` answers with rows, totals and notes.

    run(Query(workspace, period, ("spend", "roas"), dimensions=("channel",), comparison=period.previous()))

Pages, API, exports, reports and alerts all go through here, so that a number is the same everywhere.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from channels.connectors import PLATFORMS
from reporting.buckets import Alignment
from reporting.budgets_sql import read_budgets
from reporting.coverage import fill_zeros
from reporting.facts_sql import read_facts
from reporting.groups import Group, Groups, add_budgets, add_facts, add_orders, is_mixed, measures, metrics_of
from reporting.kpis import KPIS, MEASURES, Source
from reporting.labels import Labels
from reporting.notes import Note
from reporting.orders_sql import read_orders
from reporting.question import Account, Query, QueryError, Result, Row, Values
from reporting.scope import Scope, Sources, accounts_of, scope_of
from reporting.top import can_cut, read_top

__all__ = ["Account", "Query", "QueryError", "Result", "Row", "Values", "run"]

NOTHING = Group()


class Numbers(NamedTuple):
    """What was read for one period: groups, all of them added up, and how many there are (a cut query reads the first only)."""

    scope: Scope
    groups: Groups
    total: Group
    size: int


def run(query: Query, sources: Sources | None = None) -> Result:
    """Read the numbers: a handful of SQL statements, whatever the size of the answer.

    A page with several questions of the same workspace and account filters looks up its `sources` once.
    """
    sources = sources or Sources(accounts_of(query.workspace, query.filters))
    now, *compared = _read(query, sources)
    past = compared[0] if compared else None
    totals = _row(query, now.scope, (), now.total)
    if past:
        totals.previous = _values(query, past.scope, past.total)
    beside = _aligned(query, past)
    keys = _ordered(query, now, [*now.groups, *(key for key in beside if key not in now.groups)])
    rows = [_row(query, now.scope, key, now.groups.get(key, NOTHING)) for key in keys[: query.limit]]
    labels = Labels(query, sources.accounts, [row.key for row in rows])
    for row in rows:
        row.labels = labels.of(row.key)
        row.previous = _values(query, past.scope, beside.get(row.key, NOTHING)) if past else None
    notes = (*_notes(query, now), *totals.notes)
    return Result(query, rows, totals, query.workspace.currency, max(len(keys), now.size), notes, sources.accounts)


def _read(query: Query, sources: Sources) -> list[Numbers]:
    """The numbers of the period and, in the same statements, of its comparison."""
    scope = scope_of(query, query.period, sources.accounts, sources.has_orders)
    if can_cut(query, scope):
        return [_first(query, scope)]
    scopes = [scope, *([replace(scope, period=query.comparison)] if query.comparison else [])]
    read: list[tuple[Scope, Groups]] = [(part, {}) for part in scopes]
    if scope.columns:
        for (part, groups), rows in zip(read, read_facts(scopes), strict=True):
            add_facts(groups, part, rows)
    if scope.has_orders:
        for (part, groups), rows in zip(read, read_orders(scopes), strict=True):
            add_orders(groups, part, rows)
    if scope.wants(Source.BUDGET) and scope.fits(Source.BUDGET):
        for part, groups in read:
            add_budgets(groups, part, read_budgets(part))
    fill_zeros(read)
    return [Numbers(part, groups, _total(groups), len(groups)) for part, groups in read]


def _first(query: Query, scope: Scope) -> Numbers:
    """As many groups as the query shows."""
    top = read_top(query, scope)
    groups, totals = Groups(), Groups()
    add_facts(groups, scope, top.rows)
    add_facts(totals, scope, top.totals)
    return Numbers(scope, groups, _total(totals), top.size)


def _total(groups: Groups) -> Group:
    if len(groups) == 1:
        return next(iter(groups.values()))
    total = Group()
    for group in groups.values():
        total.merge(group)
    return total


def _aligned(query: Query, past: Numbers | None) -> Groups:
    """The comparison's groups under the keys they stand beside; days that the period lacks are left out."""
    if past is None or query.comparison is None:
        return {}
    alignment = Alignment(query.dimensions, query.comparison, query.period)
    pairs = ((alignment.key(key), group) for key, group in past.groups.items())
    return {key: group for key, group in pairs if key is not None}


def _values(query: Query, scope: Scope, group: Group) -> Values:
    if group is NOTHING:
        return dict.fromkeys(query.metrics)
    return metrics_of(query.metrics, measures(group, scope, group.platforms, scope.measures))


def _row(query: Query, scope: Scope, key: tuple[Any, ...], group: Group) -> Row:
    row = Row(key, (), _values(query, scope, group))
    if query.has_claims:
        row.by_platform = _by_platform(query, scope, group, row.values)
        row.notes = (Note("mixed_platforms"),) if is_mixed(group, scope) else ()
    if len(group.accounts) == 1 and group.raw:
        row.original_currency, row.original = _original(query, scope, group)
    return row


def _by_platform(query: Query, scope: Scope, group: Group, values: Values) -> dict[str, Values]:
    """The metrics of each platform of a group; those of the only one are the group's `values`."""
    if len(group.platforms) == 1:
        return dict.fromkeys(group.platforms, values)
    return {platform: metrics_of(query.metrics, measures(group, scope, [platform], scope.measures)) for platform in group.platforms}


def _original(query: Query, scope: Scope, group: Group) -> tuple[str, Values]:
    """The unconverted metrics of a group that comes from one foreign account."""
    account = next(account for account in scope.accounts if account.id in group.accounts)
    own = Group({account.platform: group.platforms[account.platform] | group.raw})
    return account.currency, metrics_of(query.metrics, measures(own, scope, [account.platform], scope.measures))


def _ordered(query: Query, now: Numbers, keys: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Sorted by key first, so that equal values keep one order; what has no value comes last."""
    by, descending = query.order
    if query.dimensions == (by,):  # each value once
        known = sorted((key for key in keys if key[0] is not None), reverse=descending)
        return known if len(known) == len(keys) else [*known, (None,)]
    if by in query.dimensions:
        position = query.dimensions.index(by)
        values = {key: key[position] for key in keys}
    else:
        values = dict(zip(keys, _order_values(by, now, keys), strict=True))
    keys = sorted(keys, key=_as_text)
    known = [key for key in keys if values[key] is not None]
    unknown = [key for key in keys if values[key] is None]
    return sorted(known, key=values.__getitem__, reverse=descending) + unknown


def _as_text(key: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(str, key))


def _order_values(metric: str, now: Numbers, keys: list[tuple[Any, ...]]) -> Iterator[Any]:
    scope, groups, kpi = now.scope, now.groups, KPIS[metric]
    for key in keys:
        group = groups.get(key)
        yield group and kpi.value(measures(group, scope, group.platforms, kpi.terms))


def _notes(query: Query, now: Numbers) -> list[Note]:
    scope, total = now.scope, now.total
    notes = [Note("missing_rate", PLATFORMS[name].label if name in PLATFORMS else name) for name in sorted(total.unconverted)]
    if query.has_claims:
        lacking = {account.platform for account in scope.relevant if scope.window_of(account.platform) != scope.window}
        notes += [Note("window_not_offered", PLATFORMS[platform].label) for platform in sorted(lacking)]
    unfit = [str(KPIS[metric].label) for metric in query.metrics
             if any(not scope.fits(MEASURES[term].source) for term in KPIS[metric].terms)]  # fmt: skip
    if unfit:
        notes.append(Note("not_by_dimension", ", ".join(unfit)))
    if scope.wants(Source.ORDERS) and scope.fits(Source.ORDERS) and not scope.has_orders:
        notes.append(Note("no_orders"))
    if "margin" in scope.measures and (lacking_margin := total.own.get("without_margin")):
        notes.append(Note("margin_incomplete", str(lacking_margin)))
    return notes
