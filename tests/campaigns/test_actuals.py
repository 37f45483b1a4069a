"""Spend for budgets is the same spend the reports show."""

from datetime import date
from decimal import Decimal

from campaigns import actuals, matching
from campaigns.models import Campaign
from channels.models import FxRate
from mops.lib.period import Period
from reporting.query import Query, run
from tests.reporting import builders
from workspaces.models import Workspace

SPRING = Period(date(2026, 4, 1), date(2026, 6, 1))
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def market(workspace: Workspace, currency: str = "USD"):  # type: ignore[no-untyped-def]
    """Spend in two currencies over two months; one dollar day before and one after the rate changed."""
    euro, foreign = builders.account(workspace), builders.account(workspace, "meta", currency=currency)
    search, social = builders.campaign(euro, "paid_search"), builders.campaign(foreign, "paid_social")
    for day, rate in ((date(2026, 4, 30), "1.25"), (date(2026, 5, 1), "1.00"), (date(2026, 5, 2), "1.00")):
        FxRate.objects.create(currency="USD", day=day, rate=Decimal(rate))
    builders.fact(search, date(2026, 4, 30), spend=Decimal(100))
    builders.fact(search, date(2026, 5, 2), spend=Decimal(40))
    builders.fact(social, date(2026, 4, 30), spend=Decimal(50))
    builders.fact(social, date(2026, 5, 1), spend=Decimal(50))
    return search, social


def test_it_converts_each_day_at_its_own_rate(workspace: Workspace) -> None:
    market(workspace)
    assert actuals.spend_by_channel(workspace, SPRING) == {
        (APRIL, "paid_search"): 100, (MAY, "paid_search"): 40, (APRIL, "paid_social"): 40, (MAY, "paid_social"): 50,
    }  # fmt: skip


def test_it_converts_into_a_currency_that_is_not_the_euro(workspace: Workspace) -> None:
    workspace.currency = "USD"
    market(workspace)
    assert actuals.spend_by_channel(workspace, SPRING)[APRIL, "paid_search"] == 125
    assert actuals.spend_by_channel(workspace, SPRING)[APRIL, "paid_social"] == 50


def test_it_knows_no_sum_where_a_rate_is_missing(workspace: Workspace) -> None:
    market(workspace, currency="CHF")
    assert actuals.spend_by_channel(workspace, SPRING)[MAY, "paid_social"] is None


def test_it_agrees_with_the_reports(workspace: Workspace) -> None:
    market(workspace)
    reported = run(Query(workspace, SPRING, ("spend",), ("month", "channel")))
    assert actuals.spend_by_channel(workspace, SPRING) == {row.key: row.values["spend"] for row in reported.rows}


def test_it_sums_the_linked_platform_campaigns_of_a_campaign(workspace: Workspace) -> None:
    search, social = market(workspace)
    campaign = Campaign.objects.create(workspace=workspace, name="Spring")
    matching.link(campaign, [social], "manual")
    assert actuals.spend_by_channel(workspace, SPRING, campaign.pk) == {
        (APRIL, "paid_social"): 40,
        (MAY, "paid_social"): 50,
    }
    assert actuals.spend_by_campaign(workspace, SPRING) == {campaign.pk: 90}
    assert actuals.spend_by_platform_campaign(workspace, SPRING, [search.pk, social.pk]) == {
        search.pk: 140,
        social.pk: 90,
    }
    assert actuals.spend_by_channel(builders.workspace(), SPRING, campaign.pk) == {}
