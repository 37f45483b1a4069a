"""Local days of an account's time zone as numbers: epoch seconds in, day index since the market's start out."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.market.season import Ints

_MARGIN = 2  # days kept before the start: New York is still in yesterday


def epoch(instant: datetime) -> int:
    """Whole seconds since 1970 of an aware instant."""
    if instant.tzinfo is None:
        raise ValueError("the market needs aware instants")
    return int(instant.timestamp())


def instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class LocalDays:
    """The midnights of one time zone. Day 0 is the market's start; a day may have 23 or 25 hours."""

    def __init__(self, time_zone: str, start: date) -> None:
        self._zone = ZoneInfo(time_zone)
        self._start = start
        self._midnights: Ints = np.empty(0, dtype=np.int64)

    def ensure(self, days: int) -> None:
        """Knows the midnights through day `days`."""
        have = len(self._midnights)
        if have < days + _MARGIN + 2:
            more = [self._midnight(index - _MARGIN) for index in range(have, days + _MARGIN + 60)]
            self._midnights = np.concatenate((self._midnights, np.array(more, dtype=np.int64)))

    def _midnight(self, index: int) -> int:
        day = self._start + timedelta(days=index)
        return int(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp())

    def index(self, seconds: Ints) -> Ints:
        """Local day index of each instant."""
        found: Ints = np.searchsorted(self._midnights, seconds, side="right").astype(np.int64) - 1 - _MARGIN
        return found

    def begin(self, index: Ints) -> Ints:
        """Epoch second at which each local day begins."""
        return self._midnights[index + _MARGIN]

    def length(self, index: Ints) -> Ints:
        """Seconds of each local day."""
        return self._midnights[index + _MARGIN + 1] - self._midnights[index + _MARGIN]
