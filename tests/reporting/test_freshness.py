from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from channels.models import AdAccount, Connection
from mops.lib.period import Period
from reporting.freshness import freshness, spans
from tests.reporting import builders as sample

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def days(first: int, last: int) -> list[date]:
    return [date(2026, 5, day) for day in range(first, last + 1)]


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_data_is_through_the_last_day_before_a_gap():
    shop = sample.workspace()
    google = sample.account(shop)
    sample.covered(google, [*days(1, 20), *days(22, 31)])
    (state,) = freshness(shop, sample.MAY).accounts
    assert (state.data_through, state.missing) == (date(2026, 5, 20), (date(2026, 5, 21),))


def test_an_account_that_was_never_pulled_has_no_data():
    shop = sample.workspace()
    sample.account(shop)
    state = freshness(shop, sample.MAY)
    assert state.data_through is None
    assert len(state.accounts[0].missing) == 31


def test_the_accounts_own_today_is_not_missing_yet():
    shop = sample.workspace()
    sample.account(shop, time_zone="Pacific/Auckland")  # already 2 June there
    (state,) = freshness(shop, Period(date(2026, 6, 1), date(2026, 6, 4))).accounts
    assert state.missing == (date(2026, 6, 1),)


def test_days_that_may_still_change_are_counted():
    shop = sample.workspace()
    google = sample.account(shop)
    sample.covered(google, days(1, 25))
    sample.covered(google, days(26, 31), is_final=False)
    state = freshness(shop, sample.MAY)
    assert (state.provisional_from, state.accounts[0].provisional_days) == (date(2026, 5, 26), 6)


def test_an_account_is_stale_after_26_hours():
    shop = sample.workspace()
    fresh, stale = sample.account(shop), sample.account(shop, "meta")
    for account, hours in ((fresh, 25), (stale, 27)):
        AdAccount.objects.filter(pk=account.pk).update(last_success_at=NOON - timedelta(hours=hours))
        sample.covered(account, days(1, 31))
    assert [(note.code, note.detail) for note in freshness(shop, sample.MAY).notes] == [("stale_account", "Meta Ads · Sample meta")]


def test_a_dead_credential_asks_for_a_person():
    shop = sample.workspace()
    google = sample.account(shop)
    Connection.objects.update(state="reauth_required", error_message="Token revoked")
    sample.covered(google, days(1, 31))
    state = freshness(shop, sample.MAY)
    assert (state.accounts[0].message, [note.code for note in state.notes]) == ("Token revoked", ["reconnect"])


def test_days_are_written_as_spans():
    assert spans([*days(1, 4), *days(9, 9)]) == "2026-05-01 – 2026-05-04, 2026-05-09"
