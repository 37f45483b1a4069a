from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.core import mail
from django.db import connection as database
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels import connecting, plan, runs, states
from channels.connectors import PLATFORMS
from channels.connectors.base import Batch, ConnectorError, ErrorKind
from channels.connectors.google_ads import session
from channels.models import AdAccount, Connection, Coverage, DailyStat, PlatformCampaign, SyncRun
from channels.swap import LostRun, Pulled, swap
from mops.lib import clock
from mops.lib.period import Period
from sandbox.faults import Fault
from tests.channels.builders import a_campaign, a_row, a_workspace, an_account, store
from tests.channels.people import a_member
from tests.sandbox_fixtures import NOW
from workspaces.models import AuditEvent

pytestmark = pytest.mark.django_db
Kind, State = SyncRun.Kind, SyncRun.State
TODAY = NOW.date()


@pytest.fixture
def account(platforms):
    return connected("google_ads")


@pytest.fixture
def platform_says(platforms):
    """Arm a fault at Google Ads; logins start anew, so that faults of the token server strike too."""

    def arm(fault, **options):
        session.forget()
        platforms.faults.inject("google_ads", fault, **options)

    return arm


def connected(platform, workspace=None):
    """The first account that the sandbox's credential sees, chosen."""
    connection = Connection(workspace=workspace or a_workspace(), platform=platform, name=f"Our {platform}")
    connection.credentials = {"refresh_token": "sandbox-refresh-token", "access_token": "sandbox-system-user-token"}
    connection.save()
    account = states.discover(connection)[0]
    account.selected = True
    account.save()
    return account


def a_run(account, report="campaigns", kind=Kind.MANUAL, days=3, **fields):
    values = {"since": TODAY - timedelta(days=days), "until": TODAY, "run_after": clock.now()} | fields
    return SyncRun.objects.create(workspace=account.workspace, account=account, report=report, kind=kind, **values)


def execute(run):
    runs.execute(run.pk)
    run.refresh_from_db()
    run.account.refresh_from_db()
    run.account.connection.refresh_from_db()
    return run


def wait_over(run):
    """The pause of a queued run is over."""
    SyncRun.objects.filter(pk=run.pk).update(run_after=clock.now())
    AdAccount.objects.filter(pk=run.account_id).update(blocked_until=None)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_pull_stores_what_the_platform_says(platforms, platform):
    account = connected(platform)
    for report in PLATFORMS[platform].reports:
        run = execute(a_run(account, report))
        assert (run.state, str(run.error_message)) == (State.DONE, "")
        assert run.rows == run.inserted > 0
        assert Coverage.objects.filter(account=account, report=report).count() == 3
    assert run.account.last_success_at is not None


def test_an_old_window_does_not_bring_an_old_name_back():
    account = an_account()
    store(account, date(2026, 5, 2), date(2026, 5, 3), [a_row(date(2026, 5, 2))], entities=[a_campaign("c1", "New")])
    store(account, date(2026, 5, 1), date(2026, 5, 2), [a_row(date(2026, 5, 1))], entities=[a_campaign("c1", "Old")])
    assert PlatformCampaign.objects.get().name == "New"
    store(account, date(2026, 5, 2), date(2026, 5, 3), [a_row(date(2026, 5, 2))], entities=[a_campaign("c1", "Newer")])
    assert PlatformCampaign.objects.get().name == "Newer"


def test_a_second_pull_writes_nothing(account):
    execute(a_run(account))
    again = execute(a_run(account))
    assert (again.inserted, again.changed, again.removed) == (0, 0, 0)


def test_a_finished_run_is_not_done_again(account):
    run = execute(a_run(account))
    assert not runs.execute(run.pk)


# Each kind of error has one reaction.


def test_a_dead_login_stops_the_connection_and_the_run_waits(account, platform_says):
    platform_says(Fault.REVOKED_TOKEN)
    run = execute(a_run(account))
    assert (run.state, run.error_kind) == (State.QUEUED, ErrorKind.AUTH)
    assert run.account.connection.state == Connection.State.REAUTH
    assert run.failures == 0
    assert runs.due() == []
    assert runs.claim(run.pk) is None


def test_reconnecting_resumes_what_waited(account, platforms, platform_says):
    platform_says(Fault.REVOKED_TOKEN)
    run = execute(a_run(account))
    platforms.faults.clear()
    connection = run.account.connection
    proof = connecting.prove("google_ads", {"refresh_token": "sandbox-refresh-token"})
    connecting.reconnect(connection, a_member(account.workspace), proof)
    assert run.pk in runs.due()
    assert execute(run).state == State.DONE


def test_everybody_who_can_reconnect_is_told_once_in_their_language(account, django_capture_on_commit_callbacks, platform_says):
    for role, language in (("owner", "de"), ("admin", "en"), ("marketer", "en")):
        a_member(account.workspace, role, language=language)
    platform_says(Fault.REVOKED_TOKEN, times=3)
    with django_capture_on_commit_callbacks(execute=True):
        execute(a_run(account))
        execute(a_run(account, "ads"))
        states.require_reconnect(account.connection, ConnectorError(ErrorKind.AUTH, "again"))
    assert len(mail.outbox) == 2
    assert all(str(account.connection.uuid) in sent.body for sent in mail.outbox)
    assert AuditEvent.objects.filter(action="connection.reauth_required").count() == 1


def test_a_pull_that_began_before_a_reconnect_does_not_undo_it(account):
    stale = Connection.objects.get(pk=account.connection_id)
    fresh = Connection.objects.get(pk=account.connection_id)
    fresh.credentials = {"refresh_token": "sandbox-refresh-token"}
    fresh.save()
    states.require_reconnect(stale, ConnectorError(ErrorKind.AUTH, "the old token is dead"))
    fresh.refresh_from_db()
    assert fresh.state == Connection.State.CONNECTED


def test_an_account_without_permission_stops_alone(account, platform_says):
    other = an_account(account.workspace, external_id="other")
    platform_says(Fault.PERMISSION_DENIED)
    waiting = a_run(account, "ads")
    run = execute(a_run(account))
    assert (run.state, run.error_kind) == (State.FAILED, ErrorKind.PERMISSION)
    assert run.account.error_kind == ErrorKind.PERMISSION
    assert run.account.connection.state == Connection.State.CONNECTED
    other_run = a_run(other)
    assert runs.due() == [other_run.pk]
    assert runs.claim(waiting.pk) is None


def test_trying_again_brings_a_stopped_account_back(account, platform_says):
    platform_says(Fault.PERMISSION_DENIED)
    execute(a_run(account))
    plan.retry(account)
    assert runs.due()


def test_a_rate_limit_blocks_the_account_until_the_platform_says(account, platform_says):
    platform_says(Fault.RATE_LIMITED)
    run = execute(a_run(account))
    assert (run.state, run.error_kind, run.failures) == (State.QUEUED, ErrorKind.RATE_LIMIT, 0)
    assert run.run_after == run.account.blocked_until > clock.now()
    a_run(account, "ads")
    assert runs.due() == []
    wait_over(run)
    assert execute(run).state == State.DONE


def test_waiting_for_quota_never_uses_up_the_attempts(account, platform_says):
    run = a_run(account)
    platform_says(Fault.RATE_LIMITED, times=runs.MAX_ATTEMPTS + 1)
    for _ in range(runs.MAX_ATTEMPTS + 1):
        wait_over(run)
        execute(run)
    platform_says(Fault.TRANSIENT_503)
    wait_over(run)
    assert execute(run).state == State.QUEUED


def test_trouble_at_the_platform_makes_growing_pauses_and_then_fails(account, platform_says):
    run, pauses = a_run(account), []
    platform_says(Fault.TRANSIENT_503, times=runs.MAX_ATTEMPTS)
    for _ in range(runs.MAX_ATTEMPTS - 1):
        wait_over(run)
        execute(run)
        assert run.state == State.QUEUED
        pauses.append((run.run_after - clock.now()).total_seconds())
    wait_over(run)
    assert execute(run).state == State.FAILED
    assert run.finished_at is not None
    expected = [min(30 * 2**n, 3600) for n in range(runs.MAX_ATTEMPTS - 1)]
    assert all(0.65 * wanted < pause <= 1.3 * wanted for pause, wanted in zip(pauses, expected, strict=True))


def test_a_partial_answer_stores_nothing(account, platform_says):
    execute(a_run(account))
    before = list(DailyStat.objects.order_by("day", "campaign_id").values_list("day", "campaign_id", "clicks", "run_id"))
    platform_says(Fault.VANISHED_ROWS)
    run = execute(a_run(account))
    assert (run.state, run.error_kind) == (State.QUEUED, ErrorKind.PARTIAL)
    after = list(DailyStat.objects.order_by("day", "campaign_id").values_list("day", "campaign_id", "clicks", "run_id"))
    assert after == before
    wait_over(run)
    assert execute(run).state == State.DONE


def test_what_the_platform_refuses_for_good_fails_at_once(account, platform_says):
    platform_says(Fault.INVALID_QUERY)
    run = execute(a_run(account))
    assert (run.state, run.error_kind) == (State.FAILED, ErrorKind.INVALID)
    assert run.error_code


def test_a_bug_of_ours_is_logged_and_tried_again(account, monkeypatch):
    run = a_run(account)
    monkeypatch.setattr(PLATFORMS["google_ads"].__class__, "connect", lambda *_: Broken())
    with pytest.raises(ZeroDivisionError):
        runs.execute(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failures) == (State.QUEUED, 1)
    assert "internal error" in run.error_message.said[0].text


class Broken:
    def pull(self, request):
        yield Batch()
        raise ZeroDivisionError


# Claim, lease, fence.


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_claim_at_once_one_gets_the_run():
    run = a_run(an_account())

    def claim(_):
        try:
            return runs.claim(run.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        claimed = [found for found in pool.map(claim, range(50)) if found]
    assert [found.attempt for found in claimed] == [1]


@pytest.mark.django_db(transaction=True)
def test_one_account_pulls_one_window_at_a_time():
    account = an_account()
    waiting = [a_run(account, days=days) for days in range(1, 21)]

    def claim(run):
        try:
            return runs.claim(run.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        assert len([found for found in pool.map(claim, waiting) if found]) == 1


def test_due_names_one_run_for_each_account_the_most_urgent_first():
    account, other = an_account(), an_account()
    a_run(account, kind=Kind.BACKFILL, priority=3, days=30)
    urgent = a_run(account, kind=Kind.MANUAL, priority=0, days=2)
    only = a_run(other, kind=Kind.BACKFILL, priority=3)
    assert sorted(runs.due()) == sorted([urgent.pk, only.pk])


def test_a_worker_that_died_gives_its_run_back():
    run = runs.claim(a_run(an_account()).pk)
    assert runs.sweep() == 0
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert runs.sweep() == 1
    run.refresh_from_db()
    assert (run.state, run.failures, run.lease_until) == (State.QUEUED, 1, None)


def test_a_run_that_keeps_killing_its_worker_is_given_up():
    run = a_run(an_account())
    for _ in range(runs.MAX_ATTEMPTS):
        assert runs.claim(run.pk)
        SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        runs.sweep()
    run.refresh_from_db()
    assert (run.state, run.error_kind) == (State.FAILED, ErrorKind.TRANSIENT)


def test_who_comes_back_late_stores_nothing():
    account = an_account()
    late = runs.claim(a_run(account).pk)
    SyncRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    runs.sweep()
    assert runs.claim(late.pk).attempt == 2
    with pytest.raises(LostRun):
        swap(late, Pulled(clock.now(), [a_row(late.since, clicks=1)]))
    runs._fail(late, ConnectorError(ErrorKind.INVALID, "too late"))
    late.refresh_from_db()
    assert late.state == State.RUNNING
    assert not DailyStat.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_the_lease(monkeypatch):
    monkeypatch.setattr(runs, "HEARTBEAT", 0.05)
    run = runs.claim(a_run(an_account()).pk)
    SyncRun.objects.update(lease_until=timezone.now())
    with runs._heartbeat(run):
        deadline = timezone.now() + timedelta(seconds=5)
        while not SyncRun.objects.filter(lease_until__gt=timezone.now() + timedelta(seconds=20)).exists():
            assert timezone.now() < deadline


@pytest.mark.parametrize("state", ["reauth_required", "paused", "error", "disconnected"])
def test_a_connection_that_cannot_pull_is_not_planned_for(state):
    account = an_account()
    Connection.objects.update(state=state)
    assert (plan.hourly(), plan.nightly()) == (0, 0)
    assert runs.claim(a_run(account).pk) is None


# Windows, in the account's own days.

DST_ENDS = date(2026, 10, 25)  # 25 hours in Berlin
DST_BEGINS = date(2026, 3, 29)  # 23 hours


def at(text):
    return time_machine.travel(datetime.fromisoformat(text).replace(tzinfo=UTC), tick=False)


def windows(account, kind=None):
    found = account.sync_runs.filter(report="campaigns", **({"kind": kind} if kind else {}))
    return sorted(found.values_list("since", "until"))


@pytest.mark.parametrize(
    ("instant", "zone", "today"),
    [
        ("2026-10-24T21:59", "Europe/Berlin", date(2026, 10, 24)),
        ("2026-10-24T22:00", "Europe/Berlin", DST_ENDS),  # summer time: midnight is 22:00 UTC
        ("2026-10-25T22:59", "Europe/Berlin", DST_ENDS),  # the day's 25th hour
        ("2026-10-25T23:00", "Europe/Berlin", date(2026, 10, 26)),
        ("2026-03-28T23:00", "Europe/Berlin", DST_BEGINS),
        ("2026-03-29T21:59", "Europe/Berlin", DST_BEGINS),
        ("2026-03-29T22:00", "Europe/Berlin", date(2026, 3, 30)),  # after 23 hours
        ("2026-11-01T03:59", "America/New_York", date(2026, 10, 31)),
        ("2026-11-01T04:00", "America/New_York", date(2026, 11, 1)),
        ("2026-05-01T12:00", "Pacific/Auckland", date(2026, 5, 2)),
    ],
)
def test_hourly_pulls_today_and_yesterday_of_the_account(instant, zone, today):
    account = an_account(time_zone=zone)
    with at(instant):
        plan.hourly()
    assert windows(account) == [(today - timedelta(days=1), today + timedelta(days=1))]


@pytest.mark.parametrize(("midnight", "hours"), [("2026-10-24T22:07", 25), ("2026-03-28T23:07", 23)])
def test_every_hour_of_a_day_of_the_clock_change_plans_the_same_window(midnight, hours):
    account = an_account()
    for hour in range(hours):
        with time_machine.travel(datetime.fromisoformat(midnight + "+00:00") + timedelta(hours=hour), tick=False):
            plan.hourly()
    assert len(windows(account)) == 1


def test_nightly_repeats_each_look_back_every_so_many_days():
    account = an_account()
    lengths = Counter()
    for day in range(7):
        SyncRun.objects.all().delete()
        with at(f"2026-10-{20 + day}T02:20"):
            plan.nightly()
        found = windows(account)
        assert found[-1][1] == date(2026, 10, 20 + day)
        lengths[(found[-1][1] - found[0][0]).days] += 1
    assert lengths == {30: 6, 90: 1}


def test_nightly_fills_the_days_that_were_missed():
    account = an_account(platform="ga4", backfilled_from=date(2026, 10, 1))
    with at("2026-10-26T02:20"):
        store(account, date(2026, 10, 1), date(2026, 10, 3), [a_row(date(2026, 10, 1))], clock.now())
        store(account, date(2026, 10, 5), date(2026, 10, 26), [a_row(date(2026, 10, 5))], clock.now())
        plan.nightly()
    assert windows(account, Kind.BACKFILL) == [(date(2026, 10, 3), date(2026, 10, 5))]


def test_the_days_of_the_clock_change_are_whole_days():
    account = an_account(platform="ga4")
    with at("2026-10-27T12:00"):
        plan.backfill(account, date(2026, 10, 24))
    assert windows(account, Kind.BACKFILL) == [(date(2026, 10, 24), date(2026, 10, 27))]


def test_backfill_goes_back_in_slices_as_far_as_the_platform_keeps():
    account = an_account(platform="ga4")
    with at("2026-11-20T12:00"):
        plan.backfill(account, date(2000, 1, 1))
    found = windows(account, Kind.BACKFILL)
    assert found[0][0] == date(2026, 11, 20) - timedelta(days=PLATFORMS["ga4"].retention_days - 1)
    assert all(earlier[1] == later[0] for earlier, later in pairwise(found))
    assert max((until - since).days for since, until in found) == 30


def test_backfill_asked_for_twice_plans_once():
    account = an_account()
    with at("2026-11-20T12:00"):
        assert plan.backfill(account, date(2026, 9, 1)) > 0
        assert plan.backfill(account, date(2026, 9, 1)) == 0


def test_the_newest_days_are_pulled_first():
    account = an_account()
    with at("2026-11-20T12:00"):
        plan.backfill(account, date(2026, 8, 1))
        order = []
        while ready := runs.due():
            run = runs.claim(ready[0])
            SyncRun.objects.filter(pk=run.pk).update(state=State.DONE)
            order.append(run.until)
    assert order == sorted(order, reverse=True)
    assert len(order) == SyncRun.objects.count()


def test_a_gap_is_a_day_that_some_report_lacks():
    account = an_account(backfilled_from=date(2026, 10, 24))
    with at("2026-10-27T12:00"):
        store(account, date(2026, 10, 24), date(2026, 10, 27), [a_row(date(2026, 10, 24))], clock.now())
        store(account, date(2026, 10, 24), date(2026, 10, 26), [], clock.now(), report="ads")
        assert plan.gaps(account, date(2026, 10, 27)) == [Period(date(2026, 10, 26), date(2026, 10, 27))]


# Quota.


def test_backfill_leaves_the_last_fifth_of_the_budget_to_the_daily_work():
    account = an_account()
    budget = PLATFORMS["google_ads"].daily_requests
    with at("2026-11-20T12:00"):
        a_run(account, state=State.DONE, days=9, started_at=clock.now(), requests=int(0.8 * budget))
        late = a_run(account, kind=Kind.BACKFILL, days=40, priority=3)
        assert runs.due() == []
        daily = a_run(account, kind=Kind.HOURLY, days=1, priority=1)
        assert runs.due() == [daily.pk]
        SyncRun.objects.filter(pk=daily.pk).delete()
        late.refresh_from_db()
        assert late.run_after == datetime(2026, 11, 21, 0, 10, tzinfo=UTC)
    with at("2026-11-21T00:10"):
        assert runs.due() == [late.pk]


def test_backfill_stops_where_the_platform_says_little_is_left():
    account = an_account(quota={"limit": 100, "remaining": 15})
    with at("2026-11-20T12:00"):
        AdAccount.objects.update(last_success_at=clock.now())
        a_run(account, kind=Kind.BACKFILL)
        assert runs.due() == []


def test_due_asks_few_questions():
    for _ in range(4):
        a_run(an_account(), kind=Kind.HOURLY)
    with CaptureQueriesContext(database) as queries:
        assert len(runs.due()) == 4
    assert len(queries) == 1
