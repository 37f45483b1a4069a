"""What can be asked and what the answer looks like; `reporting.query` answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.period import Period
from reporting.dimensions import DIMENSIONS, TIME
from reporting.kpis import KPIS, Number, is_claimed
from reporting.notes import Note
from workspaces.models import Workspace

Values = Mapping[str, Number | None]


class QueryError(ValueError):
    """The question makes no sense; `field` names its part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True)
class Query:
    """`order_by` is a metric or dimension, "-" in front for descending; rows without a value come last.

    `filters` keep rows whose dimension has one of the given values. `as_of` shows what was known at that instant.
    `comparison` is a second period whose values stand beside each row.
    """

    workspace: Workspace
    period: Period
    metrics: tuple[str, ...]
    dimensions: tuple[str, ...] = ()
    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    comparison: Period | None = None
    attribution_window: str = DEFAULT_WINDOW
    as_of: datetime | None = None
    order_by: str = ""
    limit: int | None = None

    def __post_init__(self) -> None:
        _known("metrics", self.metrics, KPIS)
        _known("dimensions", self.dimensions, DIMENSIONS)
        _known("filters", self.filters, DIMENSIONS)
        if self.order_by:
            _known("order_by", [self.order_by.removeprefix("-")], {*self.metrics, *self.dimensions})

    @property
    def used(self) -> frozenset[str]:
        """The dimensions it splits or filters by."""
        return frozenset((*self.dimensions, *self.filters))

    @cached_property
    def has_claims(self) -> bool:
        """Whether it asks for anything that platforms claim each their own way."""
        return any(is_claimed(metric) for metric in self.metrics)

    @property
    def order(self) -> tuple[str, bool]:
        """What rows are sorted by, and whether descending: time runs forward, other tables start with the largest."""
        if self.order_by:
            return self.order_by.removeprefix("-"), self.order_by.startswith("-")
        in_time = [dimension for dimension in self.dimensions if dimension in TIME]
        return (in_time[0], False) if in_time else (self.metrics[0], True)


@dataclass(slots=True)
class Row:
    """One group. `key` and `labels` follow the query's dimensions; percentages are fractions, money in its currency.

    `by_platform` holds each platform's own values where claimed metrics are asked for. A row that comes from one
    account of another currency also has its `original` amounts, unconverted, in `original_currency`.
    """

    key: tuple[Any, ...]
    labels: tuple[str, ...]
    values: Values
    previous: Values | None = None
    by_platform: dict[str, Values] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    original_currency: str = ""
    original: Values = field(default_factory=dict)

    def change(self, metric: str) -> Decimal | None:
        """(Now − before) / before; None where there is nothing to compare."""
        now = self.values.get(metric)
        before: Number | None = None if self.previous is None else self.previous.get(metric)
        return None if now is None or not before else (now - Decimal(before)) / abs(Decimal(before))


@dataclass(frozen=True)
class Account:
    """An ad account, or an analytics property (no spend), that numbers come from."""

    id: int
    name: str
    platform: str
    external_id: str
    currency: str
    time_zone: str


@dataclass(frozen=True)
class Result:
    """`rows` are cut at the query's limit, `row_count` and `totals` are not. Notes hold for the whole result."""

    query: Query
    rows: list[Row]
    totals: Row
    currency: str
    row_count: int
    notes: tuple[Note, ...] = ()
    accounts: tuple[Account, ...] = ()


def _known(field: str, names: Any, allowed: Any) -> None:
    for name in names:
        if name not in allowed:
            raise QueryError(field, f"Unknown: {name!r}. Known: {', '.join(sorted(allowed))}.")
