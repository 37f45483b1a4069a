"""Periods of whole days, half-open: [since, until). Presets and comparisons as marketers name them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta


def month_start(day: date) -> date:
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The first of the month `months` away from `day`'s month."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, order=True)
class Period:
    """Days from `since` up to, not including, `until`."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.since:
            raise ValueError(f"A period needs at least one day: {self.since} … {self.until}")

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def last(self) -> date:
        """The last day inside, as people write a period."""
        return self.until - timedelta(days=1)

    def __iter__(self) -> Iterator[date]:
        return (self.since + timedelta(days=n) for n in range(self.days))

    def __contains__(self, day: date) -> bool:
        return self.since <= day < self.until

    def shifted(self, days: int) -> "Period":
        return Period(self.since + timedelta(days=days), self.until + timedelta(days=days))

    def previous(self) -> "Period":
        """The same number of days right before."""
        return self.shifted(-self.days)

    def year_before(self) -> "Period":
        """364 days earlier: the same weekdays, or a Saturday would be compared with a Monday."""
        return self.shifted(-364)


def _last(days: int) -> Callable[[date], Period]:
    return lambda today: Period(today - timedelta(days=days), today)


PRESETS: dict[str, Callable[[date], Period]] = {  # each ends yesterday: today is partial
    "today": lambda today: Period(today, today + timedelta(days=1)),
    "yesterday": _last(1),
    "7d": _last(7),
    "28d": _last(28),
    "30d": _last(30),
    "91d": _last(91),
    "mtd": lambda today: Period(month_start(today - timedelta(days=1)), today),
    "last_month": lambda today: Period(add_months(today, -1), month_start(today)),
    "ytd": lambda today: Period(date((today - timedelta(days=1)).year, 1, 1), today),
    "12m": lambda today: Period(add_months(today, -12), month_start(today)),
}
DEFAULT_PRESET = "30d"

COMPARISONS: dict[str, Callable[[Period], Period]] = {"previous": Period.previous, "year": Period.year_before}


def slices(period: Period, days: int) -> list[Period]:
    """The period cut into pieces of at most `days` days, newest first."""
    pieces: list[Period] = []
    until = period.until
    while until > period.since:
        since = max(period.since, until - timedelta(days=days))
        pieces.append(Period(since, until))
        until = since
    return pieces
