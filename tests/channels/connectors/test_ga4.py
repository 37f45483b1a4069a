"""Google Analytics through the official client against the sandbox's wire: what arrives is what the market knows."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.analytics.data_v1beta.types import ResponseMetaData, RunReportResponse

from channels import taxonomy
from channels.connectors.base import AccountInfo, Batch, ConnectorError, ErrorKind, PullRequest, StatRow
from channels.connectors.ga4 import Ga4
from channels.connectors.ga4.errors import until_midnight
from channels.connectors.ga4.report import CHANNELS, Reading, flags
from sandbox.faults import APPLIES, Fault
from sandbox.market import SessionDay
from sandbox.server import Sandbox
from sandbox.tokens import CLIENT_SECRET, REFRESH_TOKEN
from tests.channels.connectors.canary import shown
from tests.channels.connectors.german import told_in_german
from tests.sandbox_fixtures import NOW, google_credentials, google_endpoint

SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 8)
DAY = timedelta(days=1)
Key = tuple[date, str]

REFUSALS: Mapping[Fault, tuple[ErrorKind, str]] = {
    Fault.EXPIRED_TOKEN: (ErrorKind.AUTH, "Reconnect the account"),
    Fault.REVOKED_TOKEN: (ErrorKind.AUTH, "it was revoked or expired. Reconnect the account"),
    Fault.WRONG_CLIENT: (ErrorKind.AUTH, "client id with this client secret"),
    Fault.TOKEN_503: (ErrorKind.TRANSIENT, "token server"),
    Fault.PERMISSION_DENIED: (ErrorKind.PERMISSION, "Give it the role Viewer"),
    Fault.RATE_LIMITED: (ErrorKind.RATE_LIMIT, "quota at Google Analytics is used up"),
    Fault.DAILY_QUOTA: (ErrorKind.RATE_LIMIT, "tokens per day"),
    Fault.TRANSIENT_503: (ErrorKind.TRANSIENT, "temporary problem (UNAVAILABLE)"),
    Fault.INTERNAL_ERROR: (ErrorKind.TRANSIENT, "temporary problem (INTERNAL)"),
    Fault.TIMEOUT: (ErrorKind.TRANSIENT, "temporary problem (DEADLINE_EXCEEDED)"),
    Fault.CUT_PAGE: (ErrorKind.PARTIAL, "Google Analytics sent"),
    Fault.VANISHED_ROWS: (ErrorKind.PARTIAL, "Google Analytics sent"),
    Fault.DUPLICATE_ROWS: (ErrorKind.PARTIAL, "the same row twice"),
    Fault.INVALID_QUERY: (ErrorKind.INVALID, "not a valid metric"),
}
ATTEMPTS = {Fault.TOKEN_503: 5}  # google-auth itself asks the token server again


@pytest.fixture
def connector(sandbox: Sandbox) -> Ga4:
    return Ga4(google_endpoint(sandbox), google_credentials())


@pytest.fixture
def account(connector: Ga4) -> AccountInfo:
    return connector.accounts()[0]


def pull(connector: Ga4, account: AccountInfo, since: date = SINCE, until: date = UNTIL, goal: str = "") -> list[Batch]:
    goals = {"conversion": goal} if goal else {}
    return list(connector.pull(PullRequest(account, "campaigns", since, until, goals)))


def rows(batches: list[Batch]) -> dict[Key, StatRow]:
    found = [row for batch in batches for row in batch.rows]
    keyed = {(row.day, row.campaign_id): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def truth(sandbox: Sandbox, account: AccountInfo, since: date, until: date) -> dict[Key, StatRow]:
    """The market's own numbers as connector rows."""
    sums: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for fact in sandbox.market.sessions(account.external_id, since, until - DAY, sandbox.clock.now()):
        measures = (fact.key_events, fact.revenue_micros, fact.sessions, fact.engaged_sessions)
        for n, measure in enumerate(measures):
            sums[(fact.day, identity(fact))][n] += measure
    return {
        (day, campaign): StatRow(
            day, campaign, "", "", "default", 0, 0, Decimal(0), Decimal(events) / 10**6, Decimal(revenue) / 10**6,
            Decimal(0), sessions, engaged,
        )
        for (day, campaign), (events, revenue, sessions, engaged) in sums.items()
    }  # fmt: skip


def identity(fact: SessionDay) -> str:
    """Links without an id of the campaign are told apart by its name, unless that is a bracketed placeholder."""
    nameless = fact.campaign_id != "(not set)" or fact.campaign_name.startswith("(")
    return f"{fact.source} / {fact.medium} / {fact.campaign_id if nameless else fact.campaign_name}"


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (SINCE, SINCE + DAY),
        (SINCE, UNTIL),
        (date(2026, 10, 18), date(2026, 11, 2)),  # over the end of summer time
        (date(2026, 9, 1), NOW.date() + DAY),  # today is not over
    ],
)
def test_it_pulls_what_the_market_knows(sandbox: Sandbox, connector: Ga4, account: AccountInfo, since: date, until: date) -> None:
    found = rows(pull(connector, account, since, until))
    assert found == truth(sandbox, account, since, until)
    assert sum(row.sessions for row in found.values()) > 0


def test_small_pages_bring_the_same_rows(connector: Ga4, account: AccountInfo) -> None:
    whole = rows(pull(connector, account))
    connector.page_rows = 17
    batches = pull(connector, account)
    assert len(batches) > 10
    assert rows(batches) == whole


def test_every_row_belongs_to_a_named_campaign_with_a_channel(connector: Ga4, account: AccountInfo) -> None:
    batches = pull(connector, account)
    entities = {entity.external_id: entity for batch in batches for entity in batch.entities}
    assert {row.campaign_id for row in rows(batches).values()} == set(entities)
    paid = next(entity for entity in entities.values() if entity.external_id.startswith("facebook / paid_social / "))
    assert (paid.channel, paid.name.split("_")[1]) == ("paid_social", "Meta")
    assert entities["(direct) / (none) / (not set)"].name == "(direct) / (none)"


def test_every_channel_group_of_the_market_is_known(sandbox: Sandbox, account: AccountInfo) -> None:
    facts = sandbox.market.sessions(account.external_id, SINCE, UNTIL, NOW)
    assert {fact.channel_group for fact in facts} <= set(CHANNELS)


def test_every_channel_it_names_is_one_of_ours() -> None:
    assert set(CHANNELS.values()) <= set(taxonomy.CHANNELS)
    assert CHANNELS["AI Assistant"] == "ai_assistant"


def test_transactions_can_be_the_goal(connector: Ga4, account: AccountInfo) -> None:
    found = rows(pull(connector, account, goal="transactions"))
    assert sum(row.conversions for row in found.values()) > 0
    with pytest.raises(ConnectorError, match="choose one of keyEvents, transactions"):
        pull(connector, account, goal="scroll")


def test_each_answer_tells_the_quota_left(connector: Ga4, account: AccountInfo) -> None:
    quota = pull(connector, account)[0].quota
    assert quota["used"] + quota["remaining"] == quota["limit"] == 200_000
    assert 0 < quota["hour_remaining"] < 40_000


def test_accounts_tell_currency_and_zone(connector: Ga4) -> None:
    assert connector.accounts() == [AccountInfo("355010099", "alpenkiste.example", "EUR", "Europe/Berlin")]


def test_check_tells_whose_login_it_is(connector: Ga4) -> None:
    found = connector.check()
    assert found.identity == "Alpenkiste (sample)"
    assert "https://www.googleapis.com/auth/analytics.readonly" in found.scopes


def test_a_login_without_the_permission_is_refused(sandbox: Sandbox) -> None:
    grant = sandbox.tokens.grant("google", ("https://www.googleapis.com/auth/adwords",))
    with pytest.raises(ConnectorError, match="lacks the permission") as caught:
        Ga4(google_endpoint(sandbox), google_credentials(grant.token)).check()
    assert caught.value.kind is ErrorKind.PERMISSION


def test_a_grant_revoked_between_two_pulls_is_noticed(sandbox: Sandbox, connector: Ga4, account: AccountInfo) -> None:
    sandbox.tokens.revoke(REFRESH_TOKEN)
    with pytest.raises(ConnectorError, match="Reconnect the account") as caught:
        pull(connector, account)
    assert caught.value.kind is ErrorKind.AUTH


def test_every_fault_of_analytics_is_tried() -> None:
    assert set(REFUSALS) == set(APPLIES["ga4"])


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_fault_becomes_the_right_error(sandbox: Sandbox, account: AccountInfo, fault: Fault) -> None:
    kind, words = REFUSALS[fault]
    sandbox.faults.inject("ga4", fault, times=ATTEMPTS.get(fault, 1))
    with pytest.raises(ConnectorError) as caught:
        pull(Ga4(google_endpoint(sandbox), google_credentials()), account)
    assert (caught.value.kind, words in caught.value.message) == (kind, True), caught.value.message
    for secret in (REFRESH_TOKEN, CLIENT_SECRET, "ya29."):
        assert secret not in shown(caught.value)
    assert "Google" in told_in_german(caught.value)


@pytest.mark.parametrize("fault", [Fault.PERMISSION_DENIED, Fault.RATE_LIMITED, Fault.TRANSIENT_503, Fault.TIMEOUT])
def test_the_account_list_fails_the_same_way(sandbox: Sandbox, connector: Ga4, fault: Fault) -> None:
    sandbox.faults.inject("ga4", fault)
    with pytest.raises(ConnectorError) as caught:
        connector.accounts()
    assert caught.value.kind is REFUSALS[fault][0]
    for secret in (REFRESH_TOKEN, CLIENT_SECRET, "ya29."):
        assert secret not in shown(caught.value)


def test_it_waits_as_long_as_google_says(sandbox: Sandbox, connector: Ga4, account: AccountInfo) -> None:
    sandbox.faults.inject("ga4", Fault.RATE_LIMITED)
    with pytest.raises(ConnectorError) as caught:
        pull(connector, account)
    assert caught.value.retry_after == timedelta(seconds=30)


def test_it_waits_for_the_next_quota_day(sandbox: Sandbox, connector: Ga4, account: AccountInfo) -> None:
    sandbox.faults.inject("ga4", Fault.DAILY_QUOTA)
    with pytest.raises(ConnectorError) as caught:
        pull(connector, account)
    assert caught.value.retry_after is not None
    assert timedelta(0) < caught.value.retry_after <= timedelta(hours=25)


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        (datetime(2026, 11, 20, 7, 59, tzinfo=UTC), timedelta(minutes=1)),
        (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), timedelta(hours=24)),
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), timedelta(hours=25)),  # the night clocks go back there
    ],
)
def test_quota_days_begin_at_midnight_pacific(now: datetime, wait: timedelta) -> None:
    assert until_midnight(now) == wait


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"time_zone": "Europe/London"}])
def test_another_currency_or_zone_is_refused(connector: Ga4, account: AccountInfo, change: dict[str, str]) -> None:
    with pytest.raises(ConnectorError, match="Read the account list again") as caught:
        pull(connector, account._replace(**change))
    assert caught.value.kind is ErrorKind.INVALID


def page(labels: list[tuple[str, ...]], total: int) -> Any:
    """A raw answer with one session and half a key event per row."""
    answer = RunReportResponse.pb(RunReportResponse())
    answer.row_count = total
    for each in labels:
        row = answer.rows.add()
        for value in each:
            row.dimension_values.add(value=value)
        for value in ("1", "1", "0.5", "9.99"):
            row.metric_values.add(value=value)
    return answer


def _labels(day: str, source: str = "google") -> tuple[str, ...]:
    return (day, source, "cpc", "7", "name", "Paid Search")


def reading() -> Reading:
    account = AccountInfo("1", "sample", "EUR", "Europe/Berlin")
    return Reading(PullRequest(account, "campaigns", SINCE, UNTIL))


def test_a_campaign_renamed_during_the_day_is_one_row() -> None:
    both = reading()
    first = ("20261001", "google", "cpc", "7", "Old name", "Paid Search")
    second = ("20261001", "google", "cpc", "7", "New name", "Paid Search")
    entities = [*both.batch(page([first], 2)).entities, *both.batch(page([second], 2)).entities]
    (row,) = both.rest().rows
    assert (row.sessions, row.conversions, row.conversions_value) == (2, Decimal(1), Decimal("19.98"))
    assert [entity.name for entity in entities] == ["Old name", "New name"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([_labels(day) for day in ("20261002", "20261001")] + [_labels("20261002", "z")], "out of order"),
        ([_labels("20260930")], "cannot be read"),
        ([_labels("20261001")[:5]], "cannot be read"),
    ],
)
def test_an_answer_that_does_not_fit_is_partial(labels: list[tuple[str, ...]], words: str) -> None:
    with pytest.raises(ConnectorError, match=words) as caught:
        reading().batch(page(labels, len(labels)))
    assert caught.value.kind is ErrorKind.PARTIAL


def test_a_report_that_changes_between_pages_is_partial() -> None:
    changing = reading()
    changing.batch(page([_labels("20261001")], 2))
    with pytest.raises(ConnectorError, match="changed the report"):
        changing.batch(page([_labels("20261001", "bing")], 3))


def test_flags_tell_what_limits_the_numbers() -> None:
    metadata = ResponseMetaData(
        subject_to_thresholding=True,
        data_loss_from_other_row=True,
        sampling_metadatas=[{"samples_read_count": 250, "sampling_space_size": 1_000}],
    )
    assert flags(ResponseMetaData.pb(metadata)) == {"sampled": "25.0%", "thresholded": "yes", "other_row": "yes"}


def test_no_token_is_logged(connector: Ga4, account: AccountInfo, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connector.check()
    pull(connector, account)
    for secret in (REFRESH_TOKEN, CLIENT_SECRET, "ya29."):
        assert secret not in caplog.text
