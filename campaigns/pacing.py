"""Is the money spent as planned? Pure arithmetic on a month's plan, its spend so far and the days that have passed.

Run rate: the month goes on as it went so far. Only complete days count: today's spend is not whole yet.
"""

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

BAND = Decimal("0.10")  # within ten percent of the plan is on track: daily budgets swing by that much at the platforms


class State(StrEnum):
    UNDER = "under"
    ON = "on"
    OVER = "over"


@dataclass(frozen=True)
class Pacing:
    """A plan and its spend in one currency, with `elapsed` of the month's `days` complete."""

    planned: Decimal | None  # None = nobody planned
    spend: Decimal | None  # None = unknown, for example for want of an exchange rate
    elapsed: int
    days: int

    @property
    def elapsed_share(self) -> Decimal:
        """Part of the month that is over, 0 to 1."""
        return Decimal(self.elapsed) / self.days

    @property
    def pace(self) -> Decimal | None:
        """Spend / planned spend of the elapsed days: 1 is exactly as planned."""
        if not self.planned or self.spend is None or not self.elapsed:
            return None
        return self.spend / (self.planned * self.elapsed_share)

    @property
    def projected(self) -> Decimal | None:
        """Spend at the end of the month by run rate."""
        if self.spend is None or not self.elapsed:
            return None
        return self.spend / self.elapsed_share

    @property
    def used(self) -> Decimal | None:
        """Spend / plan of the whole month."""
        return self.spend / self.planned if self.planned and self.spend is not None else None

    @property
    def remaining_per_day(self) -> Decimal | None:
        """What each remaining day may spend to meet the plan; None without a plan or without days left."""
        left = self.days - self.elapsed
        if self.planned is None or self.spend is None or not left:
            return None
        return max(self.planned - self.spend, Decimal(0)) / left

    @property
    def state(self) -> State | None:
        """Where the month will end if nothing changes; None without a plan."""
        if self.pace is None:
            return None
        if self.pace < 1 - BAND:
            return State.UNDER
        return State.OVER if self.pace > 1 + BAND else State.ON


def of_month(month: date, today: date, planned: Decimal | None, spend: Decimal | None) -> Pacing:
    """Pacing of the month that begins on `month`, seen on `today`; `spend` up to and including yesterday."""
    days = calendar.monthrange(month.year, month.month)[1]
    elapsed = min(max((today - month).days, 0), days)
    return Pacing(planned, spend, elapsed, days)
