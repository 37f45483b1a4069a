"""The score by day as an ECharts option (drawn by static/js/charts.js), with the sentence and the table that go with it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from babel import dates, numbers
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tracking.plan.quality import Sums, score, shown


class Chart(NamedTuple):
    title: str
    summary: str
    option: dict[str, Any]
    rows: list[tuple[date, float | None, Sums]]  # newest first


def by_day(days: Sequence[tuple[date, Sums]], currency: str) -> Chart:
    """One line, 0 to 100; a day without events is a gap."""
    scores = [shown(score(sums)) for _day, sums in days]
    told = [value for value in scores if value is not None]
    title = _("Score by day")
    language = get_language() or "en"
    summary = (
        _("From %(first)s to %(last)s, lowest %(lowest)s.")
        % {
            name: numbers.format_decimal(value, "0.0", locale=language.replace("-", "_"))
            for name, value in (("first", told[0]), ("last", told[-1]), ("lowest", min(told)))
        }
        if told
        else _("No events yet.")
    )
    names = [dates.format_skeleton("MMMd", day, locale=language.replace("-", "_")) for day, _sums in days]
    titles = [dates.format_date(day, "full", locale=language.replace("-", "_")) for day, _sums in days]
    option = {
        "mops": {"locale": language, "currency": currency, "titles": titles},
        "aria": {"enabled": True, "label": {"description": f"{title}. {summary}"}},
        "grid": {"left": 4, "right": 24, "top": 12, "bottom": 4, "outerBoundsMode": "same", "outerBoundsContain": "axisLabel"},
        "legend": {"show": False},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "category", "data": names, "boundaryGap": False, "axisTick": {"show": False},
                  "axisLabel": {"hideOverlap": True}},
        "yAxis": [{"type": "value", "unit": "count", "min": 0, "max": 100, "interval": 25}],
        "series": [{"type": "line", "name": _("Score"), "unit": "count", "hue": 0, "connectNulls": False, "symbolSize": 6,
                    "showSymbol": len(told) < 3, "areaStyle": {"opacity": 0.08},
                    "data": [*scores]}],
    }  # fmt: skip
    rows = [(day, value, sums) for (day, sums), value in zip(days, scores, strict=True)]
    return Chart(title, summary, option, rows[::-1])
