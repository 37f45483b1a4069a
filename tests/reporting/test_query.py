from datetime import date
from decimal import Decimal

import pytest

from mops.lib.period import Period
from reporting.query import Query, QueryError, run
from tests.reporting import builders as sample

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
MAY = sample.MAY


def test_it_sums_spend_per_channel():
    shop = sample.workspace()
    google = sample.account(shop)
    search, display = sample.campaign(google), sample.campaign(google, "display")
    sample.fact(search, DAY, spend=10, clicks=4)
    sample.fact(display, DAY, spend=5, clicks=1)
    result = run(Query(shop, MAY, ("spend", "clicks"), ("channel",)))
    assert [(row.key, row.labels, row.values["spend"]) for row in result.rows] == [
        (("paid_search",), ("Paid Search",), Decimal(10)), (("display",), ("Display",), Decimal(5)),
    ]  # fmt: skip
    assert result.totals.values == {"spend": Decimal(15), "clicks": 5}


def test_the_ratio_of_a_total_is_the_ratio_of_totals():
    shop = sample.workspace()
    google = sample.account(shop)
    sample.fact(sample.campaign(google), DAY, spend=10, clicks=100)
    sample.fact(sample.campaign(google, "display"), DAY, spend=10, clicks=1)
    result = run(Query(shop, MAY, ("cpc",), ("channel",)))
    assert result.totals.values["cpc"] == Decimal(20) / 101


def test_a_ratio_without_denominator_is_none():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10)
    values = run(Query(shop, MAY, ("cpc", "ctr", "cpa", "mer"))).totals.values
    assert values["cpc"] is values["ctr"] is values["cpa"] is None


def test_an_unknown_metric_is_refused():
    with pytest.raises(QueryError) as error:
        Query(sample.workspace(), MAY, ("spent",))
    assert error.value.field == "metrics"


def test_numbers_of_another_workspace_stay_there():
    shop, other = sample.workspace(), sample.workspace()
    sample.fact(sample.campaign(sample.account(other)), DAY, spend=10)
    assert run(Query(shop, MAY, ("spend",), ("channel",))).rows == []


def test_conversions_of_two_platforms_are_never_added_up():
    shop = sample.workspace()
    for platform, count in (("google_ads", 3), ("meta", 4)):
        sample.fact(sample.campaign(sample.account(shop, platform)), DAY, spend=10, conversions=count, conversions_value=50)
    total = run(Query(shop, MAY, ("spend", "conversions", "roas", "cpa", "cvr", "conversions_value"))).totals
    assert total.values == {
        "spend": 20,
        "conversions": None,
        "roas": None,
        "cpa": None,
        "cvr": None,
        "conversions_value": None,
    }
    assert [note.code for note in total.notes] == ["mixed_platforms"]
    assert total.by_platform["meta"]["conversions"] == 4
    assert total.by_platform["google_ads"]["roas"] == 5


def test_analytics_key_events_are_not_conversions_of_ads():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10, conversions=3)
    sample.fact(sample.campaign(sample.account(shop, "ga4")), DAY, sessions=100, engaged_sessions=60, conversions=9)
    total = run(Query(shop, MAY, ("conversions", "key_events", "sessions", "bounce_rate"))).totals
    assert total.values == {"conversions": 3, "key_events": 9, "sessions": 100, "bounce_rate": Decimal("0.4")}
    assert total.notes == ()


def test_asked_for_analytics_alone_its_key_events_are_the_conversions():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop, "ga4")), DAY, sessions=100, conversions=9)
    assert run(Query(shop, MAY, ("conversions",), filters={"platform": ["ga4"]})).totals.values["conversions"] == 9


def test_the_comparison_stands_beside_each_day():
    shop = sample.workspace()
    search = sample.campaign(sample.account(shop))
    sample.fact(search, date(2026, 5, 12), spend=30)
    sample.fact(search, date(2026, 5, 5), spend=20)
    week = Period(date(2026, 5, 11), date(2026, 5, 18))
    result = run(Query(shop, week, ("spend",), ("day",), comparison=week.previous()))
    row = next(row for row in result.rows if row.key == (date(2026, 5, 12),))
    assert (row.values["spend"], row.previous["spend"], row.change("spend")) == (30, 20, Decimal("0.5"))
    assert result.totals.previous["spend"] == 20


def test_a_channel_that_stopped_is_still_compared():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), date(2026, 4, 30), spend=20)
    (row,) = run(Query(shop, MAY, ("spend",), ("channel",), comparison=MAY.previous())).rows
    assert (row.labels, row.values["spend"], row.previous["spend"]) == (("Paid Search",), None, 20)


def test_the_limit_cuts_rows_but_not_the_total():
    shop = sample.workspace()
    google = sample.account(shop)
    for spend in (1, 2, 3):
        sample.fact(sample.campaign(google), DAY, spend=spend)
    result = run(Query(shop, MAY, ("spend",), ("campaign",), limit=2))
    assert [row.values["spend"] for row in result.rows] == [3, 2]
    assert (result.totals.values["spend"], result.row_count) == (6, 3)


def test_the_chosen_window_counts_and_the_others_do_not():
    shop = sample.workspace()
    campaign = sample.campaign(sample.account(shop, "meta"))
    sample.fact(campaign, DAY, spend=10, conversions=5)
    sample.fact(campaign, DAY, attribution_window="1d_click", conversions=2)
    sample.fact(campaign, DAY, attribution_window="7d_click", conversions=4)
    standard = run(Query(shop, MAY, ("spend", "conversions"))).totals.values
    chosen = run(Query(shop, MAY, ("spend", "conversions"), attribution_window="1d_click")).totals.values
    assert (standard, chosen) == ({"spend": 10, "conversions": 5}, {"spend": 10, "conversions": 2})


def test_a_platform_without_the_window_shows_its_own_and_says_so():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10, conversions=5)
    result = run(Query(shop, MAY, ("conversions",), attribution_window="1d_click"))
    assert result.totals.values["conversions"] == 5
    assert [(note.code, note.detail) for note in result.notes] == [("window_not_offered", "Google Ads")]


@pytest.mark.parametrize("dimension", ["account", "campaign", "platform", "week", "month", "own_campaign"])
def test_every_dimension_adds_up_to_the_total(dimension: str):
    shop = sample.workspace()
    for platform in ("google_ads", "meta"):
        for day in (date(2026, 3, 30), date(2026, 4, 15), date(2026, 5, 1)):
            sample.fact(sample.campaign(sample.account(shop, platform)), day, spend=10)
    spring = Period(date(2026, 3, 20), date(2026, 5, 20))
    result = run(Query(shop, spring, ("spend",), (dimension,)))
    assert sum(row.values["spend"] or 0 for row in result.rows) == result.totals.values["spend"] == 60


def test_ads_are_read_from_the_ad_rows():
    shop = sample.workspace()
    stored = sample.ad_fact(sample.campaign(sample.account(shop)), DAY, spend=7, clicks=7)
    (row,) = run(Query(shop, MAY, ("spend",), ("ad_group", "ad"))).rows
    assert (row.key, row.labels, row.values["spend"]) == ((stored.ad.ad_group_id, stored.ad_id), ("G", "A"), 7)
