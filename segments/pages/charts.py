"""Size, entries and exits by day as an option of ECharts, with the same numbers as a table (static/js/charts.js draws it)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from babel import dates, numbers
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from segments.models import SegmentDay

LOCALES = {"de": "de_DE", "en": "en_GB"}


class Chart(NamedTuple):
    """What templates/reporting/chart.html draws."""

    title: str
    summary: str
    option: dict[str, Any]
    header: list[str]
    rows: list[list[str]]


def over_time(days: Sequence[SegmentDay], currency: str) -> Chart:
    """`days` from the oldest to the newest."""
    locale = LOCALES.get((get_language() or "en")[:2], "en_GB")
    labels = [dates.format_skeleton("MMMd", one.day, locale=locale) for one in days]
    titles = [dates.format_date(one.day, "medium", locale=locale) for one in days]
    option = {
        "mops": {"locale": locale.replace("_", "-"), "currency": currency, "titles": titles},
        "grid": {"left": 4, "right": 4, "top": 44, "bottom": 4, "outerBoundsMode": "same", "outerBoundsContain": "axisLabel"},
        "legend": {"type": "scroll", "top": 0, "left": 0, "right": 0, "icon": "roundRect", "itemWidth": 14, "itemHeight": 4},
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {"type": "category", "data": labels, "axisTick": {"show": False}, "axisLabel": {"hideOverlap": True}},
        "yAxis": [_axis("left"), _axis("right")],
        "series": [
            {"type": "line", "name": _("Members"), "data": [one.size for one in days], "hue": 0, "yAxisIndex": 0, "unit": "count",
             "showSymbol": len(days) == 1, "symbolSize": 9, "lineStyle": {"width": 2}, "areaStyle": {"opacity": 0.08}},
            _bars(_("Entered"), [one.entered for one in days], 1),
            _bars(_("Left"), [-one.left for one in days], 2),
        ],
    }  # fmt: skip
    rows = [
        [title, *(numbers.format_decimal(value, locale=locale) for value in (one.size, one.entered, one.left))]
        for title, one in reversed(list(zip(titles, days, strict=True)))
    ]
    return Chart(_("Size over time"), _summary(days, locale), option, [_("Day"), _("Members"), _("Entered"), _("Left")], rows)


def _axis(position: str) -> dict[str, Any]:
    return {"type": "value", "unit": "count", "position": position, "splitLine": {"show": position == "left"}, "splitNumber": 4}


def _bars(name: str, values: list[int], hue: int) -> dict[str, Any]:
    return {"type": "bar", "name": name, "data": values, "hue": hue, "yAxisIndex": 1, "unit": "count", "stack": "moves",
            "barMaxWidth": 10, "faded": True}  # fmt: skip


def _summary(days: Sequence[SegmentDay], locale: str) -> str:
    words = {
        "size": numbers.format_decimal(days[-1].size, locale=locale),
        "entered": numbers.format_decimal(sum(one.entered for one in days), locale=locale),
        "left": numbers.format_decimal(sum(one.left for one in days), locale=locale),
    }
    return _("%(size)s members; %(entered)s came and %(left)s went in these days.") % words
