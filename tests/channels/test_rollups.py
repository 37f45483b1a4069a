"""Roll-ups equal the facts, whoever stores what at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase, TransactionTestCase

from channels import connecting, entities, states
from channels.connectors.base import AccountInfo
from channels.facts import MEASURES
from channels.models import AccountDay, AccountMonth, AdAccount, CampaignMonth, ChannelDay, DailyStat, PlatformCampaign
from mops.lib.period import month_start
from tests.channels.builders import a_campaign, a_row, a_workspace, an_account, store
from tests.channels.people import a_member
from workspaces.models import Workspace

FIRST, END = date(2026, 4, 28), date(2026, 5, 4)
KEYS = {
    AccountDay: ("day", "account_id", "channel"),
    AccountMonth: ("month", "account_id", "channel"),
    CampaignMonth: ("month", "account_id", "campaign_id"),
    ChannelDay: ("day", "platform", "channel", "currency"),
}
Sums = dict[tuple[Any, ...], list[Any]]


def facts(workspace: Workspace, keys: tuple[str, ...]) -> Sums:
    found: Sums = {}
    for row in DailyStat.objects.filter(workspace=workspace).select_related("campaign", "account"):
        whole = {"day": row.day, "month": month_start(row.day), "account_id": row.account_id, "campaign_id": row.campaign_id,
                 "channel": row.campaign.channel, "platform": row.account.platform, "currency": row.account.currency}  # fmt: skip
        sums = found.setdefault((*(whole[key] for key in keys), row.attribution_window), [0] * len(MEASURES))
        sums[:] = [total + getattr(row, measure) for total, measure in zip(sums, MEASURES, strict=True)]
    return found


def rolled(workspace: Workspace, model: Any, keys: tuple[str, ...]) -> Sums:
    rows = model.objects.filter(workspace=workspace).values_list(*keys, "attribution_window", *MEASURES)
    return {row[: len(keys) + 1]: list(row[len(keys) + 1 :]) for row in rows}


def assert_rolled_up(workspace: Workspace) -> None:
    for model, keys in KEYS.items():
        assert rolled(workspace, model, keys) == facts(workspace, keys), model.__name__
    days = CampaignMonth.objects.filter(workspace=workspace).aggregate(days=Sum("days"))["days"]
    assert (days or 0) == DailyStat.objects.filter(workspace=workspace).count()


def windows(spends: dict[tuple[int, str], int]) -> list[Any]:
    return [a_row(FIRST + timedelta(day), campaign, spend=Decimal(spend) / 1000, clicks=spend)
            for (day, campaign), spend in spends.items()]  # fmt: skip


def listed(channels: list[str]) -> list[Any]:
    return [a_campaign(f"c{number}", channel=channel) for number, channel in enumerate(channels)]


cells = st.tuples(st.integers(0, (END - FIRST).days - 1), st.sampled_from(["c0", "c1"]))
answers = st.dictionaries(cells, st.integers(1, 9), min_size=1, max_size=6)
kinds = st.lists(st.sampled_from(["paid_search", "display", "video"]), min_size=2, max_size=2)
pulls = st.lists(st.tuples(st.integers(0, 2), answers, kinds), min_size=1, max_size=6)
CURRENCIES = (("google_ads", "EUR"), ("google_ads", "USD"), ("meta", "EUR"))


class TestAnyPullsOfOneWorkspace(TestCase):
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(pulls)
    def test_every_roll_up_equals_the_facts(self, sequence: Any) -> None:
        workspace = a_workspace()
        accounts = [an_account(workspace, platform, currency=currency) for platform, currency in CURRENCIES]
        for number, answer, channels in sequence:
            store(accounts[number], FIRST, END, windows(answer), entities=listed(channels))
        assert_rolled_up(workspace)


class TestPullsAtTheSameTime(TransactionTestCase):
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(answers, answers, kinds), min_size=1, max_size=4))
    def test_two_accounts_of_a_workspace_never_lose_each_others_sums(self, rounds: Any) -> None:
        workspace = a_workspace()
        accounts = [an_account(workspace), an_account(workspace)]
        start = Barrier(len(accounts))

        def pull(account: AdAccount, mine: list[Any], at: int) -> None:
            start.wait(10)
            for hour, (answer, channels) in enumerate(mine):
                moment = datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days=at, hours=hour)
                store(account, FIRST, END, windows(answer), moment, listed(channels))
            connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(pull, accounts[0], [(one, kind) for one, _, kind in rounds], 0)
            second = pool.submit(pull, accounts[1], [(two, kind) for _, two, kind in rounds], 1)
            first.result(30), second.result(30)
        assert_rolled_up(workspace)


@pytest.mark.django_db(transaction=True)
def test_a_swap_waits_for_the_sums_of_another_one() -> None:
    workspace = a_workspace()
    one, two = an_account(workspace), an_account(workspace)

    def pull() -> None:
        store(two, FIRST, END, windows({(0, "c0"): 7}))
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            store(one, FIRST, END, windows({(0, "c0"): 5}))
            other = pool.submit(pull)
            while not waits_for_a_lock():
                assert not other.done()
        other.result(30)
    assert ChannelDay.objects.get(workspace=workspace).clicks == 12
    assert_rolled_up(workspace)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_campaign_classified_by_hand_moves_its_past() -> None:
    account = an_account()
    store(account, FIRST, END, windows({(0, "c0"): 5, (4, "c0"): 6, (4, "c1"): 7}))
    entities.classify(PlatformCampaign.objects.get(account=account, external_id="c0"), "video")
    assert set(AccountMonth.objects.filter(account=account).values_list("channel", "clicks")) == {
        ("video", 5), ("video", 6), ("paid_search", 7),
    }  # fmt: skip
    assert_rolled_up(account.workspace)


@pytest.mark.django_db
def test_a_pull_of_ads_that_moves_a_campaign_moves_its_past() -> None:
    account = an_account()
    store(account, FIRST, END, windows({(0, "c0"): 5}), entities=listed(["display"]))
    ads = [a_row(FIRST, "c0", ad="a1", clicks=5)]
    store(account, FIRST, END, ads, entities=listed(["video"]), report="ads")
    assert ChannelDay.objects.get(workspace=account.workspace).channel == "video"
    assert_rolled_up(account.workspace)


@pytest.mark.django_db
def test_the_days_of_a_deleted_connection_leave_the_channels() -> None:
    workspace = a_workspace()
    stays, goes = an_account(workspace), an_account(workspace)
    for account in (stays, goes):
        store(account, FIRST, END, windows({(0, "c0"): 5}))
    connecting.disconnect(goes.connection, a_member(workspace), delete_data=True)
    assert ChannelDay.objects.get(workspace=workspace).clicks == 5
    assert_rolled_up(workspace)


@pytest.mark.django_db
def test_an_account_that_changed_its_currency_is_summed_under_the_new_one() -> None:
    account = an_account(platform="ga4", currency="EUR")
    store(account, FIRST, END, windows({(0, "c0"): 5}))
    states.list_accounts(account.connection, [AccountInfo(account.external_id, "Konto", "CHF", "Europe/Zurich")])
    assert ChannelDay.objects.get(workspace=account.workspace).currency == "CHF"
