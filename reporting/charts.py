"""Charts as ECharts option dicts: the same dict is drawn by the browser (static/js/charts.js) and wherever else it is needed.

What JSON cannot say (formatters, colours of the theme) is declared under "mops" and as "hue" of a series; the renderer
fills it in. Beside every chart stand a sentence and a table of the same numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from babel import dates
from django.utils.translation import gettext as _

from reporting.buckets import bucket
from reporting.figures import change, figure
from reporting.kpis import KPIS, Number
from reporting.question import Result, Row
from reporting.templatetags.formats import DASH, babel_locale, locale, percent
from reporting.templatetags.formats import date as day_text

SERIES_STYLE = {"type": "line", "showSymbol": False, "symbolSize": 5, "connectNulls": False}
CONTAINED = {"outerBoundsMode": "same", "outerBoundsContain": "axisLabel"}  # axis labels stay inside the picture
HUES = 6  # more cannot be told apart: the rest is "others"
Option = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """`rows` hold the chart's numbers as text, under `header`; the first column names the point."""

    title: str
    summary: str
    option: Option
    header: list[str]
    rows: list[list[str]]
    is_compared: bool = False


@dataclass(frozen=True)
class Known:
    """What a time chart marks: days from `partial_from` on are not over, from `provisional_from` on may still change."""

    partial_from: date
    provisional_from: date | None = None


def over_time(
    result: Result, metrics: tuple[str, str], known: Known, is_comparable: Callable[[str], bool] = lambda metric: True
) -> Chart:
    """One or two metrics of a result by day, week or month; the comparison dashed in the same hue."""
    shown = list(dict.fromkeys(metrics))
    days: list[date] = [row.key[0] for row in result.rows]
    titles = [_long(day, result) for day in days]
    option = _frame([_short(day, result) for day in days], titles, result.currency)
    for hue, metric in enumerate(shown):
        option["yAxis"].append(_axis(metric, hue))
        option["series"] += _lines(result, metric, hue, known)
    _mark_provisional(option, days, known, result.query.dimensions[0])
    option["legend"]["data"] = [line["name"] for line in option["series"] if not line.get("isRest")]
    title = " · ".join(str(KPIS[metric].label) for metric in shown)
    summary = " ".join(_sentence(result, metric, is_comparable(metric)) for metric in shown)
    option["aria"] = {"enabled": True, "label": {"description": f"{title}. {summary}"}}
    return Chart(title, summary, option, *_table(result, shown, titles), is_compared=result.query.comparison is not None)


def ranking(result: Result, metric: str) -> Chart:
    """Bars for the largest groups of a result, the rest as one."""
    rows = [row for row in result.rows if row.values[metric]]
    names, values = [row.labels[0] for row in rows], [_plain(row.values[metric]) for row in rows]
    if len(rows) > HUES:
        names = [*names[:HUES], _("Others")]
        values = [*values[:HUES], sum(value or 0 for value in values[HUES:])]
    option = _frame([], names[::-1], result.currency)
    option |= {
        "xAxis": _axis(metric, 0) | {"type": "value"},
        "yAxis": {"type": "category", "data": names[::-1], "axisTick": {"show": False}, "axisLine": {"show": False}},
        "series": [{"type": "bar", "name": str(KPIS[metric].label), "data": values[::-1], "hue": 0, "barMaxWidth": 22,
                    "unit": KPIS[metric].unit, "itemStyle": {"borderRadius": [0, 3, 3, 0]}}],
        "legend": {"show": False},
        "grid": {"left": 4, "right": 24, "top": 8, "bottom": 4} | CONTAINED,
    }  # fmt: skip
    summary = _share_sentence(result, rows, metric)
    option["aria"] = {"enabled": True, "label": {"description": summary}}
    table = [[row.labels[0], figure(metric, row.values[metric], result.currency)] for row in result.rows]
    return Chart(str(KPIS[metric].label), summary, option, [_("Channel"), str(KPIS[metric].short)], table)


def _frame(labels: list[str], titles: list[str], currency: str) -> Option:
    return {
        "mops": {"locale": locale().replace("_", "-"), "currency": currency, "titles": titles},
        "grid": {"left": 4, "right": 4, "top": 44, "bottom": 4} | CONTAINED,
        "legend": {"type": "scroll", "top": 0, "left": 0, "right": 0, "icon": "roundRect", "itemWidth": 14, "itemHeight": 4},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "category", "data": labels, "boundaryGap": len(labels) < 3, "axisTick": {"show": False},
                  "axisLabel": {"hideOverlap": True}},
        "yAxis": [],
        "series": [],
    }  # fmt: skip


def _axis(metric: str, hue: int) -> Option:
    return {"type": "value", "unit": KPIS[metric].unit, "position": "right" if hue else "left", "hue": hue,
            "splitLine": {"show": hue == 0}, "splitNumber": 4}  # fmt: skip


def _lines(result: Result, metric: str, hue: int, known: Known) -> list[Option]:
    """The metric's line, its unfinished end dotted, and its comparison dashed."""
    name, values = str(KPIS[metric].label), [_plain(row.values[metric]) for row in result.rows]
    common = SERIES_STYLE | {"unit": KPIS[metric].unit, "hue": hue, "yAxisIndex": hue}
    if len(values) == 1:
        common = common | {"showSymbol": True, "symbolSize": 9}
    first_partial = _position(result, min(known.partial_from, _cut_off(result)))
    whole = [value if position < first_partial else None for position, value in enumerate(values)]
    lines = [
        common
        | {"name": name, "data": whole, "lineStyle": {"width": 2}}
        | ({"areaStyle": {"opacity": 0.08, "origin": 0}} if not hue else {})
    ]
    if first_partial < len(values):
        rest = [value if position >= first_partial - 1 else None for position, value in enumerate(values)]
        lines.append(common | {"name": name, "data": rest, "isRest": True, "lineStyle": {"width": 2, "type": "dotted"}})
    if result.query.comparison:
        before = [_plain(row.previous[metric]) if row.previous else None for row in result.rows]
        comparison = _("%(metric)s, before") % {"metric": name}
        lines.append(common | {"name": comparison, "data": before, "faded": True, "lineStyle": {"width": 1.5, "type": "dashed"}})
    return lines


def _mark_provisional(option: Option, days: list[date], known: Known, grain: str) -> None:
    """A hatched band over days that platforms may still change; none where that is the whole chart (the text says so)."""
    if not known.provisional_from or not days or not option["series"]:
        return
    start = bucket(grain, known.provisional_from)
    position = next((index for index, day in enumerate(days) if day >= start), len(days))
    if 0 < position < len(days):
        option["series"][0]["markArea"] = {
            "silent": True, "hatched": True,
            "label": {"show": True, "position": "insideTop", "formatter": _("may still change")},
            "data": [[{"xAxis": position}, {"xAxis": len(days) - 1}]],
        }  # fmt: skip


def _position(result: Result, day: date) -> int:
    """Index of the first bucket that is not over on `day`."""
    grain = result.query.dimensions[0]
    start = bucket(grain, day)
    return next((index for index, row in enumerate(result.rows) if row.key[0] >= start), len(result.rows))


def _cut_off(result: Result) -> date:
    """From where on the buckets are not whole: a last week or month that the period cuts counts for less."""
    grain, until = result.query.dimensions[0], result.query.period.until
    return bucket(grain, until)


def _plain(value: Number | None) -> float | None:
    return None if value is None else round(float(value), 6)


def _short(day: date, result: Result) -> str:
    grain = result.query.dimensions[0]
    if grain == "week":
        return _("W %(week)s") % {"week": day.isocalendar().week}
    if grain == "month":
        return dates.format_skeleton("yMMM", day, locale=babel_locale())
    return dates.format_skeleton("MMMd", day, locale=babel_locale())


def _long(day: date, result: Result) -> str:
    grain = result.query.dimensions[0]
    if grain == "week":
        week = day.isocalendar()
        return _("Week %(week)s/%(year)s, from %(day)s") % {"week": week.week, "year": week.year, "day": day_text(day)}
    if grain == "month":
        return dates.format_skeleton("yMMMM", day, locale=babel_locale())
    return f"{dates.format_date(day, 'EEE', locale=babel_locale())} {day_text(day)}"


def _sentence(result: Result, metric: str, is_comparable: bool) -> str:
    """Total, its change and the best day, in words."""
    label, currency = str(KPIS[metric].label), result.currency
    total = figure(metric, result.totals.values[metric], currency)
    moved = change(metric, result.totals.values[metric], (result.totals.previous or {}).get(metric), currency)
    if not moved or not is_comparable:
        return _("%(metric)s: %(total)s.") % {"metric": label, "total": total}
    words = {"metric": label, "total": total, "change": moved.text, "before": moved.before}
    return _("%(metric)s: %(total)s, %(change)s against %(before)s before.") % words


def _share_sentence(result: Result, rows: Sequence[Row], metric: str) -> str:
    total = result.totals.values[metric]
    if not rows or not total:
        return ""
    first = rows[0]
    words = {"name": first.labels[0], "share": percent((first.values[metric] or 0) / total, 0), "metric": str(KPIS[metric].label)}
    return _("%(name)s has %(share)s of all: %(metric)s.") % words


def _table(result: Result, metrics: list[str], titles: list[str]) -> tuple[list[str], list[list[str]]]:
    header = [_("Date")]
    for metric in metrics:
        header.append(str(KPIS[metric].label))
        header += [_("before")] if result.query.comparison else []
    rows = []
    for title, row in zip(titles, result.rows, strict=True):
        cells = [title]
        for metric in metrics:
            cells.append(figure(metric, row.values[metric], result.currency))
            if result.query.comparison:
                cells.append(figure(metric, row.previous[metric], result.currency) if row.previous else DASH)
        rows.append(cells)
    return header, rows
