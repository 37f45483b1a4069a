"""Meta through the official SDK against the sandbox's wire: what arrives is what the market knows."""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest

from channels.connectors import PLATFORMS
from channels.connectors.base import (
    AccountInfo,
    Batch,
    ConnectorError,
    Credentials,
    Endpoint,
    ErrorKind,
    PullRequest,
    StatRow,
)
from channels.connectors.meta import Meta
from channels.connectors.meta.entities import LEVELS
from channels.connectors.meta.errors import quota, retry_after
from channels.connectors.meta.insights import WINDOWS
from sandbox.faults import APPLIES, Fault
from sandbox.market import AdDay
from sandbox.server import Sandbox
from sandbox.tokens import SYSTEM_USER_TOKEN
from tests.channels.connectors.canary import shown
from tests.channels.connectors.german import told_in_german
from tests.sandbox_fixtures import NOW, meta_credentials, meta_endpoint

SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 8)
DAY = timedelta(days=1)
Key = tuple[date, str, str, str, str]

REFUSALS: Mapping[Fault, tuple[ErrorKind, str]] = {
    Fault.EXPIRED_TOKEN: (ErrorKind.AUTH, "it expired. Reconnect the account"),
    Fault.REVOKED_TOKEN: (ErrorKind.AUTH, "the app was removed by its user. Reconnect the account"),
    Fault.PERMISSION_DENIED: (ErrorKind.PERMISSION, "Give it access in Meta Business settings"),
    Fault.ACCOUNT_DISABLED: (ErrorKind.PERMISSION, "The ad account is disabled"),
    Fault.RATE_LIMITED: (ErrorKind.RATE_LIMIT, "request limit is reached"),
    Fault.DAILY_QUOTA: (ErrorKind.RATE_LIMIT, "request limit is reached"),
    Fault.TRANSIENT_503: (ErrorKind.TRANSIENT, "temporary problem"),
    Fault.INTERNAL_ERROR: (ErrorKind.TRANSIENT, "temporary problem"),
    Fault.TIMEOUT: (ErrorKind.TRANSIENT, "nothing within 1.5 seconds"),
    Fault.HTML_502: (ErrorKind.TRANSIENT, "HTTP status 502"),
    Fault.EMPTY_500: (ErrorKind.TRANSIENT, "HTTP status 500"),
    Fault.ERROR_BODY_200: (ErrorKind.TRANSIENT, "temporary problem"),
    Fault.CUT_PAGE: (ErrorKind.TRANSIENT, "The line to Meta broke"),
    Fault.TRUNCATED_JSON: (ErrorKind.PARTIAL, "breaks off in the middle"),
    Fault.DUPLICATE_ROWS: (ErrorKind.PARTIAL, "the same row twice"),
    Fault.VANISHED_ROWS: (ErrorKind.PARTIAL, "left out rows"),
    Fault.UNSUPPORTED_VERSION: (ErrorKind.INVALID, "Update mops"),
    Fault.INVALID_QUERY: (ErrorKind.INVALID, "not valid for fields"),
}
OVERCOME = {Fault.EMPTY_MIDDLE_PAGE, Fault.TOO_MUCH_DATA, Fault.ASYNC_FAILED}


@pytest.fixture
def connector(sandbox: Sandbox) -> Meta:
    return Meta(meta_endpoint(sandbox), meta_credentials())


@pytest.fixture
def account(connector: Meta) -> AccountInfo:
    """The account in euros."""
    return next(one for one in connector.accounts() if one.currency == "EUR")


def pull(
    connector: Meta,
    account: AccountInfo,
    report: str = "campaigns",
    since: date = SINCE,
    until: date = UNTIL,
    goal: str = "",
) -> list[Batch]:
    goals = {"conversion": goal} if goal else {}
    return list(connector.pull(PullRequest(account, report, since, until, goals)))


def rows(batches: list[Batch]) -> dict[Key, StatRow]:
    found = [row for batch in batches for row in batch.rows]
    keyed = {(row.day, row.campaign_id, row.ad_group_id, row.ad_id, row.attribution_window): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def truth(sandbox: Sandbox, account: AccountInfo, report: str, since: date, until: date) -> dict[Key, StatRow]:
    """The market's own numbers as connector rows."""
    read = sandbox.market.campaign_days if report == "campaigns" else sandbox.market.ad_days
    days = read(account.external_id, since, until - DAY, sandbox.clock.now())
    return {row_key: row for day in days for row_key, row in _expected(day).items()}


def _expected(fact: AdDay) -> dict[Key, StatRow]:
    key = (fact.day, fact.campaign_id, fact.ad_group_id, fact.ad_id)
    claims = {window: tuple(map(_millionths, fact.claims[window])) for window in WINDOWS}
    both = tuple(map(sum, zip(claims["7d_click"], claims["1d_view"], strict=True)))
    delivery = (fact.impressions, fact.clicks, _millionths(fact.spend_micros))
    found = {(*key, "default"): StatRow(*key, "default", *delivery, *both, _millionths(fact.view_through * 10**6), 0, 0)}
    if not any(delivery) and not any(any(pair) for pair in claims.values()):
        return {}
    for window, pair in claims.items():
        if any(pair):
            found[(*key, window)] = StatRow(*key, window, 0, 0, Decimal(0), *pair, Decimal(0), 0, 0)
    return found


def _millionths(value: int) -> Decimal:
    return Decimal(value) / 1_000_000


@pytest.mark.parametrize("report", PLATFORMS["meta"].reports)
@pytest.mark.parametrize(
    ("since", "until"),
    [
        (SINCE, SINCE + DAY),
        (SINCE, UNTIL),
        (date(2026, 10, 18), date(2026, 11, 2)),  # over the end of summer time, in both zones
        (date(2026, 9, 1), NOW.date() + DAY),  # long enough for a report run, and today is not over
    ],
)
def test_it_pulls_what_the_market_knows(sandbox: Sandbox, connector: Meta, report: str, since: date, until: date) -> None:
    for account in connector.accounts():
        found, known = (
            rows(pull(connector, account, report, since, until)),
            truth(sandbox, account, report, since, until),
        )
        assert found == known
        assert sum(row.conversions for row in found.values()) > 0 or len(known) < 20


def test_ads_add_up_to_their_campaigns(connector: Meta, account: AccountInfo) -> None:
    by_campaign, by_ad = (rows(pull(connector, account, report)).values() for report in ("campaigns", "ads"))
    assert sum(row.spend for row in by_campaign) == sum(row.spend for row in by_ad) > 0
    assert sum(row.conversions for row in by_campaign) == sum(row.conversions for row in by_ad)


def test_spend_stands_in_one_window_only(connector: Meta, account: AccountInfo) -> None:
    further = [row for row in rows(pull(connector, account)).values() if row.attribution_window != "default"]
    assert further
    assert {(row.impressions, row.clicks, row.spend) for row in further} == {(0, 0, Decimal(0))}


@pytest.mark.parametrize("goal", ["purchase", "offsite_conversion.fb_pixel_purchase"])
def test_it_counts_one_action_type_and_never_a_sum(connector: Meta, account: AccountInfo, goal: str) -> None:
    assert rows(pull(connector, account, goal=goal)) == rows(pull(connector, account))


def test_another_goal_brings_its_own_conversions(connector: Meta, account: AccountInfo) -> None:
    assert sum(row.conversions for row in rows(pull(connector, account, goal="lead")).values()) == 0


def test_small_pages_bring_the_same_rows(connector: Meta, account: AccountInfo) -> None:
    whole = rows(pull(connector, account, "ads"))
    connector.page_rows = 7
    assert rows(pull(connector, account, "ads")) == whole


def test_it_names_all_there_is(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    found = [entity for batch in pull(connector, account, "ads") for entity in batch.entities]
    known = sandbox.market.entities(account.external_id, NOW)
    assert {entity[:5] for entity in found} == {entity[:5] for entity in known}
    assert {entity.channel for entity in found if entity.level == "campaign"} == {"paid_social"}
    assert {entity.channel for entity in found if entity.level != "campaign"} == {""}


def test_accounts_tell_currency_and_zone(connector: Meta) -> None:
    found = [(one.currency, one.time_zone, one.status) for one in connector.accounts()]
    assert found == [("EUR", "Europe/Berlin", "enabled"), ("USD", "America/New_York", "enabled")]


def test_accounts_come_page_by_page(connector: Meta) -> None:
    whole = connector.accounts()
    connector.page_rows = 1
    assert connector.accounts() == whole


def test_check_tells_whose_token_it_is(connector: Meta) -> None:
    found = connector.check()
    assert found.identity == "Alpenkiste reporting (sample system user)"
    assert (found.scopes, found.expires_at) == (("ads_read",), None)


def test_check_tells_when_a_users_token_ends(sandbox: Sandbox) -> None:
    grant = sandbox.tokens.grant("meta", ("ads_read",))
    assert Meta(meta_endpoint(sandbox), meta_credentials(grant.token)).check().expires_at is not None


def test_check_refuses_a_token_without_the_permission(sandbox: Sandbox) -> None:
    grant = sandbox.tokens.grant("meta", ("public_profile",))
    with pytest.raises(ConnectorError, match="lacks the permission ads_read") as caught:
        Meta(meta_endpoint(sandbox), meta_credentials(grant.token)).check()
    assert caught.value.kind is ErrorKind.PERMISSION


def test_a_revoked_token_needs_a_person(sandbox: Sandbox, connector: Meta) -> None:
    sandbox.tokens.revoke(SYSTEM_USER_TOKEN)
    with pytest.raises(ConnectorError, match="Reconnect the account") as caught:
        connector.check()
    assert caught.value.kind is ErrorKind.AUTH


def test_every_fault_of_meta_is_tried() -> None:
    assert {*REFUSALS, *OVERCOME} == set(APPLIES["meta"])


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_fault_becomes_the_right_error(sandbox: Sandbox, connector: Meta, account: AccountInfo, fault: Fault) -> None:
    kind, words = REFUSALS[fault]
    sandbox.faults.inject("meta", fault, account=account.external_id)
    with pytest.raises(ConnectorError) as caught:
        pull(connector, account)
    assert (caught.value.kind, words in caught.value.message) == (kind, True), caught.value.message
    assert SYSTEM_USER_TOKEN not in shown(caught.value)
    assert "Meta" in told_in_german(caught.value)


@pytest.mark.parametrize(("fault", "wait"), [(Fault.RATE_LIMITED, timedelta(minutes=7)), (Fault.DAILY_QUOTA, timedelta(hours=6))])
def test_it_knows_how_long_to_wait(sandbox: Sandbox, connector: Meta, account: AccountInfo, fault: Fault, wait: timedelta) -> None:
    sandbox.faults.inject("meta", fault)
    with pytest.raises(ConnectorError) as caught:
        pull(connector, account)
    assert caught.value.retry_after == wait


def test_an_empty_page_in_the_middle_loses_nothing(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    connector.page_rows = 10
    sandbox.faults.inject("meta", Fault.EMPTY_MIDDLE_PAGE, times=2, after=1)
    assert rows(pull(connector, account)) == truth(sandbox, account, "campaigns", SINCE, UNTIL)


def test_too_much_data_becomes_a_report_run(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    sandbox.faults.inject("meta", Fault.TOO_MUCH_DATA)
    assert rows(pull(connector, account)) == truth(sandbox, account, "campaigns", SINCE, UNTIL)
    assert any(call.path.startswith("/v26.0/6000") for call in sandbox.requests.calls("meta"))


def test_too_much_data_on_a_later_page_counts_nothing_twice(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    connector.page_rows = 10
    sandbox.faults.inject("meta", Fault.TOO_MUCH_DATA, after=2)
    assert rows(pull(connector, account)) == truth(sandbox, account, "campaigns", SINCE, UNTIL)


def test_a_failed_report_run_is_halved(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    sandbox.faults.inject("meta", Fault.TOO_MUCH_DATA)
    sandbox.faults.inject("meta", Fault.ASYNC_FAILED)
    assert rows(pull(connector, account)) == truth(sandbox, account, "campaigns", SINCE, UNTIL)
    assert [call.rows for call in sandbox.requests.calls("meta") if call.path.endswith("/insights") and call.rows]


def test_a_day_that_cannot_be_computed_is_tried_later(sandbox: Sandbox, connector: Meta, account: AccountInfo) -> None:
    sandbox.faults.inject("meta", Fault.TOO_MUCH_DATA, times=100)
    with pytest.raises(ConnectorError, match="this much data") as caught:
        pull(connector, account)
    assert caught.value.kind is ErrorKind.TRANSIENT


def test_another_currency_than_the_accounts_is_refused(connector: Meta, account: AccountInfo) -> None:
    with pytest.raises(ConnectorError, match="in EUR, not in CHF") as caught:
        pull(connector, account._replace(currency="CHF"))
    assert caught.value.kind is ErrorKind.INVALID


def test_no_token_travels_in_a_url(
    sandbox: Sandbox, connector: Meta, account: AccountInfo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    connector.check()
    pull(connector, account, "ads")
    sandbox.faults.inject("meta", Fault.TOO_MUCH_DATA)
    pull(connector, account)
    assert sandbox.requests.tokens_in_urls == 0
    assert "/v26.0/" in caplog.text
    assert SYSTEM_USER_TOKEN not in caplog.text


def test_a_dead_line_tells_no_token() -> None:
    dead = Meta(Endpoint("http://127.0.0.1:9", "", "", timeout=1.0), meta_credentials("EAAcanary"))
    for call in (dead.check, dead.accounts):
        with pytest.raises(ConnectorError, match="The line to Meta broke") as caught:
            call()
        assert caught.value.kind is ErrorKind.TRANSIENT
        assert "EAAcanary" not in shown(caught.value)


def test_credentials_hide_their_token() -> None:
    assert "EAAcanary" not in repr(Credentials(access_token="EAAcanary", client_secret="EAAcanary"))


def test_quota_is_the_fullest_share() -> None:
    usage = '{"1":[{"call_count":28,"total_cputime":25,"total_time":61,"estimated_time_to_regain_access":0}]}'
    assert quota({"X-Business-Use-Case-Usage": usage}) == {"used": 61.0, "limit": 100.0, "remaining": 39.0}
    assert retry_after({"X-Business-Use-Case-Usage": usage}) is None
    assert quota({"X-Business-Use-Case-Usage": "no json"}) == {}


def test_statuses_are_those_of_the_sdk() -> None:
    from facebook_business.adobjects import ad, adset, campaign

    kinds = {"campaign": campaign.Campaign, "ad_group": adset.AdSet, "ad": ad.Ad}
    for level, kind in kinds.items():
        known = {value for name, value in vars(kind.EffectiveStatus).items() if not name.startswith("_")}
        assert set(LEVELS[level].statuses) == known
