"""What stands behind a number: formula, accounts with zone and currency, rates, window, last pull, provisional days."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, Min
from django.utils.functional import Promise

from channels.models import Coverage, FxRate
from mops.lib.period import Period
from reporting.freshness import freshness
from reporting.fx import BASE
from reporting.kpis import KPIS, MEASURES, Source
from reporting.labels import filter_labels
from reporting.notes import Note
from reporting.question import Query, Result
from reporting.scope import scope_of


@dataclass(frozen=True)
class Formula:
    key: str
    label: str | Promise
    explanation: str | Promise
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class SourceAccount:
    """`pulled_at`: the last pull of a day of the period."""

    name: str
    platform: str
    external_id: str
    time_zone: str
    currency: str
    attribution_window: str
    pulled_at: datetime | None


@dataclass(frozen=True)
class RateRange:
    """The lowest and highest ECB rate (units per euro) used for a currency in the period."""

    currency: str
    lowest: Decimal
    highest: Decimal
    days: int


@dataclass(frozen=True)
class Passport:
    """`own_zone`: days of orders follow the workspace; days of accounts follow each account and are never shifted."""

    formulas: tuple[Formula, ...]
    period: Period
    comparison: Period | None
    as_of: datetime | None
    currency: str
    own_zone: str
    revenue_basis: str
    accounts: tuple[SourceAccount, ...]
    rates: tuple[RateRange, ...]
    filters: tuple[tuple[str, str], ...]
    provisional_from: date | None
    notes: tuple[Note, ...]


def passport(query: Query, result: Result) -> Passport:
    """The passport of every metric in the result."""
    workspace = query.workspace
    state = freshness(workspace, query.period, query.filters)
    return Passport(
        tuple(_formula(key) for key in query.metrics), query.period, query.comparison, query.as_of, result.currency,
        workspace.time_zone, workspace.revenue_basis, _accounts(query, result), _rates(query, result),
        filter_labels(query, result.accounts),
        state.provisional_from, (*result.notes, *state.notes),
    )  # fmt: skip


def _formula(key: str) -> Formula:
    metric = KPIS[key]
    return Formula(key, metric.label, metric.explanation, tuple(dict.fromkeys(MEASURES[term].source for term in metric.terms)))


def _accounts(query: Query, result: Result) -> tuple[SourceAccount, ...]:
    inside = Coverage.objects.filter(workspace=query.workspace, day__gte=query.period.since, day__lt=query.period.until)
    pulls = dict(inside.values_list("account").annotate(Max("pulled_at")))
    scope = scope_of(query, query.period, result.accounts)
    return tuple(
        SourceAccount(account.name, account.platform, account.external_id, account.time_zone, account.currency,
                      scope.window_of(account.platform), pulls.get(account.id))
        for account in result.accounts
    )  # fmt: skip


def _rates(query: Query, result: Result) -> tuple[RateRange, ...]:
    abroad = {account.currency for account in result.accounts} - {result.currency}
    if not abroad:
        return ()
    used = FxRate.objects.filter(
        currency__in=(abroad | {result.currency}) - {BASE}, day__gte=query.period.since, day__lt=query.period.until
    )
    rows = used.values_list("currency").annotate(Min("rate"), Max("rate"), Count("day")).order_by("currency")
    return tuple(RateRange(*row) for row in rows)
