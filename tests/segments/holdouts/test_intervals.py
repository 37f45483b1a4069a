"""Intervals against published figures."""

import pytest

from segments.holdouts.intervals import Sample, of_conversion, of_revenue, wilson


def test_newcombes_published_example() -> None:
    """Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, example (a), method 10."""
    found = of_conversion(Sample(70, 56, 0, 0), Sample(80, 48, 0, 0))
    assert found is not None
    assert (round(found.difference, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)
    assert found.is_clear


def test_wilsons_published_examples() -> None:
    """Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, the score method without correction."""
    shown = [tuple(round(end, 4) for end in wilson(*case)) for case in ((81, 263), (15, 148), (0, 20), (1, 29))]
    assert shown == [(0.2553, 0.3662), (0.0624, 0.1605), (0.0, 0.1611), (0.0061, 0.1718)]


def test_no_difference_is_not_clear() -> None:
    found = of_conversion(Sample(100, 10, 0, 0), Sample(100, 11, 0, 0))
    assert found is not None
    assert not found.is_clear


def test_revenue_of_equal_people_differs_without_doubt() -> None:
    found = of_revenue(Sample(10, 10, 100, 1000), Sample(10, 10, 50, 250))
    assert found is not None
    assert (found.difference, found.low, found.high, found.relative) == pytest.approx((5, 5, 5, 1))


def test_welchs_variance_by_hand() -> None:
    """1, 2, 3 against 2, 4, 6: means 2 and 4, variances 1 and 4, standard error sqrt(5 / 3)."""
    found = of_revenue(Sample(3, 3, 6, 14), Sample(3, 3, 12, 56))
    assert found is not None
    assert (found.difference, found.high - found.low) == pytest.approx((-2, 2 * 1.959963984540054 * (5 / 3) ** 0.5))


@pytest.mark.parametrize("side", [Sample(0, 0, 0, 0), Sample(1, 1, 5, 25)])
def test_too_few_people_give_no_revenue_interval(side: Sample) -> None:
    assert of_revenue(side, Sample(9, 9, 9, 9)) is None
