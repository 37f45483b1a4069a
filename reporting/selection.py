"""What a dashboard shows, as it stands in the URL: period, comparison, filters, window, state of knowledge, sorting.

Every link carries the whole selection, so that an address can be shared. Where the URL says nothing, the person's last
choice holds; it is written only when it changes, never per visit.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from channels.taxonomy import CHANNELS
from mops.lib.numerals import whole
from mops.lib.period import COMPARISONS, DEFAULT_PRESET, PRESETS, Period, add_months
from reporting import columns, comparing
from reporting.comparing import CUSTOM, EARLIEST, LONGEST, Compared
from reporting.dimensions import parse_value
from reporting.kpis import KPIS

NO_COMPARISON = "none"
DEFAULT_COMPARISON = "previous"
FILTERS = ("channel", "platform", "account")
CHART_DEFAULT = ("spend", "net_revenue_after_refunds")
WINDOWS = tuple(dict.fromkeys(window for platform in PLATFORMS.values() for window in platform.windows))


@dataclass(frozen=True)
class Selection:
    """`preset` is "" for a period that was typed in; `as_of` is the last day whose knowledge counts.

    `columns` are those of the page's `table` (`reporting.columns`), empty for the standard ones; `view` is the saved view
    that was opened, 0 for none.
    """

    today: date
    time_zone: str
    period: Period
    preset: str = DEFAULT_PRESET
    compare: str = DEFAULT_COMPARISON
    filters: Mapping[str, tuple[Any, ...]] = ()  # type: ignore[assignment]
    window: str = DEFAULT_WINDOW
    as_of: date | None = None
    sort: str = ""
    chart: tuple[str, str] = CHART_DEFAULT
    compared: Compared | None = None  # what was typed, for a custom comparison
    table: str = ""
    columns: tuple[str, ...] = ()
    view: int = 0

    @property
    def comparison(self) -> Period | None:
        if self.compare == CUSTOM:
            return self.compared.period if self.compared else None
        shift = COMPARISONS.get(self.compare)
        return shift(self.period) if shift else None

    @property
    def known_until(self) -> datetime | None:
        """The end of the day `as_of` in the workspace's zone."""
        if self.as_of is None:
            return None
        return datetime.combine(self.as_of + timedelta(days=1), time.min, ZoneInfo(self.time_zone))

    @property
    def grain(self) -> str:
        """How finely a chart of this period is drawn: about a hundred points at most."""
        return "day" if self.period.days <= 92 else "week" if self.period.days <= 400 else "month"

    @property
    def is_partial(self) -> bool:
        """Whether the period has a day that is not over."""
        return self.today in self.period

    def stepped(self, direction: int) -> "Selection":
        """The period before (-1) or after (1): whole months step by months, everything else by its length."""
        return replace(self, period=_stepped(self.period, direction), preset="")

    @property
    def has_next(self) -> bool:
        return self.period.until <= self.today

    def params(self) -> list[tuple[str, str]]:
        """The selection as URL parameters; what is not said is the default, period and comparison are always said."""
        found = [("period", self.preset)] if self.preset else [
            ("since", self.period.since.isoformat()), ("last", self.period.last.isoformat()),
        ]  # fmt: skip
        found.append(("compare", self.compare))
        found += [(comparing.SINCE, self.compared.since), (comparing.LAST, self.compared.last)] if self.compared else []
        found += [(name, "-" if value is None else str(value)) for name, values in self.filters.items() for value in values]
        found += [("window", self.window)] if self.window != DEFAULT_WINDOW else []
        found += [("as_of", self.as_of.isoformat())] if self.as_of else []
        found += [("sort", self.sort)] if self.sort else []
        found += [("metric", self.chart[0]), ("metric", self.chart[1])] if self.chart != CHART_DEFAULT else []
        found += [("columns", ",".join(self.columns))] if self.columns else []
        return found + ([("view", str(self.view))] if self.view else [])

    @property
    def url(self) -> str:
        return "?" + urlencode(self.params(), safe=",")

    def having(self, **changes: Any) -> str:
        """The URL of the same selection with `changes`."""
        return replace(self, **changes).url

    def leaving(self, **changes: Any) -> str:
        """The URL for a page with other tables: their order, columns and views are their own."""
        return self.having(sort="", columns=(), view=0, **changes)

    @property
    def elsewhere(self) -> str:
        return self.leaving()

    def compared_by(self, name: str) -> "Selection":
        """With a comparison that follows from the period."""
        return replace(self, compare=name, compared=None)

    def with_preset(self, preset: str) -> "Selection":
        return replace(self, period=PRESETS[preset](self.today), preset=preset)

    def toggled(self, name: str, value: Any) -> "Selection":
        """With the filter value added, or removed if it was there."""
        values = self.filters.get(name, ())
        kept = tuple(other for other in values if other != value) if value in values else (*values, value)
        return replace(self, filters={key: found for key, found in {**self.filters, name: kept}.items() if found})


def read(params: QueryDict, preferences: Mapping[str, Any], today: date, time_zone: str, table: str = "") -> Selection:
    """The selection in `params`; what is missing or makes no sense falls back to the preferences and the defaults.

    A typed comparison that makes no sense is kept, with what is wrong: the reader is to mend it.
    """
    preset, period = _period(params, preferences, today)
    compare = CUSTOM if params.get("compare") == CUSTOM else _one_of(
        params.get("compare"), {NO_COMPARISON, *COMPARISONS}, preferences.get("compare"), DEFAULT_COMPARISON)  # fmt: skip
    return Selection(
        today, time_zone, period, preset,
        compare=compare,
        filters=_filters(params),
        window=_one_of(params.get("window"), set(WINDOWS), DEFAULT_WINDOW),
        as_of=_as_of(params.get("as_of", ""), today),
        sort=params.get("sort", ""),
        chart=_chart(params.getlist("metric")),
        compared=comparing.read(params, today) if compare == CUSTOM else None,
        table=table,
        columns=columns.read(params.get("columns", ""), table),
        view=_number(params.get("view", "")),
    )  # fmt: skip


def remembered(selection: Selection, params: QueryDict, preferences: Mapping[str, Any]) -> dict[str, Any] | None:
    """The preferences to store after this visit, or None where nothing was chosen anew. Typed periods are not kept."""
    compare = "" if selection.compare == CUSTOM else selection.compare
    chosen = {name: value for name, value in (("period", selection.preset), ("compare", compare)) if value}
    chosen = {name: value for name, value in chosen.items() if name in params and preferences.get(name) != value}
    return {**preferences, **chosen} if chosen else None


def _period(params: QueryDict, preferences: Mapping[str, Any], today: date) -> tuple[str, Period]:
    first, last = _day(params.get("since", "")), _day(params.get("last", ""))
    if first and last and "period" not in params:
        return "", _typed(min(first, last), min(max(first, last), today))
    preset = _one_of(params.get("period"), set(PRESETS), preferences.get("period"), DEFAULT_PRESET)
    return preset, PRESETS[preset](today)


def _typed(first: date, last: date) -> Period:
    """The days a person typed, cut to what platforms keep."""
    return Period(max(min(first, last), last - timedelta(days=LONGEST)), last + timedelta(days=1))


def _stepped(period: Period, direction: int) -> Period:
    if period.since.day == 1 and period.until.day == 1:
        months = (period.until.year - period.since.year) * 12 + period.until.month - period.since.month
        return Period(add_months(period.since, direction * months), add_months(period.until, direction * months))
    return period.shifted(direction * period.days)


def _one_of(value: Any, allowed: set[str], *fallbacks: Any) -> str:
    return next(str(found) for found in (value, *fallbacks) if found in allowed)


def _day(text: str) -> date | None:
    """None where it is no day, or one before anything was advertised online."""
    day = comparing.day(text)
    return day if day and day >= EARLIEST else None


def _as_of(text: str, today: date) -> date | None:
    """Knowledge of today is what everybody sees anyway."""
    day = _day(text)
    return day if day and day < today else None


def _filters(params: QueryDict) -> dict[str, tuple[Any, ...]]:
    known: dict[str, Callable[[Any], bool]] = {
        "channel": lambda value: value in CHANNELS, "platform": lambda value: value in PLATFORMS,
        "account": lambda value: isinstance(value, int) and 0 < value < 2**63,
    }  # fmt: skip
    found: dict[str, tuple[Any, ...]] = {}
    for name in FILTERS:
        values = tuple(value for text in params.getlist(name) if known[name](value := _parsed(name, text)))
        if values:
            found[name] = tuple(dict.fromkeys(values))
    return found


def _number(text: str) -> int:
    """A primary key, 0 where it cannot be one."""
    return whole(text) or 0


def _parsed(name: str, text: str) -> Any:
    try:
        return parse_value(name, text)
    except ValueError:
        return None


def _chart(metrics: list[str]) -> tuple[str, str]:
    first, second = (*metrics[:2], "", "")[:2]
    return (first if first in KPIS else CHART_DEFAULT[0], second if second in KPIS else CHART_DEFAULT[1])
