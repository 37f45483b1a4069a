"""Tables of metrics: what platforms deliver, what they claim and what the shop sold, each under a header of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.connectors import PLATFORMS
from reporting.columns import STANDARD, Group, groups_of
from reporting.figures import figure
from reporting.kpis import KPIS, Measure, Source, Unit, is_claimed
from reporting.metric import Metric
from reporting.notes import Note
from reporting.question import Result, Row, Values
from reporting.selection import Selection

DELIVERY, CLAIMED, OWN = groups_of(STANDARD)
GROUPS = (DELIVERY, CLAIMED, OWN)
BY_PLATFORM = ("delivery", "claimed")  # origins whose numbers belong to a platform


@dataclass(frozen=True)
class Column:
    """`order` is the aria-sort of the column, `sort_url` sorts by it (again: the other way round)."""

    metric: Metric
    group: str
    order: str
    sort_url: str
    starts_group: bool

    @cached_property
    def is_rounded(self) -> bool:
        """Whether cells show less than is known: sums of money leave out the cents."""
        return self.metric.unit == Unit.MONEY and isinstance(self.metric.kind, Measure)


class Cell(NamedTuple):
    """`explain` names the note that says why there is no number."""

    text: str
    title: str
    group: str
    starts_group: bool
    explain: str = ""


@dataclass
class Line:
    """One row: what it is about, where it leads, and each platform's own numbers below."""

    name: str
    cells: list[Cell]
    url: str = ""
    detail: str = ""
    badge: str = ""
    parts: list["Line"] = field(default_factory=list)
    extra: object = None


@dataclass(frozen=True)
class Table:
    name_label: str
    groups: list[Group]
    columns: list[Column]
    totals: Line
    lines: list[Line]
    row_count: int
    notes: tuple[Note, ...]

    @property
    def is_cut(self) -> bool:
        return self.row_count > len(self.lines)


def build(
    result: Result, selection: Selection, name_label: str, url_of: Callable[[Row], str] = lambda row: "",
    groups: Sequence[Group] = GROUPS, *, exact: bool = False,
) -> Table:  # fmt: skip
    """The table of a result with one dimension. Cells of claimed metrics over several platforms say why they are empty."""
    columns = [_column(group, position, metric, result, selection)
               for group in groups for position, metric in enumerate(group.metrics)]  # fmt: skip
    lines = [_line(row.labels[0] if row.labels else "", row, columns, result, exact) for row in result.rows]
    for line, row in zip(lines, result.rows, strict=True):
        line.url = url_of(row)
    total = _line(_("Total"), result.totals, columns, result, exact)
    return Table(name_label, list(groups), columns, total, lines, result.row_count, result.notes)


def metrics_of(groups: Iterable[Group]) -> tuple[str, ...]:
    return tuple(metric for group in groups for metric in group.metrics)


def _column(group: Group, position: int, key: str, result: Result, selection: Selection) -> Column:
    by, descending = result.query.order
    order = ("descending" if descending else "ascending") if by == key else "none"
    sort = key if order == "descending" else f"-{key}"
    return Column(KPIS[key], group.key, order, selection.having(sort=sort), position == 0)


def _line(name: str, row: Row, columns: list[Column], result: Result, exact: bool) -> Line:
    mixed = any(note.code == "mixed_platforms" for note in row.notes)
    line = Line(name, [_cell(row.values, column, result.currency, exact, mixed) for column in columns])
    if mixed:
        claiming = sorted(key for key in row.by_platform if PLATFORMS[key].has_spend)
        for key in claiming:
            cells = [_part(row.by_platform[key], column, result.currency, exact) for column in columns]
            line.parts.append(Line(PLATFORMS[key].label, cells))
    return line


def _cell(values: Values, column: Column, currency: str, exact: bool, mixed: bool) -> Cell:
    key = column.metric.key
    value = values[key]
    explain = "mixed" if value is None and mixed and is_claimed(key) else ""
    title = figure(key, value, currency, exact=True) if column.is_rounded and value is not None and not exact else ""
    return Cell(figure(key, value, currency, exact=exact), title, column.group, column.starts_group, explain)


def _part(values: Values, column: Column, currency: str, exact: bool) -> Cell:
    """Own orders and plans belong to no platform: nothing to show below."""
    if column.group not in BY_PLATFORM:
        return Cell("", "", column.group, column.starts_group)
    return _cell(values, column, currency, exact, mixed=False)


SOURCE_LABELS: dict[Source, str | Promise] = {
    Source.PLATFORM: gettext_lazy("ad platforms"), Source.ANALYTICS: gettext_lazy("analytics"),
    Source.ORDERS: gettext_lazy("own orders"), Source.BUDGET: gettext_lazy("budget plan"),
}  # fmt: skip
