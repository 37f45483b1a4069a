"""Days, ISO weeks and months of a period, and which bucket of a comparison period stands beside which."""

from datetime import date, timedelta
from typing import Any

from mops.lib.period import Period, add_months, month_start
from reporting.dimensions import TIME


def bucket(dimension: str, day: date) -> date:
    """The first day of the bucket that `day` is in."""
    if dimension == "week":
        return day - timedelta(days=day.weekday())
    return month_start(day) if dimension == "month" else day


def buckets(dimension: str, period: Period) -> list[date]:
    found = [bucket(dimension, period.since)]
    while (following := _next(dimension, found[-1])) < period.until:
        found.append(following)
    return found


def _next(dimension: str, day: date) -> date:
    return add_months(day, 1) if dimension == "month" else day + timedelta(days=7 if dimension == "week" else 1)


class Alignment:
    """Maps keys of a comparison period to keys of the period: the first week beside the first week and so on."""

    def __init__(self, dimensions: tuple[str, ...], past: Period, now: Period) -> None:
        self.maps = [dict(zip(buckets(name, past), buckets(name, now), strict=False)) if name in TIME else None
                     for name in dimensions]  # fmt: skip

    def key(self, past_key: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """None where the period has no such bucket (a comparison month with more days)."""
        pairs = list(zip(past_key, self.maps, strict=True))
        if any(found is not None and value not in found for value, found in pairs):
            return None
        return tuple(value if found is None else found[value] for value, found in pairs)
