from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from campaigns.models import Budget, Campaign, CampaignLink
from mops.lib.period import Period
from reporting.query import Query, run
from tests.reporting import builders as sample

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
MAY = sample.MAY


def test_blended_numbers_use_own_orders():
    shop = sample.workspace()
    for platform in ("google_ads", "meta"):
        sample.fact(sample.campaign(sample.account(shop, platform)), DAY, spend=50, conversions=9)
    sample.refund(sample.order(shop, DAY, 300, margin=120), DAY, 50)
    values = run(Query(shop, MAY, ("revenue", "refunds", "mer", "blended_cpa", "aov", "roi", "margin"))).totals.values
    assert values == {
        "revenue": 300, "refunds": 50, "mer": Decimal("2.5"), "blended_cpa": 100, "aov": 300,
        "margin": 100, "roi": 0,
    }  # fmt: skip


def test_revenue_is_gross_where_the_workspace_says_so():
    shop = sample.workspace(revenue_basis="gross")
    sample.order(shop, DAY, 100)
    assert run(Query(shop, MAY, ("revenue",))).totals.values["revenue"] == 119


def test_a_channel_without_spend_shows_its_orders():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=50)
    sample.order(shop, DAY, 80, channel="email")
    rows = {row.key[0]: row.values for row in run(Query(shop, MAY, ("spend", "orders", "mer"), ("channel",))).rows}
    assert rows == {
        "paid_search": {"spend": 50, "orders": 0, "mer": 0}, "email": {"spend": None, "orders": 1, "mer": None},
    }  # fmt: skip


def test_without_any_order_there_is_no_truth_to_show():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=50)
    result = run(Query(shop, MAY, ("orders", "mer")))
    assert result.totals.values == {"orders": None, "mer": None}
    assert [note.code for note in result.notes] == ["no_orders"]


def test_orders_cannot_be_split_by_platform():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=50)
    sample.order(shop, DAY, 80)
    result = run(Query(shop, MAY, ("spend", "orders"), ("platform",)))
    assert result.rows[0].values == {"spend": 50, "orders": None}
    assert [note.code for note in result.notes] == ["not_by_dimension"]


def test_orders_find_their_campaign_by_id_or_by_name():
    shop = sample.workspace()
    google = sample.account(shop)
    by_id, by_name = sample.campaign(google, external_id="77"), sample.campaign(google, name="Sale_Spring")
    sample.order(shop, DAY, 10, utm_id="77", utm_campaign="sale_spring")
    sample.order(shop, DAY, 20, utm_campaign="sale_spring")
    sample.order(shop, DAY, 40, utm_campaign="unknown")
    result = run(Query(shop, MAY, ("revenue",), ("campaign",)))
    assert {row.key[0]: row.values["revenue"] for row in result.rows} == {by_id.pk: 10, by_name.pk: 20, None: 40}
    assert result.totals.values["revenue"] == 70


def test_two_campaigns_of_one_name_do_not_both_take_the_order():
    shop = sample.workspace()
    for platform in ("google_ads", "meta", "ga4"):
        sample.campaign(sample.account(shop, platform), name="Brand")
    sample.order(shop, DAY, 10, utm_campaign="brand")
    assert run(Query(shop, MAY, ("orders",), ("campaign",))).totals.values["orders"] == 1


def test_own_campaigns_gather_their_platform_campaigns_and_orders():
    shop = sample.workspace()
    linked, other = (
        sample.campaign(sample.account(shop), external_id="77"),
        sample.campaign(sample.account(shop, "meta")),
    )
    spring = Campaign.objects.create(workspace=shop, name="Spring")
    CampaignLink.objects.create(workspace=shop, campaign=spring, platform_campaign=linked)
    sample.fact(linked, DAY, spend=5)
    sample.fact(other, DAY, spend=7)
    sample.order(shop, DAY, 10, utm_id="77")
    rows = run(Query(shop, MAY, ("spend", "mer"), ("own_campaign",))).rows
    assert [(row.labels[0], row.values["spend"], row.values["mer"]) for row in rows] == [
        ("Not assigned", 7, 0),
        ("Spring", 5, 2),
    ]


def test_new_customers_are_those_whose_first_order_is_in_the_period():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=60)
    april, may = datetime(2026, 4, 4, 12, tzinfo=UTC), datetime(2026, 5, 4, 12, tzinfo=UTC)
    old, new = sample.customer(shop, first_order_at=april), sample.customer(shop, first_order_at=may)
    sample.order(shop, date(2026, 4, 4), 10, customer=old)
    sample.order(shop, DAY, 10, customer=old)
    sample.order(shop, DAY, 100, customer=new, margin=40)
    sample.order(shop, DAY, 10, is_new_customer=True)  # a guest, as the shop says
    later = sample.order(shop, date(2026, 7, 1), 60, customer=new)
    sample.refund(later, date(2026, 7, 2), 10)
    values = run(Query(shop, MAY, ("new_customers", "cac", "cohort_value", "ltv", "ltv_cac"))).totals.values
    assert values == {
        "new_customers": 2,
        "cac": 30,
        "cohort_value": 40 + 10 + 50,
        "ltv": 50,
        "ltv_cac": Decimal(100) / 60,
    }


def test_new_customers_belong_to_the_channel_of_their_first_order():
    shop = sample.workspace()
    new = sample.customer(shop, first_order_at=datetime(2026, 5, 4, 12, tzinfo=UTC))
    sample.order(shop, DAY, 100, customer=new, channel="email")
    sample.order(shop, date(2026, 5, 9), 100, customer=new, channel="direct")
    rows = {row.key[0]: row.values for row in run(Query(shop, MAY, ("orders", "new_customers", "ltv"), ("channel",))).rows}
    assert rows["email"] == {"orders": 1, "new_customers": 1, "ltv": 200}
    assert rows["direct"] == {"orders": 1, "new_customers": 0, "ltv": None}


def test_orders_of_another_currency_are_converted_on_their_day():
    shop = sample.workspace()
    sample.rate("USD", DAY, "1.25")
    sample.order(shop, DAY, 100, currency="USD")
    sample.order(shop, DAY, 10)
    assert run(Query(shop, MAY, ("revenue",))).totals.values["revenue"] == 90


def test_an_order_without_a_rate_has_no_revenue_but_counts():
    shop = sample.workspace()
    sample.order(shop, DAY, 100, currency="USD")
    result = run(Query(shop, MAY, ("revenue", "orders", "mer")))
    assert result.totals.values == {"revenue": None, "orders": 1, "mer": None}
    assert [(note.code, note.detail) for note in result.notes] == [("missing_rate", "orders")]


def test_a_margin_that_is_unknown_is_not_zero():
    shop = sample.workspace()
    sample.order(shop, DAY, 100)
    result = run(Query(shop, MAY, ("margin",)))
    assert result.totals.values["margin"] is None
    assert [note.code for note in result.notes] == ["margin_incomplete"]


def test_budgets_are_spread_over_the_days_of_the_month():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=50)
    Budget.objects.create(workspace=shop, channel="paid_search", month=date(2026, 5, 1), planned=310)
    values = run(Query(shop, Period(date(2026, 5, 1), date(2026, 5, 11)), ("budget", "pacing"), ("channel",))).rows[0].values
    assert values == {"budget": 100, "pacing": Decimal("0.5")}


def test_a_channel_budget_already_contains_its_campaigns():
    shop = sample.workspace()
    spring = Campaign.objects.create(workspace=shop, name="Spring")
    Budget.objects.create(workspace=shop, channel="display", month=date(2026, 5, 1), planned=310)
    Budget.objects.create(workspace=shop, channel="display", month=date(2026, 5, 1), planned=31, campaign=spring)
    assert run(Query(shop, MAY, ("budget",), ("channel",))).totals.values["budget"] == 310
    assert run(Query(shop, MAY, ("budget",), ("own_campaign",))).rows[0].values["budget"] == 31
