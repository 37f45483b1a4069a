from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import cards, connecting, plan, restatements, strips
from channels.connectors.base import AccountInfo, CredentialCheck
from channels.models import AdAccount, Connection, Coverage, DailyStat, EntityName, PlatformCampaign, SyncRun
from mops.lib import clock
from mops.lib.period import Period
from tests.channels.builders import a_campaign, a_row, a_workspace, an_account, store
from tests.channels.people import a_browser, a_member, browser_of
from workspaces.models import AuditEvent

MAY_1, MAY_2 = date(2026, 5, 1), date(2026, 5, 2)
MOST_QUERIES = 15
pytestmark = pytest.mark.django_db


def url(name, workspace, *args):
    return reverse(f"channels:{name}", args=[workspace.slug, *args])


def page(name, account, *args, role="owner"):
    return a_browser(account.workspace, role).get(url(name, account.workspace, *args))


def post(name, account, data=None, role="owner"):
    address = url(name, account.workspace, account.connection.uuid)
    return a_browser(account.workspace, role).post(address, data or {}, follow=True)


def covered(account, days, *, through=None, reports=("campaigns", "ads"), final=True):
    """Mark the last `days` days as pulled."""
    last = through or clock.today(account.time_zone) - timedelta(days=1)
    run = SyncRun.objects.create(workspace=account.workspace, account=account, report="campaigns", kind="manual", state="done",
                                 since=last, until=last + timedelta(days=1))  # fmt: skip
    Coverage.objects.bulk_create(
        Coverage(workspace=account.workspace, account=account, report=report, day=last - timedelta(days=n), run=run, rows=1,
                 pulled_at=clock.now(), is_final=final)
        for report in reports for n in range(days)
    )  # fmt: skip


def since(account, days):
    account.backfilled_from = clock.today(account.time_zone) - timedelta(days=days)
    account.save()
    return account


def line_of(account):
    return cards.cards(account.workspace)[0].lines[0]


def test_it_offers_one_button_when_nothing_is_connected():
    workspace = a_workspace()
    response = a_browser(workspace).get(url("connections", workspace))
    assert response.content.decode().count("btn-primary") == 2  # the button and the skip link
    assert url("new", workspace) in response.content.decode()


def test_it_shows_progress_while_a_backfill_is_under_way():
    account = since(an_account(), 90)
    covered(account, 14)
    plan.enqueue(account, SyncRun.Kind.BACKFILL, plan.Period(account.backfilled_from, clock.today(account.time_zone)))
    html = page("connections", account).content.decode()
    assert "14 of 90 days" in html
    assert "every 2s" in html


def test_it_stops_asking_when_nothing_is_open():
    account = since(an_account(), 3)
    covered(account, 3)
    assert "every 2s" not in page("connections", account).content.decode()
    assert line_of(account).look == cards.OK


def test_a_day_counts_only_with_all_its_reports():
    account = since(an_account(), 5)
    covered(account, 5, reports=("campaigns",))
    assert (line_of(account).done, line_of(account).wanted) == (0, 5)


def test_today_does_not_stand_in_for_a_missing_day():
    account = since(an_account(), 5)
    covered(account, 3, through=clock.today(account.time_zone))
    assert line_of(account).done == 2
    assert line_of(account).through == clock.today(account.time_zone)


def test_a_fragment_is_the_cards_alone():
    account = an_account()
    response = a_browser(account.workspace).get(url("connections", account.workspace), headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div class="connections"')


@pytest.mark.parametrize(
    ("state", "button"),
    [
        ("reauth_required", "reconnect"),
        ("error", "test"),
        ("paused", "resume"),
        ("expiring", "reconnect"),
        ("disconnected", "reconnect"),
    ],
)
def test_a_state_in_trouble_has_one_next_step(state, button):
    account = an_account()
    Connection.objects.update(state=state, error_message="The platform said no.")
    html = page("connections", account).content.decode()
    assert url(button, account.workspace, account.connection.uuid) in html
    assert "The platform said no." in html


def test_an_account_without_access_can_be_tried_again():
    account = an_account(error_kind="permission", error_message="No access to this account.")
    html = page("connections", account).content.decode()
    assert "No access to this account." in html
    assert url("retry", account.workspace, account.connection.uuid) in html


def test_a_rate_limit_says_until_when_to_wait():
    account = an_account(blocked_until=clock.now() + timedelta(minutes=20))
    card = cards.cards(account.workspace)[0]
    assert card.lines[0].look == cards.WAITING
    assert card.step.until == account.blocked_until
    assert "Wait until" in page("connections", account).content.decode()


def test_a_pull_that_keeps_breaking_shows_its_message():
    account = since(an_account(), 2)
    plan.backfill(account, account.backfilled_from)
    SyncRun.objects.filter(account=account).update(failures=2, error_kind="transient", error_message="Google answered 503.")
    assert line_of(account).look == cards.TROUBLE
    assert "Google answered 503." in page("connections", account).content.decode()


@pytest.mark.parametrize(("days", "tone"), [(30, ""), (6, "warn"), (1, "bad")])
def test_the_end_of_a_login_is_announced_seven_and_two_days_ahead(days, tone):
    account = an_account()
    Connection.objects.update(expires_at=clock.now() + timedelta(days=days, hours=1))
    assert cards.cards(account.workspace)[0].expiry_tone == tone


def test_a_disconnected_connection_is_no_login_to_renew_elsewhere():
    account = an_account()
    other = an_account()
    assert page("connection", account, other.connection.uuid).status_code == 404


def everything(accounts):
    """A workspace with `accounts` accounts that have a past, runs and campaigns."""
    first = since(an_account(), 40)
    connection = first.connection
    more = [AdAccount.objects.create(workspace=first.workspace, connection=connection, platform="google_ads",
                                     external_id=f"more-{n}",
                                     name=f"Konto {n}", currency="EUR", time_zone="Europe/Berlin", selected=True,
                                     backfilled_from=first.backfilled_from)
            for n in range(accounts - 1)]  # fmt: skip
    for account in [first, *more]:
        store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", spend=Decimal(1))], entities=[a_campaign("c1", "First name")])
        store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", spend=Decimal(2))], entities=[a_campaign("c1", "Second name")])
        covered(account, 20)
        plan.backfill(account, account.backfilled_from)
    return first


PAGES = {
    "connections": lambda account: [],
    "new": lambda account: [],
    "connect": lambda account: ["google_ads"],
    "campaigns": lambda account: [],
    "changes": lambda account: [account.pk],
    "connection": lambda account: [account.connection.uuid],
    "accounts": lambda account: [account.connection.uuid],
    "reconnect": lambda account: [account.connection.uuid],
    "disconnect": lambda account: [account.connection.uuid],
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_few_queries_however_many_accounts_there_are(name):
    counts = []
    for accounts in (1, 6):
        account = everything(accounts)
        browser = a_browser(account.workspace)
        with CaptureQueriesContext(database) as queries:
            assert browser.get(url(name, account.workspace, *PAGES[name](account))).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert max(counts) <= MOST_QUERIES


@pytest.mark.parametrize("name", PAGES)
def test_every_page_speaks_german(name):
    account = everything(1)
    browser = browser_of(a_member(account.workspace, language="de"))
    html = browser.get(url(name, account.workspace, *PAGES[name](account))).content.decode()
    assert '<html lang="de"' in html


def test_a_strip_counts_final_provisional_and_missing_days():
    account = since(an_account(), 40)
    covered(account, 10, final=False)
    strip = strips.strips([account])[0]
    assert (strip.final, strip.provisional, strip.missing) == (0, 10, 30)


def test_it_shows_the_old_and_the_new_number():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, conversions=Decimal(2), spend=Decimal("10"))])
    store(account, MAY_1, MAY_2, [a_row(MAY_1, conversions=Decimal("3.5"), spend=Decimal("10"))])
    html = page("changes", account, account.pk).content.decode()
    assert "2.00" in html
    assert "3.50" in html
    assert "€10" not in html


def test_it_follows_a_number_that_changed_twice():
    account = an_account()
    for clicks in (1, 2, 5):
        store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=clicks)])
    html = page("changes", account, account.pk).content.decode()
    assert html.index("+3") < html.index("+1")


def test_a_day_that_is_not_over_is_no_correction():
    account = an_account(time_zone="America/New_York")
    evening, midnight = datetime(2026, 5, 2, 3, 59, tzinfo=UTC), datetime(2026, 5, 2, 4, 0, tzinfo=UTC)
    for clicks, instant in ((1, evening), (2, midnight), (3, midnight + timedelta(days=1))):
        store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=clicks)], instant)
    found = restatements.changes(account)
    assert [(change.old, change.new) for day in found for change in day.changes] == [(2, 3)]
    assert restatements.count(account) == 1


def test_a_vanished_row_is_named():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", clicks=1), a_row(MAY_1, "c2", clicks=4)])
    store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", clicks=1)])
    assert "no longer reports it" in page("changes", account, account.pk).content.decode()


def test_a_campaign_is_classified_with_its_past():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=1)])
    campaign = PlatformCampaign.objects.get(account=account)
    address = url("classify", account.workspace, campaign.pk)
    a_browser(account.workspace, "marketer").post(address, {"channel": "video"})
    campaign.refresh_from_db()
    assert (campaign.channel, campaign.channel_is_manual) == ("video", True)
    store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=1)])
    campaign.refresh_from_db()
    assert campaign.channel == "video"
    assert AuditEvent.objects.filter(action="platform_campaign.classified").exists()


def test_earlier_names_are_listed():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1)], entities=[a_campaign("c1", "Before")])
    store(account, MAY_1, MAY_2, [a_row(MAY_1)], entities=[a_campaign("c1", "After")])
    html = page("campaigns", account).content.decode()
    assert html.index("After") < html.index("Before")


def test_pull_now_goes_before_everything_else():
    account = since(an_account(), 60)
    plan.hourly()
    plan.backfill(account, account.backfilled_from)
    post("pull", account, role="marketer")
    today = clock.today(account.time_zone)
    first = SyncRun.objects.filter(account=account).order_by("priority").first()
    assert (first.priority, first.until) == (0, today + timedelta(days=1))


def test_a_cancelled_backfill_stays_cancelled_until_it_is_undone():
    account = since(an_account(), 60)
    plan.backfill(account, account.backfilled_from)
    began = account.backfilled_from
    post("cancel_backfill", account)
    plan.nightly()
    assert not SyncRun.objects.filter(account=account, kind="backfill", state="queued").exists()
    assert "Undo" in page("connection", account, account.connection.uuid).content.decode()
    post("continue_backfill", account)
    account.refresh_from_db()
    assert account.backfilled_from == began
    in_line = SyncRun.objects.filter(account=account, state="queued", report="campaigns")  # or as a look-back
    days = {day for run in in_line for day in Period(run.since, run.until)}
    assert days >= set(Period(began, clock.today(account.time_zone)))


def test_filling_asks_only_for_what_is_missing():
    account = since(an_account(), 10)
    covered(account, 4)
    post("fill", account)
    backfill = SyncRun.objects.filter(account=account, kind="backfill")
    assert {(run.since, run.until) for run in backfill} == {(account.backfilled_from, account.backfilled_from + timedelta(days=6))}


def test_pausing_stops_and_resuming_goes_on():
    account = since(an_account(), 3)
    post("pause", account)
    assert plan.hourly() == 0
    post("resume", account)
    assert Connection.objects.get().state == "connected"
    assert SyncRun.objects.filter(account=account, state="queued").exists()


def test_a_connection_is_renamed():
    account = an_account()
    post("rename", account, {"name": "Unser Konto"})
    assert Connection.objects.get().name == "Unser Konto"
    assert AuditEvent.objects.get(action="connection.renamed").details["after"] == "Unser Konto"


def test_choosing_accounts_plans_their_past():
    account = an_account(selected=False)
    start = clock.today("Europe/Berlin") - timedelta(days=45)
    post("accounts", account, {"accounts": [account.pk], "since": start.isoformat()})
    account.refresh_from_db()
    assert (account.selected, account.backfilled_from) == (True, start)
    assert SyncRun.objects.filter(account=account).count() == 6  # (today and yesterday, two slices) x two reports


def test_unticking_an_account_cancels_what_waits_and_keeps_its_numbers():
    account = since(an_account(), 5)
    other = AdAccount.objects.create(workspace=account.workspace, connection=account.connection, platform="google_ads",
                                     external_id="other", name="Other", currency="EUR", time_zone="Europe/Berlin")  # fmt: skip
    store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=1)])
    plan.hourly()
    post("accounts", account, {"accounts": [other.pk], "since": MAY_1.isoformat()})
    assert not SyncRun.objects.filter(account=account, state="queued").exists()
    assert DailyStat.objects.filter(account=account).exists()


def test_an_account_of_another_connection_cannot_be_chosen():
    account, foreign = an_account(), an_account(selected=False)
    post("accounts", account, {"accounts": [foreign.pk], "since": MAY_1.isoformat()})
    foreign.refresh_from_db()
    assert not foreign.selected


def test_another_goal_pulls_the_past_again():
    account = since(an_account(platform="meta", goal="omni_purchase"), 5)
    covered(account, 5)
    values = {"accounts": [account.pk], "since": account.backfilled_from.isoformat(), "goal": "lead"}
    post("accounts", account, values)
    assert SyncRun.objects.filter(account=account, kind="backfill", since=account.backfilled_from).count() == 2


def test_disconnecting_wipes_the_login_and_keeps_the_numbers():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, clicks=1)])
    post("disconnect", account, {"numbers": "keep"})
    connection = Connection.objects.get()
    assert (connection.state, connection.credentials) == ("disconnected", {})
    assert DailyStat.objects.filter(account=account).exists()


def test_deleting_needs_the_name():
    account = an_account()
    post("disconnect", account, {"numbers": "delete", "typed_name": "something else"})
    assert Connection.objects.get().state == "connected"


@pytest.mark.django_db(transaction=True)
def test_deleting_leaves_nothing_behind():
    account = everything(2)
    post("disconnect", account, {"numbers": "delete", "typed_name": account.connection.name})
    for model in (Connection, AdAccount, SyncRun, Coverage, DailyStat, PlatformCampaign, EntityName):
        assert not model.objects.filter(workspace=account.workspace).exists()
    assert AuditEvent.objects.filter(workspace=account.workspace, action="connection.deleted").exists()


def proof(*external_ids):
    found = [AccountInfo(external_id, f"Konto {external_id}", "EUR", "Europe/Berlin") for external_id in external_ids]
    return connecting.Proof({"refresh_token": "new"}, CredentialCheck("somebody", (), None), found)


def test_an_account_of_a_living_connection_stays_there():
    account = an_account()
    user = a_member(account.workspace)
    other = connecting.create(account.workspace, user, "google_ads", "Second", proof(account.external_id, "new"))
    assert [one.external_id for one in other.accounts.all()] == ["new"]


def test_an_account_of_a_disconnected_connection_moves_with_its_numbers():
    account = an_account()
    user = a_member(account.workspace)
    connecting.disconnect(account.connection, user, delete_data=False)
    other = connecting.create(account.workspace, user, "google_ads", "Second", proof(account.external_id))
    account.refresh_from_db()
    assert account.connection == other


def test_a_new_login_must_reach_the_same_accounts():
    account = an_account()
    with pytest.raises(connecting.AccountsMissing, match=account.external_id):
        connecting.reconnect(account.connection, a_member(account.workspace), proof("another"))
    assert account.connection.credentials["refresh_token"] == "sandbox-refresh-token"


ALLOWED = {"owner": 200, "admin": 200, "marketer": 403, "manager": 403, "privacy": 403}


@pytest.mark.parametrize("role", ALLOWED)
def test_only_admins_reach_the_logins(role):
    account = an_account()
    for name in ("accounts", "reconnect", "disconnect"):
        assert page(name, account, account.connection.uuid, role=role).status_code == ALLOWED[role]


@pytest.mark.parametrize(("role", "status"), [("marketer", 200), ("privacy", 200), ("manager", 403)])
def test_looking_needs_a_role_that_may(role, status):
    account = an_account()
    assert page("connections", account, role=role).status_code == status


def test_strangers_find_nothing():
    account = an_account()
    response = a_browser(a_workspace()).get(url("connection", account.workspace, account.connection.uuid))
    assert response.status_code == 404


CHANGES = ("test", "pause", "resume", "rename", "pull", "fill", "retry", "cancel_backfill", "continue_backfill")


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_never_a_get(name):
    account = an_account()
    assert page(name, account, account.connection.uuid).status_code == 405
