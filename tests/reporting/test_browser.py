"""The dashboards in a real browser: drawn, steered by keys, accessible in both themes, on a desk and on a phone."""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from channels.models import AdAccount, PlatformCampaign
from mops.lib import clock
from mops.lib.period import Period
from tests.reporting import builders as sample
from tests.workspaces.test_browser import LOOKS, log_in, violations
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def errors(page: "Page") -> list[str]:
    """Script errors and refusals by the content security policy."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    return found


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """Two platforms over three months up to yesterday, and some orders."""
    today = clock.today(workspace.time_zone)
    days = Period(today - timedelta(days=90), today)
    accounts = [sample.account(workspace), sample.account(workspace, "meta")]
    campaigns = [sample.campaign(accounts[0]), sample.campaign(accounts[1], "paid_social")]
    sums = {"impressions": 900, "clicks": 45, "spend": 20, "conversions": 2, "conversions_value": 90}
    sample.facts({"campaign": one, "day": day, **sums} for day in days for one in campaigns)
    for account in accounts:
        sample.covered(account, days)
    AdAccount.objects.update(last_success_at=clock.now())
    for day in days:
        sample.order(workspace, day, 60, is_new_customer=True)
    return workspace


@pytest.fixture
def overview(page: "Page", live_server: "LiveServer", shop: Workspace, alice: User) -> "Page":
    log_in(page, live_server, alice)
    page.goto(live_server.url + reverse("reporting:overview", args=[shop.slug]))
    page.locator("#over-time svg").wait_for()
    return page


def addresses(shop: Workspace, day: date) -> list[str]:
    campaign = PlatformCampaign.objects.get(channel="paid_search")
    args = [shop.slug, "paid_search", campaign.pk]
    return [
        reverse("reporting:overview", args=[shop.slug]), reverse("reporting:channels", args=[shop.slug]),
        reverse("reporting:channel", args=args[:2]), reverse("reporting:channel_campaign", args=args),
        reverse("reporting:channel_day", args=[*args, day]), reverse("reporting:channel_trace", args=[*args, day, "default"]),
        reverse("reporting:passport", args=[shop.slug, "overview"]),
    ]  # fmt: skip


@LOOKS
def test_every_dashboard_is_accessible(
    page: "Page", live_server: "LiveServer", shop: Workspace, alice: User, errors: list[str], size: dict[str, int], theme: str
) -> None:
    User.objects.update(theme=theme)
    log_in(page, live_server, alice)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for path in addresses(shop, clock.today(shop.time_zone) - timedelta(days=2)):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert violations(page) == [], path
    assert errors == []


def test_it_draws_the_chart_with_numbers_of_the_language(overview: "Page", errors: list[str]) -> None:
    assert "€40" in overview.locator("#over-time").inner_text()
    overview.locator("#over-time").hover(position={"x": 500, "y": 120})
    assert "€40.00" in overview.locator("#over-time").inner_text()
    assert errors == []


def test_a_period_is_swapped_in_and_stands_in_the_address(overview: "Page") -> None:
    overview.evaluate("window.stayed = true")
    overview.locator("#period-button").click()
    overview.get_by_role("link", name="Last 7 days").click()
    overview.wait_for_url("**period=7d**")
    overview.locator("#over-time svg").wait_for()
    assert overview.evaluate("window.stayed")
    overview.go_back()
    overview.locator("#period-button", has_text="Last 30 days").wait_for()


def test_keys_change_the_period(overview: "Page") -> None:
    overview.keyboard.press("w")
    overview.wait_for_url("**period=7d**")
    overview.keyboard.press("ArrowLeft")
    overview.wait_for_url("**since=**")
    overview.keyboard.press("x")
    overview.wait_for_url("**compare=year**")
    overview.keyboard.press("c")
    assert overview.evaluate("document.activeElement.id") == "since"
    overview.keyboard.press("w")  # now somebody types
    assert "since=" in overview.url


def test_a_header_explains_itself_by_keyboard(overview: "Page") -> None:
    overview.get_by_role("button", name="Explain MER").first.focus()
    overview.keyboard.press("Enter")
    assert overview.locator("#explain-mer").is_visible()
    overview.keyboard.press("Escape")
    assert not overview.locator("#explain-mer").is_visible()


def test_the_platforms_of_a_total_unfold(overview: "Page") -> None:
    part = overview.get_by_role("row", name="Meta Ads")
    assert not part.is_visible()
    overview.get_by_role("button", name="Total by platform").click()
    part.wait_for()


def test_the_passport_opens_beside_the_page(overview: "Page") -> None:
    overview.get_by_role("link", name="Where these numbers come from").click()
    overview.locator("#panel").get_by_text("Sample google_ads").wait_for()
    assert "passport" not in overview.url
    overview.locator("#panel").get_by_role("button", name="Close").click()
    assert not overview.locator("#panel").is_visible()


def test_header_and_first_column_stay(overview: "Page") -> None:
    overview.set_viewport_size({"width": 390, "height": 844})
    box = overview.locator(".metric-table-box")
    box.evaluate("box => { box.scrollLeft = 400 }")
    left = box.bounding_box()
    name = overview.get_by_role("rowheader", name="Paid Search").bounding_box()
    assert left
    assert name
    assert abs(name["x"] - left["x"]) < 2


def test_everything_works_without_htmx(overview: "Page") -> None:
    """Each address of a swap is a page."""
    overview.locator("#sort-clicks").click()
    overview.wait_for_url("**sort=-clicks**")
    overview.reload()
    assert overview.locator("th[aria-sort=descending]").inner_text().startswith("Clicks")


def test_a_typed_comparison_works_by_keyboard(overview: "Page") -> None:
    overview.keyboard.press("v")
    assert overview.evaluate("document.activeElement.id") == "compare_since"
    overview.locator("#compare_since").fill("2026-01-01")
    overview.locator("#compare_last").fill("2026-01-31")
    overview.keyboard.press("Enter")
    overview.wait_for_url("**compare=custom&compare_since=2026-01-01&compare_last=2026-01-31**")
    overview.locator("#comparison-button", has_text="1 Jan 2026 – 31 Jan 2026").wait_for()
    overview.keyboard.press("x")
    overview.wait_for_url("**compare=none**")


def test_a_comparison_that_ends_before_it_begins_asks_again(overview: "Page", errors: list[str]) -> None:
    overview.goto(overview.url.partition("?")[0] + "?compare=custom&compare_since=2026-02-01&compare_last=2026-01-01")
    overview.get_by_text("The comparison ends before it begins.").wait_for()
    assert overview.locator("#compare_since").input_value() == "2026-02-01"
    assert overview.evaluate("document.activeElement.id") == "compare_last"
    assert violations(overview) == []
    assert errors == []


def test_columns_are_ticked_moved_and_applied_without_leaving_the_page(overview: "Page", errors: list[str]) -> None:
    overview.evaluate("window.stayed = true")
    overview.get_by_role("link", name="Columns").click()
    overview.get_by_role("checkbox", name="Budget", exact=True).check()
    for _step in range(14):
        overview.get_by_role("button", name="Budget: further left").press("Enter")
    overview.get_by_role("checkbox", name="Impressions", exact=True).uncheck()
    assert violations(overview) == []
    overview.get_by_role("button", name="Apply").click()
    overview.wait_for_url("**columns=budget,clicks**")
    overview.locator("#sort-budget").wait_for()
    assert not overview.locator("#panel").is_visible()
    assert overview.locator("#sort-impressions").count() == 0
    assert overview.evaluate("window.stayed")
    assert errors == []


def test_a_view_is_saved_opened_and_deleted(overview: "Page", errors: list[str]) -> None:
    overview.keyboard.press("w")
    overview.wait_for_url("**period=7d**")
    overview.locator("#views-menu > button").click()
    overview.get_by_role("link", name="Save and manage views").click()
    overview.get_by_role("textbox", name="Name").fill("Every Monday")
    overview.get_by_role("button", name="Save view").click()
    overview.wait_for_url("**view=**")
    overview.locator("#views-menu > button", has_text="Every Monday").wait_for()
    overview.locator("#views-menu > button").click()
    overview.get_by_role("link", name="Save and manage views").click()
    overview.get_by_role("button", name="Delete Every Monday").click()
    overview.locator("#confirm [data-yes]").click()
    overview.get_by_text("No views yet").wait_for()
    assert overview.locator("#views-menu > button").inner_text() == "Views"
    assert errors == []


def test_a_chart_is_saved_as_a_picture_and_as_figures(overview: "Page", errors: list[str]) -> None:
    overview.get_by_role("button", name="Download: ").click()
    with overview.expect_download() as picture:
        overview.get_by_role("button", name="Picture (PNG)").click()
    content = Path(picture.value.path()).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert (content[16:20], content[20:24]) == ((2400).to_bytes(4), (1200).to_bytes(4))
    assert picture.value.suggested_filename.startswith("nordlicht-over-time-")
    overview.get_by_role("button", name="Download: ").click()
    with overview.expect_download() as figures:
        overview.locator(".chart-download").get_by_role("link", name="CSV, raw").click()
    assert Path(figures.value.path()).read_text().startswith("day,spend,net_revenue_after_refunds,")
    assert errors == []
