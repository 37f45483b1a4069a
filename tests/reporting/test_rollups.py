"""What is read from roll-ups equals what the facts say, for any facts and any period."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels.models import DailyStat
from mops.lib.period import Period
from reporting.query import Query, run
from tests.reporting import builders as sample

FIRST = date(2026, 1, 1)
CELLS = list(product(range(4), range(0, 100, 7)))  # campaign, day
ROWS = st.dictionaries(st.sampled_from(CELLS), st.decimals(0, 1000, places=6), max_size=20)
PERIODS = st.tuples(st.integers(0, 99), st.integers(1, 100)).map(
    lambda pair: Period(FIRST + timedelta(pair[0]), FIRST + timedelta(pair[0] + pair[1]))
)


def stored(rows: dict[tuple[int, int], Decimal], **fields: str) -> Any:
    """Two accounts with two campaigns each; `fields` are the second account's."""
    shop = sample.workspace()
    accounts = [sample.account(shop), sample.account(shop, "meta", **fields)]
    campaigns = [sample.campaign(account, channel) for account in accounts for channel in ("display", "video")]
    sample.facts({"campaign": campaigns[number], "day": FIRST + timedelta(day), "spend": spend, "clicks": day}
                 for (number, day), spend in rows.items())  # fmt: skip
    return shop


def by_hand(shop: Any, period: Period, field: str) -> dict[tuple[Any, ...], Decimal]:
    found: dict[tuple[Any, ...], Decimal] = {}
    facts = DailyStat.objects.filter(workspace=shop, day__gte=period.since, day__lt=period.until)
    for fact in facts.select_related("campaign"):
        key = (getattr(fact.campaign if field == "channel" else fact, field),)
        found[key] = found.get(key, Decimal(0)) + fact.spend
    return found


class RollupTests(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(rows=ROWS, period=PERIODS)
    def test_sums_equal_the_facts(self, rows: dict[tuple[int, int], Decimal], period: Period) -> None:
        shop = stored(rows)
        for dimension, field in (("channel", "channel"), ("account", "account_id"), ("campaign", "campaign_id")):
            answer = run(Query(shop, period, ("spend",), (dimension,)))
            assert {row.key: row.values["spend"] for row in answer.rows} == by_hand(shop, period, field)
            assert (answer.totals.values["spend"] or 0) == sum(by_hand(shop, period, field).values())


@pytest.mark.django_db
@pytest.mark.parametrize("dimension", ["day", "week", "month"])
def test_time_series_add_up_to_the_total(dimension: str) -> None:
    shop = stored({(0, day): Decimal(day + 1) for day in range(0, 100, 7)})
    result = run(Query(shop, Period(FIRST + timedelta(3), FIRST + timedelta(95)), ("spend",), (dimension,)))
    assert sum(row.values["spend"] or 0 for row in result.rows) == result.totals.values["spend"]


RATE = Decimal("1.0834")
LONG = st.tuples(st.integers(0, 40), st.integers(1, 500)).map(
    lambda pair: Period(FIRST + timedelta(pair[0]), FIRST + timedelta(pair[0] + pair[1]))
)


def converted(shop: Any, period: Period, key: str) -> dict[Any, Decimal]:
    found: dict[Any, Decimal] = {}
    for fact in DailyStat.objects.filter(workspace=shop, day__gte=period.since, day__lt=period.until).select_related(
        "account", "campaign"
    ):
        value = {"platform": fact.account.platform, "channel": fact.campaign.channel, "month": fact.day.replace(day=1)}[key]
        spend = fact.spend / RATE if fact.account.currency == "USD" else fact.spend
        found[value] = found.get(value, Decimal(0)) + spend
    return found


class EveryTableTests(TestCase):
    """Periods of more than a year are read from months, shorter ones from days, foreign money always from days."""

    @settings(max_examples=25, deadline=None)
    @given(rows=ROWS, period=LONG, currency=st.sampled_from(["EUR", "USD"]), only=st.sampled_from([None, "meta", "google_ads"]))
    def test_sums_equal_the_facts_to_the_micro(self, rows: dict[tuple[int, int], Decimal], period: Period, currency: str,
                                               only: str | None) -> None:  # fmt: skip
        shop = stored(rows, currency=currency)
        for day in range(100):
            sample.rate("USD", FIRST + timedelta(day), str(RATE))
        for dimension in ("platform", "channel", "month"):
            answer = run(Query(shop, period, ("spend",), (dimension,)))
            got = {row.key[0]: row.values["spend"] for row in answer.rows if row.values["spend"] is not None}
            want = converted(shop, period, dimension)
            assert got.keys() == want.keys()
            assert all(abs(got[key] - want[key]) < Decimal("0.000001") for key in want)
        filters = {"platform": [only]} if only else {}
        total = run(Query(shop, period, ("spend",), filters=filters)).totals.values["spend"] or 0
        wanted = sum(value for key, value in converted(shop, period, "platform").items() if only in (None, key))
        assert abs(Decimal(total) - wanted) < Decimal("0.000001")
