"""When people buy: the week, the year, the hour of the day, and exchange rates."""

import math
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_WEEK = (1.10, 1.05, 1.0, 0.98, 0.92, 0.85, 1.10)
_YEAR = (
    (1, 0.86),
    (32, 0.80),
    (75, 0.92),
    (120, 1.08),
    (170, 1.22),
    (205, 1.18),
    (245, 0.95),
    (290, 0.98),
    (320, 1.15),
    (345, 1.42),
    (356, 1.05),
    (366, 0.86),
)
_HOURS = (9, 5, 3, 2, 2, 4, 10, 20, 30, 38, 44, 46, 47, 46, 44, 44, 46, 50, 56, 66, 74, 70, 48, 24)
_CUMULATIVE: Floats = np.concatenate(([0.0], np.cumsum(_HOURS) / sum(_HOURS)))
_CUMULATIVE[-1] = 1.0


@lru_cache(maxsize=4096)
def demand(day: date) -> float:
    """Demand of a day relative to an average one (1.0)."""
    days, levels = zip(*_YEAR, strict=True)
    level = float(np.interp(day.timetuple().tm_yday, days, levels))
    return level * _WEEK[day.weekday()] * _black_week(day)


def _black_week(day: date) -> float:
    friday = black_friday(day.year)
    if day == friday:
        return 2.6
    return 1.55 if friday - timedelta(days=5) <= day <= friday + timedelta(days=3) else 1.0


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def share_of_day(seconds: Ints, length: Ints) -> Floats:
    """Share of a local day's traffic that has come after `seconds` of its `length` seconds; 0 before, 1 after."""
    hours = np.clip(seconds / length, 0.0, 1.0) * 24
    return np.interp(hours, np.arange(25), _CUMULATIVE)


def moment_of_share(share: Floats) -> Floats:
    """Inverse of `share_of_day`: the part of the day (0–1) by which `share` of the traffic has come."""
    return np.interp(share, _CUMULATIVE, np.arange(25)) / 24


def eur_rate(currency: str, day: date) -> int:
    """Units of `currency` for one EUR in ten-thousandths: exact integers, as the ECB's four places are."""
    n = day.toordinal()
    if currency == "GBP":
        return 8560 + round(110 * math.sin(n / 31)) + round(25 * math.sin(n / 3.7))
    if currency == "USD":
        return 11_240 + round(290 * math.sin(n / 47)) + round(45 * math.sin(n / 4.3))
    return 10_000
