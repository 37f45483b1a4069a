"""The campaign and budget pages as a marketer uses them."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns import matching
from campaigns.models import Budget, Campaign, CampaignLink
from tests.reporting import builders
from workspaces.models import AuditEvent, User, Workspace

VALUES = {"name": "Spring", "status": "running", "objective": "", "owner": "", "starts_on": "", "ends_on": "", "target_roas": "4",
          "target_cpa": "", "name_rule": "DE_SEA_*"}  # fmt: skip


@pytest.fixture(autouse=True)
def in_may() -> "time_machine.traveller":  # type: ignore[name-defined,misc]
    with time_machine.travel("2026-05-11 10:00:00+00:00", tick=False) as traveller:
        yield traveller


def url(name: str, *args: object) -> str:
    return reverse(f"campaigns:{name}", args=["nordlicht", *args])


def campaign(workspace: Workspace, name: str = "Spring", **fields: str) -> Campaign:
    return Campaign.objects.create(workspace=workspace, name=name, **fields)


def test_it_says_what_to_do_when_there_are_no_campaigns(mia: Client) -> None:
    assert b"No campaigns yet" in mia.get(url("list")).content


def test_it_creates_and_changes_a_campaign_and_records_both(mia: Client) -> None:
    mia.post(url("create"), VALUES)
    created = Campaign.objects.get()
    mia.post(url("edit", created.pk), VALUES | {"target_roas": "5"})
    actions = AuditEvent.objects.order_by("pk").values_list("action", "details")
    assert list(actions) == [("campaign.created", {}), ("campaign.changed", {"target_roas": {"before": "4.00", "after": "5"}})]


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "Taken"}, {"starts_on": "2026-05-02", "ends_on": "2026-05-01"}, {"name_rule": "*_*"}]
)
def test_it_explains_what_is_wrong(mia: Client, workspace: Workspace, wrong: dict[str, str]) -> None:
    campaign(workspace, "Taken")
    assert mia.post(url("create"), VALUES | wrong).status_code == 200
    assert Campaign.objects.count() == 1


def test_it_keeps_an_archived_campaign_out_of_the_list_until_asked(mia: Client, workspace: Workspace) -> None:
    old = campaign(workspace)
    mia.post(url("archive", old.pk))
    assert b"Spring" not in mia.get(url("list")).content
    assert b"Spring" in mia.get(url("list"), {"status": "archived"}).content
    mia.post(url("restore", old.pk))
    assert b"Spring" in mia.get(url("list")).content


def test_it_previews_a_rule_before_it_is_saved(mia: Client, workspace: Workspace) -> None:
    builders.campaign(builders.account(workspace), name="DE_SEA_Brand")
    page = mia.get(url("matches"), {"name_rule": "de_sea"}).content.decode()
    assert "1 platform campaign fits" in page
    assert "three letters" in mia.get(url("matches"), {"name_rule": "*"}).content.decode()
    assert not CampaignLink.objects.exists()


def test_it_links_suggestions_and_takes_an_unlinking_back(mia: Client, workspace: Workspace) -> None:
    found = builders.campaign(builders.account(workspace), name="DE_SEA_Brand")
    theirs = builders.campaign(builders.account(builders.workspace()), name="DE_SEA_theirs")
    spring = campaign(workspace, name_rule="DE_SEA")
    assert list(mia.get(url("detail", spring.pk)).context["suggestions"]) == [found]
    mia.post(url("link", spring.pk), {"platform_campaign": [found.pk, theirs.pk, "x"], "origin": "rule"})
    link = CampaignLink.objects.get()
    assert (link.platform_campaign, link.origin) == (found, "rule")
    row = mia.post(url("unlink", link.pk), HTTP_HX_REQUEST="true").content.decode()
    assert "Undo" in row
    mia.post(url("link", spring.pk), {"platform_campaign": found.pk, "origin": "rule"})
    assert CampaignLink.objects.get().origin == "rule"
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "campaign.linked", "campaign.unlinked", "campaign.linked",
    ]  # fmt: skip


def test_it_finds_candidates_by_hand(mia: Client, workspace: Workspace) -> None:
    builders.campaign(builders.account(workspace), name="Display prospecting")
    spring = campaign(workspace)
    assert b"Display prospecting" in mia.get(url("candidates", spring.pk), {"search": "prosp"}).content


def test_it_shows_pacing_in_list_and_detail(mia: Client, workspace: Workspace) -> None:
    spring, ad = campaign(workspace), builders.campaign(builders.account(workspace))
    matching.link(spring, [ad], "manual")
    builders.fact(ad, date(2026, 5, 4), spend=Decimal(1_200))
    Budget.objects.create(workspace=workspace, campaign=spring, channel="paid_search", month=date(2026, 5, 1), planned=3_100)
    for name, args in (("list", ()), ("detail", (spring.pk,))):
        page = mia.get(url(name, *args)).content.decode()
        assert "120%" in page
        assert "€1,200.00" in page


def test_the_list_needs_the_same_queries_for_any_number_of_campaigns(mia: Client, workspace: Workspace) -> None:
    for n in range(30):
        campaign(workspace, f"Campaign {n}")
    with CaptureQueriesContext(connection) as queries:
        mia.get(url("list"))
    assert len(queries) <= 9


def test_it_plans_a_cell_in_place(mia: Client) -> None:
    cell = {"channel": "paid_search", "month": "2026-05", "planned": "1,500", "campaign": ""}
    fragment = mia.post(url("budget_cell"), cell, HTTP_HX_REQUEST="true").content.decode()
    assert fragment.lstrip().startswith("<td")
    assert 'value="1,500.00"' in fragment
    assert 'id="total-2026-05"' in fragment  # the sum above follows
    assert "no amount" in mia.post(url("budget_cell"), cell | {"planned": "viel"}, HTTP_HX_REQUEST="true").content.decode()
    assert Budget.objects.get().planned == 1_500
    page = mia.get(url("budgets"))
    assert page.context["changes"][0]["after"] == 1_500
    assert [month for month, _ in page.context["months"]][:2] == [date(2026, 4, 1), date(2026, 5, 1)]


def test_it_copies_the_month_before(mia: Client, workspace: Workspace) -> None:
    Budget.objects.create(workspace=workspace, channel="display", month=date(2026, 4, 1), planned=10)
    mia.post(url("budget_copy"), {"month": "2026-05", "campaign": ""})
    assert Budget.objects.filter(month=date(2026, 5, 1)).count() == 1


@pytest.mark.parametrize("question", [{"from": "nonsense"}, {"campaign": "999999"}])
def test_it_answers_nonsense_with_not_found(mia: Client, question: dict[str, str]) -> None:
    assert mia.get(url("budgets"), question).status_code == 404


def test_a_manager_sees_budgets_but_cannot_change_them(client: Client, workspace: Workspace) -> None:
    manager = User.objects.create_user("max@example.org", language="en")
    workspace.members.create(user=manager, role="manager")
    client.force_login(manager)
    assert b'name="planned"' not in client.get(url("budgets")).content
    assert client.post(url("budget_cell"), {"channel": "display", "month": "2026-05", "planned": "1"}).status_code == 403
    assert not Budget.objects.exists()


def test_it_shows_nothing_of_another_workspace(mia: Client) -> None:
    theirs = campaign(builders.workspace(), "Theirs")
    for name in ("detail", "edit", "candidates"):
        assert mia.get(url(name, theirs.pk)).status_code == 404
    assert mia.post(url("archive", theirs.pk)).status_code == 404
    assert mia.get(url("budgets"), {"campaign": str(theirs.pk)}).status_code == 404
