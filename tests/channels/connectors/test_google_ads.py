"""Google Ads through the official client against the sandbox's wire: what arrives is what the market knows."""

import traceback
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from channels.connectors.base import AccountInfo, Batch, ConnectorError, EntityRow, ErrorKind, PullRequest, StatRow
from channels.connectors.google_ads import GoogleAds, session
from sandbox.clock import FixedClock
from sandbox.faults import APPLIES, Fault
from sandbox.market import AdDay
from sandbox.server import Sandbox
from sandbox.tokens import CLIENT_SECRET, REFRESH_TOKEN
from tests.channels.connectors.canary import shown
from tests.channels.connectors.german import told_in_german
from tests.sandbox_fixtures import NOW, google_credentials, google_endpoint

SINCE, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
Key = tuple[str, str, str, date]

KINDS: Mapping[Fault, ErrorKind | None] = {
    Fault.EXPIRED_TOKEN: ErrorKind.AUTH,
    Fault.REVOKED_TOKEN: ErrorKind.AUTH,
    Fault.WRONG_CLIENT: ErrorKind.AUTH,
    Fault.TOKEN_503: ErrorKind.TRANSIENT,
    Fault.PERMISSION_DENIED: ErrorKind.PERMISSION,
    Fault.ACCOUNT_DISABLED: ErrorKind.PERMISSION,
    Fault.RATE_LIMITED: ErrorKind.RATE_LIMIT,
    Fault.DAILY_QUOTA: ErrorKind.RATE_LIMIT,
    Fault.TRANSIENT_503: ErrorKind.TRANSIENT,
    Fault.INTERNAL_ERROR: ErrorKind.TRANSIENT,
    Fault.TIMEOUT: ErrorKind.TRANSIENT,
    Fault.CUT_PAGE: ErrorKind.TRANSIENT,
    Fault.DUPLICATE_ROWS: ErrorKind.PARTIAL,
    Fault.VANISHED_ROWS: ErrorKind.PARTIAL,
    Fault.INVALID_QUERY: ErrorKind.INVALID,
    Fault.UNSUPPORTED_VERSION: ErrorKind.INVALID,
    Fault.EMPTY_MIDDLE_PAGE: None,  # legal: the pull is whole
}
ATTEMPTS = {Fault.TOKEN_503: 5}  # google-auth itself asks the token server again


@pytest.fixture
def connector(sandbox: Sandbox) -> GoogleAds:
    return GoogleAds(google_endpoint(sandbox), google_credentials())


@pytest.fixture
def account(connector: GoogleAds) -> AccountInfo:
    """The account in euros, reached through its manager."""
    return next(one for one in connector.accounts() if one.currency == "EUR")


def pull(
    connector: GoogleAds, account: AccountInfo, report: str = "campaigns", since: date = SINCE, until: date = UNTIL
) -> list[Batch]:
    return list(connector.pull(PullRequest(account, report, since, until)))


def rows(batches: list[Batch], window: str = "default") -> dict[Key, StatRow]:
    found = [row for batch in batches for row in batch.rows if row.attribution_window == window]
    return {(row.campaign_id, row.ad_group_id, row.ad_id, row.day): row for row in found}


def entities(batches: list[Batch]) -> list[EntityRow]:
    return [entity for batch in batches for entity in batch.entities]


def millionths(value: int) -> Decimal:
    return Decimal(value) / 1_000_000


def truth(facts: list[AdDay], window: str) -> dict[Key, tuple[Decimal, Decimal]]:
    """Conversions and value of every row that has any."""
    claims = {(one.campaign_id, one.ad_group_id, one.ad_id, one.day): one.claims.get(window, (0, 0)) for one in facts}
    return {key: (millionths(count), millionths(value)) for key, (count, value) in claims.items() if count or value}


def claimed(found: dict[Key, StatRow]) -> dict[Key, tuple[Decimal, Decimal]]:
    pairs = {key: (row.conversions, row.conversions_value) for key, row in found.items()}
    return {key: pair for key, pair in pairs.items() if any(pair)}


def market_days(sandbox: Sandbox, account: AccountInfo, report: str, until: date = UNTIL) -> list[AdDay]:
    source = sandbox.market.campaign_days if report == "campaigns" else sandbox.market.ad_days
    return source(account.external_id, SINCE, until - timedelta(days=1), sandbox.clock.now())


def test_it_lists_accounts_with_their_manager_and_no_managers(connector: GoogleAds, sandbox: Sandbox) -> None:
    known = [one for one in sandbox.market.accounts if one.platform == "google_ads"]
    (manager,) = [one.external_id for one in known if one.is_manager]
    expected = [
        AccountInfo(one.external_id, one.name, one.currency, one.time_zone, manager)
        for one in sorted(known, key=lambda one: one.external_id)
        if not one.is_manager
    ]
    assert connector.accounts() == expected


def test_a_closed_account_in_the_list_is_left_out(connector: GoogleAds, sandbox: Sandbox) -> None:
    sandbox.faults.inject("google_ads", Fault.ACCOUNT_DISABLED)
    assert connector.accounts() == []
    assert len(connector.accounts()) == 2


def test_it_proves_the_credential_with_one_call(connector: GoogleAds, sandbox: Sandbox) -> None:
    check = connector.check()
    assert check.scopes == ("https://www.googleapis.com/auth/adwords",)
    assert check.expires_at is None
    assert [call.platform for call in sandbox.requests.calls()] == ["google", "google_ads"]


@pytest.mark.parametrize("report", ["campaigns", "ads"])
def test_it_delivers_what_the_market_knows(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox, report: str) -> None:
    batches, facts = pull(connector, account, report), market_days(sandbox, account, report)
    found = rows(batches)
    spend = {key: row.spend for key, row in found.items() if row.spend}
    keys = {(one.campaign_id, one.ad_group_id, one.ad_id, one.day): one for one in facts}
    assert spend == {key: millionths(one.spend_micros) for key, one in keys.items() if one.spend_micros}
    assert sum(row.clicks for row in found.values()) == sum(one.clicks for one in facts) > 0
    assert sum(row.impressions for row in found.values()) == sum(one.impressions for one in facts) > 0
    assert sum(row.view_through_conversions for row in found.values()) == sum(one.view_through for one in facts)
    assert claimed(found) == truth(facts, "default") != {}
    assert claimed(rows(batches, "conversion_date")) == truth(facts, "conversion_date") != {}


def test_it_carries_delivery_only_in_the_default_window(connector: GoogleAds, account: AccountInfo) -> None:
    dated_by_conversion = rows(pull(connector, account), "conversion_date").values()
    assert {(row.spend, row.clicks, row.impressions) for row in dated_by_conversion} == {(Decimal(0), 0, 0)}


def test_it_gives_the_same_rows_in_one_window_or_in_two(connector: GoogleAds, account: AccountInfo) -> None:
    middle = date(2026, 10, 11)
    halves = pull(connector, account, until=middle) + pull(connector, account, since=middle)
    assert rows(halves) == rows(pull(connector, account))


def test_it_sees_past_days_grow_with_late_conversions(
    connector: GoogleAds, account: AccountInfo, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "clock", FixedClock(datetime(2026, 11, 2, 6, tzinfo=UTC)))
    early = sum(row.conversions for row in rows(pull(connector, account)).values())
    monkeypatch.setattr(sandbox, "clock", FixedClock(NOW))
    late = pull(connector, account)
    assert sum(row.conversions for row in rows(late).values()) > early
    assert claimed(rows(late)) == truth(market_days(sandbox, account, "campaigns"), "default")


def test_it_names_campaigns_that_have_no_rows_in_the_window(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    batches = pull(connector, account, since=date(2026, 8, 1), until=date(2026, 8, 2))  # before the market began
    known = sandbox.market.entities(account.external_id, sandbox.clock.now())
    assert rows(batches) == {}
    assert {one.external_id: (one.name, one.status) for one in entities(batches)} == {
        one.external_id: (one.name, one.status) for one in known if one.level == "campaign"
    }
    assert {one.channel for one in entities(batches)} == {
        one.channel for one in sandbox.market.campaigns if one.account_id == account.external_id
    }


def test_it_names_ad_groups_and_ads_under_their_parents(connector: GoogleAds, account: AccountInfo) -> None:
    found = entities(pull(connector, account, "ads"))
    by_level = {level: {one.external_id for one in found if one.level == level} for level in ("campaign", "ad_group")}
    assert {one.parent_id for one in found if one.level == "ad"} == by_level["ad_group"]
    assert {one.parent_id for one in found if one.level == "ad_group"} == by_level["campaign"]
    assert len(found) == len({(one.level, one.external_id) for one in found})


def test_it_counts_operations_as_google_does(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    sandbox.requests.clear()
    batches = pull(connector, account)
    assert sum(batch.requests for batch in batches) == sandbox.requests.counts["google_ads"] == 2


def test_it_asks_nothing_for_an_empty_window(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    sandbox.requests.clear()
    assert pull(connector, account, until=SINCE) == []
    assert sandbox.requests.calls() == []


def test_it_renews_the_token_once_for_many_pulls(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    for _ in range(3):
        pull(connector, account)
    assert sandbox.requests.counts["google"] == 1


def test_every_fault_of_the_platform_has_an_expected_kind() -> None:
    assert set(KINDS) == set(APPLIES["google_ads"])


@pytest.mark.parametrize("fault", APPLIES["google_ads"])
def test_it_reports_every_fault_as_its_kind_and_recovers(
    connector: GoogleAds, account: AccountInfo, sandbox: Sandbox, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    whole = rows(pull(connector, account))
    session.forget()
    sandbox.faults.inject("google_ads", fault, times=ATTEMPTS.get(fault, 1))
    expected = KINDS[fault]
    if expected is not None:
        with caplog.at_level("DEBUG"), pytest.raises(ConnectorError) as raised:
            pull(connector, account)
        assert raised.value.kind is expected
        assert_no_secret(raised.value, caplog.text)
        assert "Google" in told_in_german(raised.value)
    else:
        assert rows(pull(connector, account)) == whole
    sandbox.faults.clear()
    assert rows(pull(connector, account)) == whole


def assert_no_secret(error: ConnectorError, logged: str) -> None:
    for text in (shown(error), logged, *traceback.format_exception(error)):
        for secret in (REFRESH_TOKEN, CLIENT_SECRET, "ya29."):
            assert secret not in text


@pytest.mark.parametrize(("fault", "wait"), [(Fault.RATE_LIMITED, timedelta(seconds=30)), (Fault.DAILY_QUOTA, timedelta(hours=6))])
def test_it_passes_on_how_long_google_asks_to_wait(
    connector: GoogleAds, account: AccountInfo, sandbox: Sandbox, fault: Fault, wait: timedelta
) -> None:
    sandbox.faults.inject("google_ads", fault)
    with pytest.raises(ConnectorError) as raised:
        pull(connector, account)
    assert raised.value.retry_after == wait


def test_it_tells_which_code_google_gave(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    sandbox.faults.inject("google_ads", Fault.ACCOUNT_DISABLED)
    with pytest.raises(ConnectorError) as raised:
        pull(connector, account)
    assert raised.value.code == "authorization_error.CUSTOMER_NOT_ENABLED"


def test_a_fault_of_one_account_leaves_the_others_alone(connector: GoogleAds, sandbox: Sandbox) -> None:
    first, second = connector.accounts()
    sandbox.faults.inject("google_ads", Fault.TRANSIENT_503, account=first.external_id, times=9)
    assert rows(pull(connector, second))
    with pytest.raises(ConnectorError):
        pull(connector, first)


def test_a_cut_stream_has_given_rows_and_still_fails(connector: GoogleAds, account: AccountInfo, sandbox: Sandbox) -> None:
    sandbox.faults.inject("google_ads", Fault.CUT_PAGE)
    given: list[Batch] = []
    with pytest.raises(ConnectorError):
        given.extend(connector.pull(PullRequest(account, "campaigns", SINCE, UNTIL)))  # keeps what came before the error
    assert rows(given)


def test_a_grant_revoked_between_pulls_needs_a_person_and_asks_the_token_server_once(
    connector: GoogleAds, account: AccountInfo, sandbox: Sandbox
) -> None:
    pull(connector, account)
    sandbox.tokens.revoke(REFRESH_TOKEN)
    sandbox.requests.clear()
    for _ in range(2):
        with pytest.raises(ConnectorError) as raised:
            pull(connector, account)
        assert raised.value.kind is ErrorKind.AUTH
    assert sandbox.requests.counts["google"] == 1


def test_the_test_button_tells_a_dead_token_from_a_wrong_client(connector: GoogleAds, sandbox: Sandbox) -> None:
    for fault, code in ((Fault.REVOKED_TOKEN, "invalid_grant"), (Fault.WRONG_CLIENT, "invalid_client")):
        sandbox.faults.inject("google_ads", fault)
        with pytest.raises(ConnectorError) as raised:
            connector.check()
        assert (raised.value.kind, raised.value.code) == (ErrorKind.AUTH, code)


def test_a_grant_without_the_scope_is_a_missing_permission(sandbox: Sandbox) -> None:
    grant = sandbox.tokens.grant("google", ("https://www.googleapis.com/auth/analytics.readonly",))
    with pytest.raises(ConnectorError) as raised:
        GoogleAds(google_endpoint(sandbox), google_credentials(grant.token)).check()
    assert (raised.value.kind, raised.value.code) == (ErrorKind.PERMISSION, "missing_scope")


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"manager_id": ""}, ErrorKind.PERMISSION, "authorization_error.USER_PERMISSION_DENIED"),
        ({"external_id": "1234567890"}, ErrorKind.PERMISSION, "authorization_error.USER_PERMISSION_DENIED"),
        (
            {"manager_id": "1234567890"},
            ErrorKind.PERMISSION,
            "authorization_error.INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION",
        ),
    ],
)
def test_an_account_out_of_reach_is_a_permission(
    connector: GoogleAds, account: AccountInfo, changes: dict[str, str], kind: ErrorKind, code: str
) -> None:
    with pytest.raises(ConnectorError) as raised:
        pull(connector, account._replace(**changes))
    assert (raised.value.kind, raised.value.code) == (kind, code)


def test_a_manager_has_no_numbers(connector: GoogleAds, account: AccountInfo) -> None:
    with pytest.raises(ConnectorError) as raised:
        pull(connector, account._replace(external_id=account.manager_id))
    assert raised.value.code == "query_error.REQUESTED_METRICS_FOR_MANAGER"


def test_days_older_than_google_keeps_are_refused(connector: GoogleAds, account: AccountInfo) -> None:
    with pytest.raises(ConnectorError) as raised:
        pull(connector, account, since=date(2023, 1, 1), until=date(2023, 2, 1))
    assert raised.value.kind is ErrorKind.INVALID
