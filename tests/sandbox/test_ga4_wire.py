"""The sandbox's Analytics APIs by themselves, through the official client: they refuse what Google refuses."""

from typing import Any

import grpc
import pytest
import requests
from google.analytics.data_v1beta import BetaAnalyticsDataClient, RunReportResponse
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    InvalidArgument,
    MethodNotImplemented,
    Unauthenticated,
)
from google.oauth2.credentials import Credentials

from sandbox.server import Sandbox
from sandbox.tokens import REFRESH_TOKEN

PROPERTY = "properties/355010099"
REPORT: dict[str, Any] = {
    "property": PROPERTY,
    "dimensions": [{"name": "date"}, {"name": "sessionSource"}],
    "metrics": [{"name": "sessions"}, {"name": "purchaseRevenue"}],
    "date_ranges": [{"start_date": "2026-10-01", "end_date": "2026-10-07"}],
}


def access_token(sandbox: Sandbox) -> str:
    grant = sandbox.tokens.find(REFRESH_TOKEN, "google")
    assert grant is not None
    return sandbox.tokens.access(grant)


@pytest.fixture
def client(sandbox: Sandbox) -> BetaAnalyticsDataClient:
    return connect(sandbox, access_token(sandbox))


def connect(sandbox: Sandbox, token: str) -> BetaAnalyticsDataClient:
    return BetaAnalyticsDataClient(credentials=Credentials(token), client_options={"api_endpoint": sandbox.addresses.grpc})


def report(client: BetaAnalyticsDataClient, **changes: Any) -> RunReportResponse:
    return client.run_report(REPORT | changes, timeout=10)


def names(*found: str) -> list[dict[str, str]]:
    return [{"name": name} for name in found]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dimensions": names("campaign")}, "campaign is not a valid dimension"),
        ({"metrics": names("spend")}, "spend is not a valid metric"),
        ({"metrics": []}, "at least one metric"),
        ({"dimensions": names(*["date"] * 10)}, "limited to 9 dimensions"),
        ({"metrics": names(*["sessions"] * 11)}, "limited to 10 metrics"),
        ({"limit": 250_001}, "limit"),
        ({"date_ranges": []}, "date range"),
        ({"date_ranges": [{"start_date": "01.10.2026", "end_date": "today"}]}, "Invalid date"),
        ({"date_ranges": [{"start_date": "today", "end_date": "2026-10-01"}]}, "after the end date"),
        ({"order_bys": [{"dimension": {"dimension_name": "sessionMedium"}}]}, "Cannot order by"),
        ({"property": "355010099"}, "properties/<number>"),
    ],
)
def test_it_refuses_what_google_refuses(client: BetaAnalyticsDataClient, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        report(client, **changes)


def test_a_foreign_property_is_forbidden(client: BetaAnalyticsDataClient) -> None:
    with pytest.raises(Forbidden):
        report(client, property="properties/1")


def test_an_unknown_token_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(Unauthenticated):
        report(connect(sandbox, "ya29.unknown"))


def test_a_token_without_the_scope_is_forbidden(sandbox: Sandbox) -> None:
    token = sandbox.tokens.access(sandbox.tokens.grant("google", ("https://www.googleapis.com/auth/adwords",)))
    with pytest.raises(Forbidden, match="insufficient authentication scopes"):
        report(connect(sandbox, token))


def test_other_methods_are_not_implemented(client: BetaAnalyticsDataClient) -> None:
    with pytest.raises(MethodNotImplemented):
        client.get_metadata(name=f"{PROPERTY}/metadata", timeout=10)


def test_values_are_text_and_dates_have_no_dashes(client: BetaAnalyticsDataClient) -> None:
    answer = report(client)
    assert {row.dimension_values[0].value for row in answer.rows} == {f"2026100{n}" for n in range(1, 8)}
    assert [header.name for header in answer.metric_headers] == ["sessions", "purchaseRevenue"]
    assert (answer.metadata.currency_code, answer.metadata.time_zone) == ("EUR", "Europe/Berlin")


def test_pages_make_up_the_whole(client: BetaAnalyticsDataClient) -> None:
    order = [{"dimension": {"dimension_name": name}} for name in ("date", "sessionSource")]
    whole = report(client, order_bys=order)
    pages = [report(client, order_bys=order, limit=10, offset=at) for at in range(0, whole.row_count, 10)]
    assert [row for page in pages for row in page.rows] == list(whole.rows)
    assert {page.row_count for page in pages} == {len(whole.rows)}


def test_fewer_dimensions_sum_up(client: BetaAnalyticsDataClient) -> None:
    split, total = report(client), report(client, dimensions=[])
    assert sum(int(row.metric_values[0].value) for row in split.rows) == int(total.rows[0].metric_values[0].value)


def test_rows_can_be_ordered_by_a_metric(client: BetaAnalyticsDataClient) -> None:
    answer = report(client, order_bys=[{"metric": {"metric_name": "sessions"}, "desc": True}])
    assert int(answer.rows[0].metric_values[0].value) >= int(answer.rows[1].metric_values[0].value)


def test_each_report_costs_tokens(client: BetaAnalyticsDataClient) -> None:
    first, second = (report(client, return_property_quota=True).property_quota for _ in range(2))
    assert second.tokens_per_day.remaining == first.tokens_per_day.remaining - second.tokens_per_day.consumed


def test_the_admin_api_pages_and_describes_properties(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {access_token(sandbox)}"}
    listed = requests.get(f"{sandbox.addresses.http}/v1beta/accountSummaries", headers=headers, timeout=10).json()
    assert listed["accountSummaries"][0]["propertySummaries"][0]["property"] == PROPERTY
    found = requests.get(f"{sandbox.addresses.http}/v1beta/{PROPERTY}", headers=headers, timeout=10).json()
    assert (found["currencyCode"], found["timeZone"]) == ("EUR", "Europe/Berlin")


@pytest.mark.parametrize(("path", "token", "status"), [("accountSummaries", "", 401), ("properties/1", "good", 403)])
def test_the_admin_api_refuses_like_google(sandbox: Sandbox, path: str, token: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {access_token(sandbox)}"} if token else {}
    answer = requests.get(f"{sandbox.addresses.http}/v1beta/{path}", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_refusals_carry_their_status(client: BetaAnalyticsDataClient) -> None:
    with pytest.raises(GoogleAPICallError) as caught:
        report(client, metrics=names("spend"))
    assert caught.value.grpc_status_code is grpc.StatusCode.INVALID_ARGUMENT
