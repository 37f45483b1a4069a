from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels.connectors.base import ConnectorError, ErrorKind, StatRow
from channels.facts import MEASURES
from channels.models import (
    AccountDay,
    AdDailyStat,
    CampaignMonth,
    Coverage,
    DailyStat,
    DailyStatHistory,
    EntityName,
    PlatformCampaign,
    SyncRun,
)
from channels.swap import LostRun, Pulled, swap
from tests.channels.builders import a_campaign, a_row, a_running_run, a_workspace, an_account, store

MAY_1, MAY_2, MAY_4 = date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 4)
pytestmark = pytest.mark.django_db


def spend(account, day=MAY_1):
    return sum(DailyStat.objects.filter(account=account, day=day).values_list("spend", flat=True))


def test_it_stores_a_window():
    account = an_account()
    outcome = store(account, MAY_1, MAY_4, [a_row(MAY_1, spend=Decimal("12.34")), a_row(MAY_2, spend=Decimal("1"))])
    assert (outcome.inserted, outcome.changed, outcome.removed) == (2, 0, 0)
    assert spend(account) == Decimal("12.34")


def test_it_writes_nothing_when_the_numbers_are_the_same():
    account, rows = an_account(), [a_row(MAY_1, spend=Decimal("12.34"), clicks=3)]
    store(account, MAY_1, MAY_4, rows)
    before = DailyStat.objects.get(account=account).run_id
    outcome = store(account, MAY_1, MAY_4, rows)
    assert (outcome.inserted, outcome.changed, outcome.removed) == (0, 0, 0)
    assert DailyStat.objects.get(account=account).run_id == before
    assert not DailyStatHistory.objects.exists()


def test_it_keeps_the_replaced_version():
    account = an_account()
    first, second = datetime(2026, 5, 2, tzinfo=UTC), datetime(2026, 5, 9, tzinfo=UTC)
    store(account, MAY_1, MAY_2, [a_row(MAY_1, conversions=Decimal(2))], first)
    store(account, MAY_1, MAY_2, [a_row(MAY_1, conversions=Decimal("3.5"))], second)
    old = DailyStatHistory.objects.get(account=account)
    assert (old.conversions, old.observed_at, old.replaced_at) == (Decimal(2), first, second)
    assert DailyStat.objects.get(account=account).conversions == Decimal("3.5")


def test_it_removes_what_vanished_at_the_platform():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", spend=Decimal(5)), a_row(MAY_1, "c2", spend=Decimal(7))])
    outcome = store(account, MAY_1, MAY_2, [a_row(MAY_1, "c1", spend=Decimal(5))])
    assert outcome.removed == 1
    assert spend(account) == Decimal(5)
    assert DailyStatHistory.objects.get(account=account).spend == Decimal(7)


def test_it_leaves_other_days_and_accounts_alone():
    account, other = an_account(), an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))])
    store(other, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(9))])
    store(account, MAY_2, MAY_4, [a_row(MAY_2, spend=Decimal(6))])
    assert (spend(account), spend(account, MAY_2), spend(other)) == (5, 6, 9)


def test_it_refuses_an_empty_answer_for_days_that_had_numbers():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))])
    with pytest.raises(ConnectorError) as refused:
        store(account, MAY_1, MAY_2, [])
    assert refused.value.kind == ErrorKind.PARTIAL
    assert spend(account) == 5


def test_it_covers_a_pulled_day_without_rows_as_zero():
    account = an_account()
    store(account, MAY_1, MAY_4, [a_row(MAY_1, spend=Decimal(5))], datetime(2026, 5, 10, tzinfo=UTC))
    covered = dict(Coverage.objects.filter(account=account).values_list("day", "rows"))
    assert covered == {MAY_1: 1, MAY_2: 0, date(2026, 5, 3): 0}


def test_it_does_not_cover_days_that_have_not_begun():
    account = an_account()
    store(account, MAY_1, MAY_4, [], datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert list(Coverage.objects.filter(account=account).values_list("day", flat=True)) == [MAY_1]


def test_it_marks_a_day_final_only_after_the_platform_stopped_restating():
    account = an_account()
    store(account, MAY_1, MAY_4, [a_row(MAY_1)], datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert dict(Coverage.objects.filter(account=account).values_list("day", "is_final")) == {
        MAY_1: True, MAY_2: False, date(2026, 5, 3): False,
    }  # fmt: skip


def test_a_pull_that_was_fetched_earlier_never_overwrites_a_later_one():
    account = an_account()
    early, late = datetime(2026, 5, 9, 8, tzinfo=UTC), datetime(2026, 5, 9, 9, tzinfo=UTC)
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(6))], late)
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))], early)
    assert spend(account) == 6


def test_an_overtaken_attempt_stores_nothing():
    account = an_account()
    run = a_running_run(account, MAY_1, MAY_2)
    SyncRun.objects.filter(pk=run.pk).update(attempt=2)
    with pytest.raises(LostRun):
        swap(run, Pulled(datetime.now(UTC), [a_row(MAY_1, spend=Decimal(5))], [a_campaign()]))
    assert not DailyStat.objects.exists()


def test_a_row_sent_twice_is_refused_whole():
    account = an_account()
    with pytest.raises(ConnectorError, match="twice"):
        store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5)), a_row(MAY_1, spend=Decimal(5))])
    assert not DailyStat.objects.exists()


def test_a_day_that_was_not_asked_for_is_refused():
    with pytest.raises(ConnectorError, match="not asked for"):
        store(an_account(), MAY_1, MAY_2, [a_row(MAY_2)])


def test_names_are_kept_over_time():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1)], entities=[a_campaign("c1", "Alt")])
    store(account, MAY_1, MAY_2, [a_row(MAY_1)], entities=[a_campaign("c1", "Neu")])
    campaign = PlatformCampaign.objects.get(account=account)
    names = EntityName.objects.filter(level="campaign", entity_id=campaign.pk).order_by("seen_at")
    assert (campaign.name, [name.name for name in names]) == ("Neu", ["Alt", "Neu"])


def test_a_campaign_the_platform_no_longer_lists_keeps_its_numbers():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, "gone", spend=Decimal(4))], entities=[])
    assert PlatformCampaign.objects.get(account=account).status == "removed"
    assert spend(account) == 4


def test_a_reclassified_campaign_moves_its_past_to_the_new_channel():
    account, rows = an_account(), [a_row(MAY_1, spend=Decimal(4))]
    store(account, MAY_1, MAY_2, rows, entities=[a_campaign(channel="display")])
    store(account, MAY_1, MAY_2, rows, entities=[a_campaign(channel="video")])
    assert AccountDay.objects.get(account=account).channel == "video"


def test_ads_are_stored_beside_the_totals_and_never_inside():
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))])
    store(account, MAY_1, MAY_2, [a_row(MAY_1, ad="a1", spend=Decimal(3)), a_row(MAY_1, ad="a2", spend=Decimal(2))], report="ads")
    assert spend(account) == 5
    assert sum(AdDailyStat.objects.filter(account=account).values_list("spend", flat=True)) == 5


def test_a_fact_cannot_point_into_another_workspace():
    account, stranger = an_account(), a_workspace()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))])
    DailyStat.objects.filter(account=account).update(workspace=stranger)
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("model", [DailyStat, AdDailyStat])
def test_a_fact_cannot_point_into_another_account(model):
    account = an_account()
    store(account, MAY_1, MAY_2, [a_row(MAY_1, spend=Decimal(5))])
    store(account, MAY_1, MAY_2, [a_row(MAY_1, ad="a1", spend=Decimal(3))], report="ads")
    model.objects.filter(account=account).update(account=an_account(account.workspace))
    with connection.cursor() as cursor, pytest.raises(IntegrityError):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


keys = st.tuples(st.integers(0, 3), st.sampled_from(["c1", "c2"]), st.sampled_from(["default", "7d_click"]))
answers = st.lists(st.dictionaries(keys, st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1), min_size=1, max_size=5)


def rows_of(answer) -> list[StatRow]:
    return [a_row(MAY_1 + timedelta(days=day), campaign, window, clicks=clicks, spend=Decimal(spent))
            for (day, campaign, window), (clicks, spent) in answer.items()]  # fmt: skip


def as_of(account, instant):
    current = DailyStat.objects.filter(account=account, observed_at__lte=instant)
    earlier = DailyStatHistory.objects.filter(account=account, observed_at__lte=instant, replaced_at__gt=instant)
    fields = ("day", "campaign__external_id", "attribution_window", "clicks", "spend")
    return sorted([*current.values_list(*fields), *earlier.values_list(*fields)])


class TestAnySequenceOfPulls(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(answers)
    def test_each_moment_can_be_read_again_and_rollups_equal_the_facts(self, sequence):
        account = an_account()
        moments = [datetime(2026, 6, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(len(sequence))]
        for moment, answer in zip(moments, sequence, strict=True):
            store(account, MAY_1, date(2026, 5, 5), rows_of(answer), moment)
        for moment, answer in zip(moments, sequence, strict=True):
            expected = sorted((row.day, row.campaign_id, row.attribution_window, row.clicks, row.spend) for row in rows_of(answer))
            assert as_of(account, moment) == expected
        for rollup in (AccountDay, CampaignMonth):
            for measure in MEASURES:
                facts = sum(DailyStat.objects.filter(account=account).values_list(measure, flat=True))
                assert sum(rollup.objects.filter(account=account).values_list(measure, flat=True)) == facts
