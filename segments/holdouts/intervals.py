"""Differences between treated and withheld people with their 95 % intervals. Pure."""

from math import sqrt
from typing import NamedTuple

Z = 1.959963984540054  # standard normal, 97.5 %


class Estimate(NamedTuple):
    """A difference with its interval, in the unit of its figures; `relative` to the withheld, None where they have nothing."""

    difference: float
    low: float
    high: float
    relative: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves no room for "no difference"."""
        return self.low > 0 or self.high < 0


class Sample(NamedTuple):
    """One side: people, how many converted, sum and sum of squares of their revenue."""

    people: int
    converted: int
    revenue: float
    squares: float


def wilson(successes: int, people: int) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927). (0, 1) without people."""
    if not people:
        return 0.0, 1.0
    share, z2 = successes / people, Z * Z
    centre = (share + z2 / (2 * people)) / (1 + z2 / people)
    half = Z / (1 + z2 / people) * sqrt(share * (1 - share) / people + z2 / (4 * people * people))
    return max(0.0, centre - half), min(1.0, centre + half)


def of_conversion(treated: Sample, withheld: Sample) -> Estimate | None:
    """Difference of the shares that converted; interval: Newcombe 1998, method 10. None if a side has nobody."""
    if not treated.people or not withheld.people:
        return None
    one, other = treated.converted / treated.people, withheld.converted / withheld.people
    (low1, high1), (low2, high2) = wilson(treated.converted, treated.people), wilson(withheld.converted, withheld.people)
    low = (one - other) - sqrt((one - low1) ** 2 + (high2 - other) ** 2)
    high = (one - other) + sqrt((high1 - one) ** 2 + (other - low2) ** 2)
    return Estimate(one - other, low, high, (one - other) / other if other else None)


def of_revenue(treated: Sample, withheld: Sample) -> Estimate | None:
    """Difference of the mean revenue per person; normal interval with Welch's variance. None if a side has fewer than two."""
    if treated.people < 2 or withheld.people < 2:
        return None
    one, other = treated.revenue / treated.people, withheld.revenue / withheld.people
    half = Z * sqrt(_variance(treated) / treated.people + _variance(withheld) / withheld.people)
    return Estimate(one - other, one - other - half, one - other + half, (one - other) / other if other else None)


def _variance(sample: Sample) -> float:
    mean = sample.revenue / sample.people
    return max(0.0, (sample.squares - sample.people * mean * mean) / (sample.people - 1))
