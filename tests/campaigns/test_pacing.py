"""Golden numbers of pacing, worked out by hand."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.pacing import Pacing, State, of_month

OCTOBER = date(2026, 10, 1)


def test_it_measures_against_the_days_that_are_over() -> None:
    pacing = of_month(OCTOBER, date(2026, 10, 11), Decimal(3_100), Decimal(1_200))  # 10 of 31 days: 1,000 planned so far
    assert (pacing.pace, pacing.state) == (Decimal("1.2"), State.OVER)
    assert pacing.projected == pytest.approx(Decimal(3_720))
    assert pacing.remaining_per_day == pytest.approx(Decimal(1_900) / 21)
    assert pacing.used == pytest.approx(Decimal(1_200) / 3_100)


@pytest.mark.parametrize(
    ("spend", "state"),
    [(899, State.UNDER), (900, State.ON), (1_000, State.ON), (1_100, State.ON), (1_101, State.OVER), (0, State.UNDER)],
)
def test_it_is_on_track_within_ten_percent(spend: int, state: State) -> None:
    assert Pacing(Decimal(3_000), Decimal(spend), 10, 30).state == state


@pytest.mark.parametrize("planned", [None, Decimal(0)])
def test_it_has_no_pace_without_a_plan(planned: Decimal | None) -> None:
    pacing = Pacing(planned, Decimal(500), 15, 30)
    assert (pacing.pace, pacing.state, pacing.used) == (None, None, None)
    assert pacing.projected == 1_000


def test_it_has_no_pace_before_the_first_day_is_over() -> None:
    pacing = of_month(OCTOBER, OCTOBER, Decimal(3_100), Decimal(0))
    assert (pacing.pace, pacing.projected, pacing.state) == (None, None, None)


def test_it_has_no_pace_where_the_spend_is_unknown() -> None:
    pacing = Pacing(Decimal(100), None, 15, 30)
    assert (pacing.pace, pacing.projected, pacing.state, pacing.remaining_per_day) == (None, None, None, None)


def test_a_past_month_is_what_it_was_and_a_coming_one_has_not_begun() -> None:
    past = of_month(OCTOBER, date(2026, 12, 5), Decimal(3_100), Decimal(3_000))
    assert (past.elapsed, past.projected, past.state, past.remaining_per_day) == (31, 3_000, State.ON, None)
    assert of_month(OCTOBER, date(2026, 9, 30), Decimal(3_100), None).elapsed == 0


@given(st.decimals(1, 10**6, places=2), st.decimals(0, 10**6, places=2), st.integers(1, 30))
def test_pace_is_the_projection_over_the_plan(planned: Decimal, spend: Decimal, elapsed: int) -> None:
    pacing = Pacing(planned, spend, elapsed, 30)
    assert pacing.pace is not None
    assert pacing.projected is not None
    assert pacing.pace == pytest.approx(pacing.projected / planned)
