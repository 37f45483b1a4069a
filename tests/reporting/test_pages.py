"""The dashboards as a client sees them: numbers, links, states, and how many queries a page costs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Budget
from channels.connectors.base import DEFAULT_WINDOW
from channels.models import AdAccount, Connection, PlatformCampaign
from mops.lib.period import Period
from reporting.board import Board
from reporting.columns import STANDARD
from reporting.widgets import kpi_cards
from tests.people import ClientFor
from tests.reporting import builders as sample
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)
APRIL_MAY = Period(date(2026, 3, 1), TODAY)
MOST_QUERIES = 15
LARGEST = 150_000  # bytes of the first page besides cached assets


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(datetime(2026, 5, 20, 8, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def search(workspace: Workspace) -> PlatformCampaign:
    """Two platforms, two channels, orders, a budget: eighty days of a small shop."""
    google, meta = sample.account(workspace), sample.account(workspace, "meta")
    campaign = sample.campaign(google, name="DE_SEA_Sample", external_id="77")
    social = sample.campaign(meta, "paid_social")
    sums = {"impressions": 1000, "clicks": 50, "spend": 20, "conversions": 2, "conversions_value": 100}
    sample.facts({"campaign": one, "day": day, **sums} for day in APRIL_MAY for one in (campaign, social))
    for account in (google, meta):
        sample.covered(account, APRIL_MAY)
    AdAccount.objects.update(last_success_at=datetime(2026, 5, 20, 3, tzinfo=UTC))
    buyer = sample.customer(workspace, first_order_at=datetime(2026, 5, 10, 12, tzinfo=UTC))
    sample.order(workspace, date(2026, 5, 10), 90, customer=buyer, utm_id="77")
    sample.order(workspace, date(2026, 5, 11), 30, channel="email")
    Budget.objects.create(workspace=workspace, channel="paid_search", month=date(2026, 5, 1), planned=620)
    return campaign


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    return client_for("owner")


def page(client: Client, name: str, *args: object, **params: str) -> str:
    response = client.get(reverse(f"reporting:{name}", args=["nordlicht", *args]), params)
    assert response.status_code == 200
    return response.content.decode()


def campaign_args(campaign: PlatformCampaign) -> list[object]:
    return [campaign.channel, campaign.pk]


def test_it_shows_the_key_figures_and_their_change(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", period="last_month")
    assert "€1,200" in html  # 30 days of April, two campaigns at 20
    assert "before €1,200" in html  # the thirty days before
    assert "±0.0%" in html


def test_younger_orders_are_not_compared_with_a_time_before_them(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", since="2026-05-11", last="2026-05-12")
    assert "Numbers begin later, so changes are not shown: own orders." in html
    assert "Revenue after refunds: €30." in html
    assert "Cost: €80, ±0.0% against €80 before." in html


def test_numbers_of_cards_and_table_agree(client: Client, search: PlatformCampaign) -> None:
    shown = client.get(reverse("reporting:overview", args=["nordlicht"])).context["board"]
    assert isinstance(shown, Board)
    for metric in ("spend", "orders", "net_revenue_after_refunds", "ltv", "ltv_cac"):
        in_table = shown.channels.totals.values[metric]
        assert shown.run(shown.query((metric,))).totals.values[metric] == in_table, metric
    assert shown.series.totals.values["spend"] == shown.channels.totals.values["spend"] == Decimal(1200)


def test_claims_of_two_platforms_have_no_sum_but_a_reason_and_parts(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview")
    total = html[(start := html.index('class="total"')) : html.index("/channels/paid_", start)]
    assert total.count('popovertarget="explain-mixed"') == 5
    assert "Google Ads" in total
    assert "Meta Ads" in total
    assert 'id="explain-mixed" popover' in html


def test_every_header_explains_itself(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview")
    for metric in (*Board.cards, *STANDARD):
        assert f'popovertarget="explain-{metric}"' in html
        assert f'id="explain-{metric}" popover' in html


def test_a_fragment_is_the_same_board_without_the_frame(client: Client, search: PlatformCampaign) -> None:
    url = reverse("reporting:overview", args=["nordlicht"])
    whole, part = client.get(url).content.decode(), client.get(url, headers={"HX-Request": "true"})
    assert part.content.decode().strip() in whole
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_going_back_restores_the_whole_page(client: Client, search: PlatformCampaign) -> None:
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert b"<html" in client.get(reverse("reporting:overview", args=["nordlicht"]), headers=headers).content


def test_it_remembers_a_choice_without_a_write_per_visit(client: Client, alice: User, search: PlatformCampaign) -> None:
    url = reverse("reporting:overview", args=["nordlicht"])
    client.get(url, {"period": "7d", "compare": "year"})
    with CaptureQueriesContext(connection) as queries:
        again = client.get(url).context["selection"]
    assert (again.preset, again.compare) == ("7d", "year")
    assert not [query for query in queries if query["sql"].startswith("UPDATE")]


@pytest.mark.parametrize("params", [
    {"period": "forever"}, {"since": "2026-02-31", "last": "x"}, {"compare": "9"}, {"channel": "'; --"}, {"account": "9" * 30},
    {"as_of": "tomorrow"}, {"as_of": "0001-01-01"}, {"sort": "-nothing"}, {"metric": "nothing"}, {"window": "1h"},
    {"since": "2026-05-09", "last": "2026-05-01"}, {"since": "0001-01-01", "last": "9999-12-31"},
    {"since": "0001-01-01", "last": "0001-01-01"}, {"since": "2000-01-01", "last": "2000-01-01", "compare": "year"},
])  # fmt: skip
def test_a_senseless_address_falls_back(client: Client, search: PlatformCampaign, params: dict[str, str]) -> None:
    assert "could not be shown" not in page(client, "overview", **params)


def test_the_arrows_step_by_months_and_by_days(client: Client, search: PlatformCampaign) -> None:
    assert "since=2026-03-01&amp;last=2026-03-31" in page(client, "overview", period="last_month")
    assert "since=2026-05-06&amp;last=2026-05-12" in page(client, "overview", period="7d")


def test_a_broken_widget_leaves_the_page_alive(client: Client, search: PlatformCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpi_cards, "sparkline", None)
    html = page(client, "overview")
    assert "This part could not be shown" in html
    assert "Paid Search" in html


def test_an_earlier_state_of_knowledge_is_shown_with_a_banner(client: Client, workspace: Workspace) -> None:
    campaign = sample.campaign(sample.account(workspace))
    row = sample.fact(campaign, date(2026, 5, 4), observed_at=datetime(2026, 5, 5, tzinfo=UTC), spend=10)
    sample.restate(row, datetime(2026, 5, 8, tzinfo=UTC), spend=17)
    AdAccount.objects.update(last_success_at=datetime(2026, 5, 20, 3, tzinfo=UTC))
    now, before = page(client, "overview"), page(client, "overview", as_of="2026-05-06")
    assert "€17" in now
    assert "€10" in before
    assert "Earlier state of knowledge" in before
    assert "Show today&#x27;s numbers" in before
    assert "Show today&#x27;s numbers" not in now


def test_a_connection_that_needs_a_person_says_so(client: Client, search: PlatformCampaign) -> None:
    Connection.objects.filter(platform="meta").update(state=Connection.State.REAUTH, error_message="Session has expired")
    html = page(client, "overview")
    assert "Meta Ads · Sample meta needs a person" in html
    assert "Session has expired" in html


def test_stale_accounts_and_missing_days_are_announced(client: Client, search: PlatformCampaign) -> None:
    AdAccount.objects.filter(platform="meta").update(last_success_at=datetime(2026, 5, 18, tzinfo=UTC))
    html = page(client, "overview", since="2026-02-20", last="2026-03-10")
    assert "No fresh numbers for more than 26 hours" in html
    assert "Google Ads · Sample google_ads: 9 days" in html


def test_an_incomplete_comparison_gives_no_verdict(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", since="2026-03-05", last="2026-03-14")
    assert "The comparison period is not complete" in html
    assert "nothing to compare with" in html


def test_a_new_workspace_sees_its_first_steps(client: Client, alice: User, workspace: Workspace) -> None:
    html = page(client, "overview")
    assert "1 of 6 done" in html  # Bob is there already
    assert "No data yet" in html
    assert "Key figures" not in html
    assert reverse("channels:connections", args=["nordlicht"]) in html


def test_the_first_steps_see_what_is_done_and_go_away(client: Client, bob: User, search: PlatformCampaign) -> None:
    assert "First steps" not in page(client, "overview")
    Budget.objects.all().delete()
    assert "5 of 6 done" in page(client, "overview")


def test_a_manager_is_offered_nothing_they_may_not_do(client_for: ClientFor) -> None:
    html = page(client_for("manager"), "overview")
    assert "An admin of this workspace connects the first channel." in html
    assert reverse("channels:connections", args=["nordlicht"]) not in html


def test_a_filter_that_is_too_narrow_offers_the_way_back(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", channel="affiliate")
    assert "Nothing passes these filters" in html
    assert "Remove all filters" in html


def test_a_time_before_the_first_pull_says_that_nothing_was_known(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", as_of="2026-01-10", period="7d")
    assert "Nothing was known yet" in html
    assert "Key figures" not in html


def test_a_channel_without_numbers_says_so(client: Client, search: PlatformCampaign) -> None:
    assert "No numbers in this period" in page(client, "channel", "affiliate")


def test_the_month_shows_its_pace_where_a_budget_is_planned(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview")
    assert "€380 of €620; at this pace €620 by the end of the month" in html
    assert html.count('class="pace pace-on"') == 1
    assert html.count('class="pace pace-over"') == 1  # the total: Meta spends without a plan


def test_a_channel_lists_its_campaigns_with_account_and_own_orders(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "channel", "paid_search")
    assert "DE_SEA_Sample" in html
    assert "Google Ads · Sample google_ads" in html
    assert reverse("reporting:channel_campaign", args=["nordlicht", *campaign_args(search)]) in html


def test_the_ads_are_marked_as_no_part_of_the_totals(client: Client, search: PlatformCampaign) -> None:
    sample.ad_fact(search, date(2026, 5, 10), spend=7)
    html = page(client, "channel_ads", "paid_search")
    assert "do not add up to the channel" in html
    assert "€7" in html


def test_an_attribution_window_is_offered_and_used(client: Client, search: PlatformCampaign) -> None:
    social = PlatformCampaign.objects.get(channel="paid_social")
    sample.fact(social, date(2026, 5, 10), attribution_window="1d_view", conversions=3)
    html = page(client, "channel", "paid_social", window="1d_view", period="30d")
    assert "1 day after view" in html
    assert "3.0" in html


def test_the_way_down_ends_at_the_pulled_row(client: Client, search: PlatformCampaign) -> None:
    run = sample.sync_run(search.account, date(2026, 5, 20), date(2026, 5, 21))
    row = sample.fact(search, TODAY, run=run, spend=20, clicks=50)
    sample.restate(row, datetime(2026, 5, 22, tzinfo=UTC), spend=21)
    day = page(client, "channel_day", *campaign_args(search), TODAY)
    assert reverse("reporting:channel_trace", args=["nordlicht", *campaign_args(search), TODAY, DEFAULT_WINDOW]) in day
    html = page(client, "channel_trace", *campaign_args(search), TODAY, DEFAULT_WINDOW)
    assert "€21.00" in html
    assert "€20.00" in html  # what the platform said before
    assert "API v26" in html
    assert "Europe/Berlin" in html


def test_a_day_without_rows_says_why(client: Client, search: PlatformCampaign) -> None:
    assert "Nothing was pulled for this day" in page(client, "channel_day", *campaign_args(search), date(2025, 1, 1))


def test_the_passport_names_accounts_zones_and_formulas(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "passport", "overview")
    for expected in ("Sample google_ads", "Europe/Berlin", "Last pull", "Own revenue after refunds / spend"):
        assert expected in html
    panel = client.get(reverse("reporting:passport", args=["nordlicht", "overview"]), headers={"HX-Request": "true"})
    assert b"<html" not in panel.content


@pytest.mark.parametrize(("kind", "start"), [("csv", b"channel,"), ("excel", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_it_exports_what_is_on_the_page(client: Client, search: PlatformCampaign, kind: str, start: bytes) -> None:
    response = client.get(reverse("reporting:export", args=["nordlicht", "overview", kind]), {"period": "7d"})
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    assert content.startswith(start)
    assert "nordlicht-2026-05-13-2026-05-19" in response["Content-Disposition"]


def test_german_pages_speak_german(client: Client, alice: User, search: PlatformCampaign) -> None:
    User.objects.filter(pk=alice.pk).update(language="de")
    html = page(client, "overview")
    assert "1.200\u00a0€" in html
    assert "Umsatz nach Erstattungen" in html
    assert "20.04.2026 – 19.05.2026" in html


def test_the_chart_marks_days_that_are_not_over(client: Client, search: PlatformCampaign) -> None:
    sample.fact(search, TODAY, spend=3)
    shown = client.get(reverse("reporting:overview", args=["nordlicht"]), {"since": "2026-05-16", "last": "2026-05-20"})
    html = shown.content.decode()
    assert '"type": "dotted"' in html
    assert '"data": [40.0, 40.0, 40.0, 40.0, null]' in html


def test_a_last_week_that_the_period_cuts_is_dotted(client: Client, search: PlatformCampaign) -> None:
    html = page(client, "overview", since="2026-01-01", last="2026-05-13")  # ends on a Wednesday
    assert '"data": [null, ' in html
    assert '280.0, 120.0], "isRest": true' in html


@pytest.mark.parametrize(("name", "args"), [("overview", []), ("channels", []), ("channel", ["paid_search"])])
def test_a_page_costs_few_queries(
    client: Client, search: PlatformCampaign, django_assert_max_num_queries: object, name: str, args: list[str]
) -> None:
    page(client, name, *args)
    with django_assert_max_num_queries(MOST_QUERIES):  # type: ignore[operator]
        page(client, name, *args)


def test_a_campaign_costs_few_queries(client: Client, search: PlatformCampaign, django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(MOST_QUERIES):  # type: ignore[operator]
        page(client, "channel_campaign", *campaign_args(search))


def test_the_first_page_after_login_is_small(client: Client, search: PlatformCampaign) -> None:
    assert len(page(client, "overview").encode()) < LARGEST


def test_the_cards_come_from_one_question(client: Client, search: PlatformCampaign) -> None:
    board = client.get(reverse("reporting:overview", args=["nordlicht"])).context["board"]
    cards = kpi_cards.load(board)
    assert cards
    assert [card.metric.key for card in cards["cards"]] == list(Board.cards)
    assert board.series.query.period.days == 30
    assert board.series.query.comparison == board.selection.period.shifted(-30)
    assert board.selection.period.until - timedelta(days=1) == date(2026, 5, 19)
