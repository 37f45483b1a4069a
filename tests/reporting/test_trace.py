from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from reporting.passport import passport
from reporting.query import Query, run
from reporting.trace import drill, stored_orders, stored_rows
from tests.reporting import builders as sample

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 3)  # a Sunday
MAY = sample.MAY


def test_a_number_leads_down_to_its_stored_rows():
    shop = sample.workspace()
    campaign = sample.campaign(sample.account(shop))
    run_ = sample.sync_run(campaign.account, DAY, MAY.until)
    sample.fact(campaign, DAY, spend=10, run=run_)
    query: Query | None = Query(shop, MAY, ("spend",), ("channel",))
    steps = []
    while query:
        (row,) = (row for row in run(query).rows if row.values["spend"])
        steps.append((query.dimensions[0], row.values["spend"]))
        last, query = query, drill(query, row.key)
    assert steps == [("channel", 10), ("campaign", 10), ("day", 10)]
    (stored,) = stored_rows(last)
    assert (stored.sums["spend"], stored.run_id, stored.api_version) == (10, run_.pk, "v26")
    assert (stored.pulled_at, stored.time_zone) == (sample.PULLED, "Europe/Berlin")


def test_a_stored_row_tells_its_rate_and_the_day_the_ecb_published_it():
    shop = sample.workspace()
    sample.rate("USD", date(2026, 5, 1), "1.2")
    sample.rate("USD", DAY, "1.2", is_carried=True)
    sample.fact(sample.campaign(sample.account(shop, currency="USD")), DAY, spend=12)
    (stored,) = stored_rows(Query(shop, MAY, ("spend",)))
    assert [(rate.currency, rate.rate, rate.published) for rate in stored.rates] == [("USD", Decimal("1.2"), date(2026, 5, 1))]


def test_a_stored_row_remembers_what_was_said_earlier():
    shop = sample.workspace()
    row = sample.fact(sample.campaign(sample.account(shop)), DAY, spend=10, conversions=1)
    at = datetime(2026, 6, 8, tzinfo=UTC)
    sample.restate(row, at, spend=11)
    (stored,) = stored_rows(Query(shop, MAY, ("spend",)))
    assert stored.sums["spend"] == 11
    assert [(version.sums["spend"], version.replaced_at) for version in stored.versions] == [(10, at)]


def test_rows_of_other_workspaces_stay_hidden():
    shop, other = sample.workspace(), sample.workspace()
    campaign = sample.campaign(sample.account(other))
    sample.fact(campaign, DAY, spend=10)
    assert stored_rows(Query(shop, MAY, ("spend",), filters={"campaign": [campaign.pk]})) == []


def test_own_numbers_lead_down_to_orders():
    shop = sample.workspace()
    order = sample.order(shop, DAY, 10, channel="email")
    sample.order(shop, DAY, 10, channel="direct")
    assert stored_orders(Query(shop, MAY, ("orders",), filters={"channel": ["email"]})) == [order]


def test_a_passport_names_accounts_rates_window_and_formula():
    shop = sample.workspace()
    sample.rate("USD", DAY, "1.2")
    sample.rate("USD", date(2026, 5, 4), "1.25")
    account = sample.account(shop, "meta", currency="USD", time_zone="America/New_York")
    sample.fact(sample.campaign(account), DAY, spend=12)
    sample.covered(account, [DAY], is_final=False)
    query = Query(shop, MAY, ("cpc",), filters={"account": [account.pk]}, attribution_window="1d_click")
    pass_ = passport(query, run(query))
    (source,) = pass_.accounts
    assert (source.currency, source.time_zone, source.attribution_window) == ("USD", "America/New_York", "1d_click")
    assert source.pulled_at == sample.PULLED
    assert [(rate.currency, rate.lowest, rate.highest) for rate in pass_.rates] == [("USD", Decimal("1.2"), Decimal("1.25"))]
    assert (pass_.formulas[0].explanation, pass_.provisional_from) == ("Spend / clicks.", DAY)
    assert pass_.filters == (("Account", "Sample meta"),)
