"""A result as a file: raw CSV, CSV for German Excel, XLSX. The last two say what they show, to be read in a year."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.clock import now
from mops.lib.period import Period
from mops.lib.tables import GERMAN, RAW, Sheet, csv_lines, xlsx
from reporting.dimensions import DIMENSIONS, TIME
from reporting.kpis import KPIS, Unit
from reporting.labels import filter_labels
from reporting.question import Query, Result, Row

NUMBER_FORMATS = {
    Unit.MONEY: "#,##0.00", Unit.COUNT: "#,##0.##", Unit.PERCENT: "0.0%", Unit.FACTOR: "0.00", Unit.RATIO: "0.0",
}  # fmt: skip
ENTITIES = ("account", "campaign", "own_campaign", "ad_group", "ad")


def raw_csv(query: Query, result: Result) -> Iterator[bytes]:
    """For machines: metric keys as header, entities by id and name, decimal point, no totals."""
    header = [name for key in query.dimensions for name in ((f"{key}_id", key) if key in ENTITIES else (key,))]
    header += [*query.metrics, *(f"{key}_previous" for key in _compared(query)), "currency"]
    rows = ([*_raw_key(query, row), *_numbers(query, row), result.currency] for row in result.rows)
    return csv_lines(header, rows, RAW)


def german_csv(query: Query, result: Result) -> Iterator[bytes]:
    """For Excel in German: labels, decimal comma, totals, and below the table what it shows."""
    facts = ([label, value] for label, value in [("", ""), *statement(query, result)])
    return csv_lines(_labels(query), [*_rows(query, result), *facts], GERMAN)


def workbook(query: Query, result: Result) -> bytes:
    """XLSX with the numbers and a sheet of notes."""
    numbers = [NUMBER_FORMATS[KPIS[key].unit] for key in (*query.metrics, *_compared(query))]
    data = Sheet(_("Numbers"), _labels(query), _rows(query, result), [*("" for _key in query.dimensions or (1,)), *numbers])
    notes = Sheet(_("Notes"), (_("About these numbers"), ""), statement(query, result), freeze_header=False)
    return xlsx([data, notes])


def statement(query: Query, result: Result) -> list[tuple[str, str]]:
    """What an export states about itself, as (label, value)."""
    standard = query.attribution_window == DEFAULT_WINDOW
    zones = sorted({account.time_zone for account in result.accounts})
    lines = [
        (_("Workspace"), query.workspace.name),
        (_("Period"), days(query.period)),
        (_("Comparison"), days(query.comparison) if query.comparison else _("none")),
        (_("Time zone of orders"), query.workspace.time_zone),
        (_("Time zones of accounts"), ", ".join(zones) or "–"),
        (_("Currency"), result.currency),
        (_("Revenue"), query.workspace.get_revenue_basis_display()),
        (_("Attribution window"), _("the platform's own") if standard else query.attribution_window),
        (_("Known at"), query.as_of.isoformat() if query.as_of else _("now")),
    ]  # fmt: skip
    lines += [(_("Filter"), f"{label}: {values}") for label, values in filter_labels(query, result.accounts)]
    lines += [(str(KPIS[key].label), str(KPIS[key].explanation)) for key in query.metrics]
    lines += [(_("Note"), note.text) for note in result.notes]
    return [*lines, (_("Created at"), now().isoformat(timespec="seconds"))]


def file_name(query: Query, ending: str, part: str = "") -> str:
    """muster-2026-05-01-2026-05-31.csv; `part` of a page stands in the middle."""
    return f"{query.workspace.slug}-{part and f'{part}-'}{query.period.since.isoformat()}-{query.period.last.isoformat()}.{ending}"


def days(period: Period) -> str:
    """First and last day, both inside."""
    return f"{period.since.isoformat()} – {period.last.isoformat()}"


def _compared(query: Query) -> tuple[str, ...]:
    return query.metrics if query.comparison else ()


def _labels(query: Query) -> list[str]:
    names = [str(DIMENSIONS[key].label) for key in query.dimensions] or [""]
    before = [_("%(metric)s, before") % {"metric": KPIS[key].label} for key in _compared(query)]
    return [*names, *(str(KPIS[key].label) for key in query.metrics), *before]


def _rows(query: Query, result: Result) -> list[list[Any]]:
    total = [_("Total"), *("" for _key in query.dimensions[1:])]
    return [
        [*total, *_numbers(query, result.totals)],
        *([*(_cell(query, row, position) for position in range(len(row.key))), *_numbers(query, row)]
          for row in (result.rows if query.dimensions else ())),
    ]  # fmt: skip


def _cell(query: Query, row: Row, position: int) -> str | date:
    value: date | str = row.key[position]
    return value if query.dimensions[position] in TIME else row.labels[position]


def _raw_key(query: Query, row: Row) -> list[Any]:
    pairs = zip(query.dimensions, row.key, row.labels, strict=True)
    return [value for name, key, label in pairs for value in ((key, label) if name in ENTITIES else (key,))]


def _numbers(query: Query, row: Row) -> list[Any]:
    previous = row.previous or {}
    return [*(row.values[key] for key in query.metrics), *(previous.get(key) for key in _compared(query))]
