"""Budgets: planned cell by cell, copied, compared with spend, every change on record."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import translation

from campaigns import budgets, matching
from campaigns.models import Budget, Campaign
from campaigns.pacing import State
from mops.lib.period import Period
from tests.reporting import builders
from workspaces.models import AuditEvent, User, Workspace

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
TODAY = date(2026, 5, 11)


def cell(workspace: Workspace, month: date, campaign: Campaign | None = None) -> budgets.Cell:
    rows = budgets.grid(workspace, Period(APRIL, date(2026, 7, 1)), TODAY, campaign)
    row = next(row for row in rows if row.channel.code == "paid_search")
    return next(cell for cell in row.cells if cell.month == month)


def test_it_plans_changes_and_clears_a_cell_and_records_each(workspace: Workspace, marketer: User) -> None:
    for text in ("3,100.00", "3,100", "2,000.50", ""):
        budgets.plan(workspace, marketer, "paid_search", MAY, text)
    assert not Budget.objects.exists()
    changes = [event.details["planned"] for event in AuditEvent.objects.filter(action="budget.planned").order_by("pk")]
    assert changes == [
        {"before": "", "after": "3100.00"}, {"before": "3100.00", "after": "2000.50"}, {"before": "2000.50", "after": ""},
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), [("de", "1.234,50"), ("de", "1234,5 €"), ("en", "1,234.50"), ("en", "1234.5")])
def test_it_reads_amounts_as_the_language_writes_them(language: str, text: str) -> None:
    with translation.override(language):
        assert budgets.parse_amount(text) == Decimal("1234.50")


@pytest.mark.parametrize(
    ("language", "text"), [("de", "1234.50"), ("en", "1.234,50"), ("en", "much"), ("en", "-5"), ("en", "1e30")]
)
def test_it_refuses_amounts_it_would_have_to_guess(language: str, text: str) -> None:
    with translation.override(language), pytest.raises(budgets.UnableToPlan):
        budgets.parse_amount(text)


def test_it_shows_how_the_month_goes_without_the_unfinished_day(workspace: Workspace, marketer: User) -> None:
    search = builders.campaign(builders.account(workspace), "paid_search")
    builders.fact(search, date(2026, 5, 10), spend=Decimal(1_200))
    builders.fact(search, TODAY, spend=Decimal(999))
    budgets.plan(workspace, marketer, "paid_search", MAY, "3100")
    pacing = cell(workspace, MAY).pacing
    assert (pacing.spend, pacing.elapsed, pacing.state) == (1_200, 10, State.OVER)
    assert cell(workspace, APRIL).pacing.spend == 0
    assert not cell(workspace, JUNE).has_begun


def test_it_does_not_call_spend_zero_that_nobody_measures(workspace: Workspace, marketer: User) -> None:
    budgets.plan(workspace, marketer, "paid_search", MAY, "3100")
    assert cell(workspace, MAY).pacing.spend is None


def test_a_channel_without_its_own_budget_has_the_sum_of_its_campaigns(workspace: Workspace, marketer: User) -> None:
    spring, sale = (Campaign.objects.create(workspace=workspace, name=name) for name in ("Spring", "Sale"))
    budgets.plan(workspace, marketer, "paid_search", MAY, "100", spring)
    budgets.plan(workspace, marketer, "paid_search", MAY, "200", sale)
    summed = cell(workspace, MAY)
    assert (summed.planned, summed.pacing.planned, summed.is_summed) == (None, 300, True)
    budgets.plan(workspace, marketer, "paid_search", MAY, "250")
    assert (cell(workspace, MAY).pacing.planned, cell(workspace, MAY, spring).planned) == (250, 100)


def test_a_campaign_is_measured_by_its_own_platform_campaigns(workspace: Workspace, marketer: User) -> None:
    account = builders.account(workspace)
    ours, others = builders.campaign(account, "paid_search"), builders.campaign(account, "paid_search")
    spring = Campaign.objects.create(workspace=workspace, name="Spring")
    matching.link(spring, [ours], "manual")
    builders.fact(ours, MAY, spend=Decimal(70))
    builders.fact(others, MAY, spend=Decimal(30))
    assert (cell(workspace, MAY, spring).pacing.spend, cell(workspace, MAY).pacing.spend) == (70, 100)


def test_it_copies_last_month_into_empty_cells_only(workspace: Workspace, marketer: User) -> None:
    budgets.plan(workspace, marketer, "paid_search", APRIL, "100")
    budgets.plan(workspace, marketer, "display", APRIL, "50")
    budgets.plan(workspace, marketer, "display", MAY, "75")
    assert budgets.copy_month(workspace, marketer, MAY) == 1
    assert budgets.copy_month(workspace, marketer, MAY) == 0
    assert dict(Budget.objects.filter(month=MAY).values_list("channel", "planned")) == {
        "paid_search": 100,
        "display": 75,
    }


def test_the_total_counts_spend_without_a_plan(workspace: Workspace, marketer: User) -> None:
    account = builders.account(workspace)
    builders.fact(builders.campaign(account, "paid_search"), MAY, spend=Decimal(100))
    builders.fact(builders.campaign(account, "display"), MAY, spend=Decimal(40))
    budgets.plan(workspace, marketer, "paid_search", MAY, "310")
    rows = budgets.grid(workspace, Period(MAY, JUNE), TODAY)
    assert (
        budgets.total([row.cells[0] for row in rows]).spend,
        budgets.total([row.cells[0] for row in rows]).planned,
    ) == (140, 310)
