from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from mops.lib.period import Period
from reporting.query import Query, run
from tests.reporting import builders as sample

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
MAY = sample.MAY


def test_spend_and_value_are_converted_at_the_same_rate_of_their_day():
    shop = sample.workspace()
    sample.rate("USD", DAY, "1.25")
    sample.fact(sample.campaign(sample.account(shop, currency="USD")), DAY, spend=100, conversions_value=300)
    values = run(Query(shop, MAY, ("spend", "conversions_value", "roas"))).totals.values
    assert values == {"spend": 80, "conversions_value": 240, "roas": 3}


def test_two_foreign_currencies_meet_over_the_euro():
    shop = sample.workspace(currency="CHF")
    sample.rate("USD", DAY, "1.25")
    sample.rate("CHF", DAY, "0.95")
    sample.fact(sample.campaign(sample.account(shop, currency="USD")), DAY, spend=100)
    sample.fact(sample.campaign(sample.account(shop, currency="EUR")), DAY, spend=100)
    sample.fact(sample.campaign(sample.account(shop, currency="CHF")), DAY, spend=1)
    result = run(Query(shop, MAY, ("spend",)))
    assert (result.totals.values["spend"], result.currency) == (76 + 95 + 1, "CHF")


def test_a_missing_rate_hides_the_amount_and_nothing_else():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop, currency="USD")), DAY, spend=100, clicks=5)
    result = run(Query(shop, MAY, ("spend", "clicks", "cpc")))
    assert result.totals.values == {"spend": None, "clicks": 5, "cpc": None}
    assert [note.code for note in result.notes] == ["missing_rate"]


def test_one_day_without_a_rate_hides_the_whole_sum():
    shop = sample.workspace()
    sample.rate("USD", DAY, "1.25")
    campaign = sample.campaign(sample.account(shop, currency="USD"))
    sample.fact(campaign, DAY, spend=100)
    sample.fact(campaign, date(2026, 5, 5), spend=100)
    assert run(Query(shop, MAY, ("spend",))).totals.values["spend"] is None


def test_a_foreign_account_also_shows_its_own_currency():
    shop = sample.workspace()
    sample.rate("USD", DAY, "1.25")
    sample.fact(sample.campaign(sample.account(shop, currency="USD")), DAY, spend=100, clicks=50)
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=9)
    rows = run(Query(shop, MAY, ("spend", "cpc"), ("account",))).rows
    assert [(row.values["spend"], row.original_currency, row.original.get("cpc")) for row in rows] == [
        (80, "USD", 2), (9, "", None),
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"])
def test_an_accounts_day_is_never_shifted(zone: str):
    shop = sample.workspace(time_zone="Europe/Berlin")
    change_of_clocks = date(2026, 3, 29)
    sample.fact(sample.campaign(sample.account(shop, time_zone=zone)), change_of_clocks, spend=10)
    rows = run(Query(shop, Period(change_of_clocks, date(2026, 3, 30)), ("spend",), ("day",))).rows
    assert [(row.key, row.values["spend"]) for row in rows] == [((change_of_clocks,), 10)]


def test_as_of_shows_what_was_known_then():
    shop = sample.workspace()
    row = sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10, conversions=1)
    sample.restate(row, datetime(2026, 6, 8, 3, tzinfo=UTC), spend=12, conversions=4)
    for instant, spend, conversions in ((6, 10, 1), (9, 12, 4)):
        query = Query(shop, MAY, ("spend", "conversions"), as_of=datetime(2026, 6, instant, tzinfo=UTC))
        assert run(query).totals.values == {"spend": spend, "conversions": conversions}
    assert run(Query(shop, MAY, ("spend",))).totals.values["spend"] == 12


def test_as_of_before_the_first_pull_nothing_was_known():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10)
    assert run(Query(shop, MAY, ("spend",), as_of=datetime(2026, 5, 5, tzinfo=UTC))).totals.values["spend"] is None


@pytest.mark.parametrize("dimensions", [("channel",), ("campaign",), ("account", "day")])
def test_as_of_now_equals_the_roll_ups(dimensions: tuple[str, ...]):
    shop = sample.workspace()
    for channel in ("display", "video"):
        row = sample.fact(sample.campaign(sample.account(shop), channel), DAY, spend=10)
        sample.restate(row, datetime(2026, 6, 8, tzinfo=UTC), spend=11)
    now = run(Query(shop, MAY, ("spend",), dimensions)).rows
    assert now == run(Query(shop, MAY, ("spend",), dimensions, as_of=datetime(2027, 1, 1, tzinfo=UTC))).rows


def test_as_of_orders_that_had_not_arrived_are_left_out():
    shop = sample.workspace()
    late = datetime(2026, 6, 20, tzinfo=UTC)
    buyer = sample.customer(shop, first_order_at=datetime(2026, 5, 4, 12, tzinfo=UTC))
    sample.order(shop, DAY, 10, customer=buyer, received_at=late)
    sample.order(shop, date(2026, 5, 6), 30, customer=buyer)
    then = Query(shop, MAY, ("orders", "new_customers", "ltv"), ("day",), as_of=datetime(2026, 6, 10, tzinfo=UTC))
    (row,) = (row for row in run(then).rows if row.values["orders"])
    assert (row.key[0], row.values) == (date(2026, 5, 6), {"orders": 1, "new_customers": 1, "ltv": 30})


def test_a_pulled_day_without_rows_is_zero_and_an_unpulled_one_is_unknown():
    shop = sample.workspace()
    google = sample.account(shop)
    sample.fact(sample.campaign(google), DAY, spend=10)
    sample.covered(google, [DAY, date(2026, 5, 5)])
    rows = run(Query(shop, Period(DAY, date(2026, 5, 7)), ("spend",), ("day",))).rows
    assert [(row.key[0].day, row.values["spend"]) for row in rows] == [(4, 10), (5, 0), (6, None)]


def test_a_long_period_reads_whole_months_and_edge_days():
    shop = sample.workspace()
    sample.rate("USD", date(2026, 3, 5), "1.25")
    home, abroad = sample.account(shop), sample.account(shop, "meta", currency="USD")
    campaign = sample.campaign(home)
    for day in (
        date(2026, 1, 19),
        date(2026, 1, 20),
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 10),
        date(2026, 4, 11),
    ):
        sample.fact(campaign, day, spend=1)
    sample.fact(sample.campaign(abroad), date(2026, 3, 5), spend=100)
    period = Period(date(2026, 1, 20), date(2026, 4, 11))
    assert [row.values["spend"] for row in run(Query(shop, period, ("spend",), ("campaign",))).rows] == [80, 4]
    months = run(Query(shop, period, ("spend",), ("campaign", "month"), filters={"campaign": [campaign.pk]})).rows
    assert [(row.key[1].month, row.values["spend"]) for row in months] == [(1, 1), (2, 1), (3, 1), (4, Decimal(1))]
