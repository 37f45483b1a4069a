"""The sandbox's Google Ads refuses what the platform refuses, asked by the official client."""

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from google.ads.googleads.client import GoogleAdsClient
from google.ads.googleads.errors import GoogleAdsException
from hypothesis import given
from hypothesis import strategies as st

from channels.connectors.google_ads import session
from sandbox.market import Account
from sandbox.server import Sandbox
from sandbox.wires.gaql import Condition, Query, QueryRefused, parse
from sandbox.wires.gaql_rules import FIELDS, SELECTABLE
from tests.sandbox_fixtures import google_credentials, google_endpoint

OCTOBER = "segments.date BETWEEN '2026-10-01' AND '2026-10-31'"


@pytest.fixture
def account(sandbox: Sandbox) -> Account:
    return next(one for one in sandbox.market.accounts if one.platform == "google_ads" and one.manager_id)


@pytest.fixture
def client(sandbox: Sandbox, account: Account) -> GoogleAdsClient:
    endpoint = google_endpoint(sandbox)
    oauth = session.token(endpoint, google_credentials())
    return GoogleAdsClient(oauth, endpoint=endpoint.api, login_customer_id=account.manager_id, version="v26", use_proto_plus=False)


def stream(client: GoogleAdsClient, customer_id: str, query: str, **options: Any) -> Iterator[Any]:
    request = client.get_type("SearchGoogleAdsStreamRequest")
    request.customer_id, request.query = customer_id, query
    for name, value in options.items():
        setattr(request, name, value)
    service = client.get_service("GoogleAdsService")
    yield from service.search_stream(request=request, timeout=5)


def results(client: GoogleAdsClient, customer_id: str, query: str) -> list[Any]:
    return [row for message in stream(client, customer_id, query) for row in message.results]


def refusal(error: GoogleAdsException) -> str:
    code = error.failure.errors[0].error_code
    kind = type(code).pb(code).WhichOneof("error_code")
    return f"{kind}.{getattr(code, kind).name}"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT campaign.nonsense FROM campaign", "UNRECOGNIZED_FIELD"),
        ("SELECT campaign.id FROM campaigns", "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE"),
        ("SELECT ad_group.id FROM campaign", "PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE"),
        ("SELECT campaign.id FROM campaign WHERE ad_group.id = 1", "PROHIBITED_RESOURCE_TYPE_IN_WHERE_CLAUSE"),
        ("SELECT campaign.id, segments.date FROM campaign", "EXPECTED_FILTERS_ON_DATE_RANGE"),
        (f"SELECT metrics.clicks, segments.conversion_action FROM campaign WHERE {OCTOBER}",
         "PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE"),
        ("SELECT campaign.id, segments.date FROM campaign WHERE segments.date = '2023-01-01'", "DATE_RANGE_TOO_WIDE"),
        ("SELECT segments.date FROM campaign WHERE segments.date = '1.10.2026'", "INVALID_DATE_FORMAT"),
        ("SELECT segments.date FROM campaign WHERE segments.date BETWEEN '2026-10-02' AND '2026-10-01'",
         "INVALID_VALUE_WITH_BETWEEN_OPERATOR"),
        ("SELECT segments.date FROM campaign WHERE segments.date DURING LAST_CENTURY",
         "INVALID_VALUE_WITH_DURING_OPERATOR"),
        ("SELECT campaign.id FROM campaign ORDER BY metrics.clicks", "PROHIBITED_FIELD_IN_ORDER_BY_CLAUSE"),
        ("SELECT campaign.id FROM campaign LIMIT 0", "BAD_LIMIT_VALUE"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id ~ 1", "BAD_SYMBOL"),
        ("SELECT campaign.id FROM campaign WHERE campaign.name = 'x", "STRING_NOT_TERMINATED"),
        ("SELECT campaign.id", "EXPECTED_FROM"),
        ("FROM campaign", "EXPECTED_SELECT"),
        ("SELECT campaign.id FROM", "UNEXPECTED_END_OF_QUERY"),
        ("SELECT campaign.id FROM campaign WHERE campaign.id = 1 campaign.id = 2", "EXPECTED_AND"),
    ],
)  # fmt: skip
def test_it_refuses_queries_as_google_does(client: GoogleAdsClient, account: Account, query: str, code: str) -> None:
    with pytest.raises(GoogleAdsException) as raised:
        results(client, account.external_id, query)
    assert refusal(raised.value) == f"query_error.{code}"


def test_it_has_no_numbers_for_a_manager(client: GoogleAdsClient, account: Account) -> None:
    with pytest.raises(GoogleAdsException) as raised:
        results(client, account.manager_id, f"SELECT metrics.clicks FROM customer WHERE {OCTOBER}")
    assert refusal(raised.value) == "query_error.REQUESTED_METRICS_FOR_MANAGER"


def test_it_refuses_a_summary_without_metrics(client: GoogleAdsClient, account: Account) -> None:
    with pytest.raises(GoogleAdsException) as raised:
        list(stream(client, account.external_id, "SELECT campaign.id FROM campaign", summary_row_setting=3))
    assert refusal(raised.value) == "request_error.CANNOT_RETURN_SUMMARY_ROW_FOR_REQUEST_WITHOUT_METRICS"


def test_it_refuses_a_page_size_and_counts_the_results(client: GoogleAdsClient, account: Account) -> None:
    service = client.get_service("GoogleAdsService")
    request = client.get_type("SearchGoogleAdsRequest")
    request.customer_id, request.query = account.external_id, "SELECT campaign.id FROM campaign"
    request.search_settings.return_total_results_count = True
    page = service.search(request=request, timeout=5)
    assert page.total_results_count == len(list(page)) > 0
    request.page_size = 100
    with pytest.raises(GoogleAdsException) as raised:
        service.search(request=request, timeout=5)
    assert refusal(raised.value) == "request_error.PAGE_SIZE_NOT_SUPPORTED"


def test_it_wants_a_valid_bearer_token(sandbox: Sandbox, account: Account) -> None:
    from google.oauth2.credentials import Credentials

    made_up = GoogleAdsClient(Credentials("made-up"), endpoint=sandbox.addresses.grpc, version="v26", use_proto_plus=False)
    with pytest.raises(GoogleAdsException) as raised:
        results(made_up, account.external_id, "SELECT customer.id FROM customer")
    assert refusal(raised.value) == "authentication_error.OAUTH_TOKEN_EXPIRED"


def test_conversions_by_action_sum_to_all_conversions(client: GoogleAdsClient, account: Account) -> None:
    total = results(client, account.external_id, f"SELECT metrics.conversions FROM customer WHERE {OCTOBER}")
    query = f"SELECT segments.conversion_action_name, metrics.conversions FROM campaign WHERE {OCTOBER}"
    by_action = sum(Decimal(str(row.metrics.conversions)) for row in results(client, account.external_id, query))
    assert by_action == Decimal(str(round(total[0].metrics.conversions, 6))) > 0


def test_it_keeps_entities_without_numbers_when_nothing_is_segmented(client: GoogleAdsClient, account: Account) -> None:
    query = "SELECT campaign.id, metrics.clicks FROM campaign WHERE segments.date = '2026-08-01'"  # before the market
    clicks = [row.metrics.clicks for row in results(client, account.external_id, query)]
    assert clicks == [0] * len(results(client, account.external_id, "SELECT campaign.id FROM campaign"))
    assert results(client, account.external_id, query.replace("clicks", "clicks, segments.date")) == []


def test_it_filters_sorts_and_limits(client: GoogleAdsClient, account: Account) -> None:
    query = (
        f"SELECT campaign.id, metrics.clicks FROM campaign WHERE {OCTOBER} AND metrics.clicks > 0 "
        "AND campaign.advertising_channel_type IN ('SEARCH', 'VIDEO') ORDER BY metrics.clicks DESC LIMIT 3"
    )
    clicks = [row.metrics.clicks for row in results(client, account.external_id, query)]
    assert len(clicks) == 3
    assert clicks == sorted(clicks, reverse=True)


names = st.sampled_from(sorted(FIELDS["campaign"] | FIELDS["metrics"]))
values = st.text(st.characters(codec="utf-8", exclude_characters="'\"\n\r", exclude_categories=["Cs", "Cc"]), min_size=1)
queries = st.builds(
    Query,
    st.lists(names, min_size=1, max_size=4).map(tuple),
    st.sampled_from(sorted(SELECTABLE)),
    st.lists(
        st.one_of(
            st.builds(Condition, names, st.sampled_from(["=", "!=", ">", "<=", "LIKE"]), st.tuples(values)),
            st.builds(Condition, names, st.sampled_from(["IN", "NOT IN"]), st.lists(values, min_size=1).map(tuple)),
            st.builds(Condition, names, st.just("BETWEEN"), st.tuples(values, values)),
        ),
        max_size=3,
    ).map(tuple),
    st.lists(st.tuples(names, st.booleans()), max_size=2).map(tuple),
    st.none() | st.integers(1, 10_000),
)


def written(query: Query) -> str:
    parts = ["SELECT", ", ".join(query.select), "FROM", query.resource]
    if query.where:
        parts += ["WHERE", " AND ".join(_written(condition) for condition in query.where)]
    if query.order_by:
        parts += ["ORDER BY", ", ".join(f"{field} {'DESC' if down else 'ASC'}" for field, down in query.order_by)]
    return " ".join([*parts, f"LIMIT {query.limit}" if query.limit else ""])


def _written(condition: Condition) -> str:
    quoted = [f"'{value}'" for value in condition.values]
    joint = " AND " if condition.operator == "BETWEEN" else ", "
    text = joint.join(quoted)
    return f"{condition.field} {condition.operator} " + (f"({text})" if condition.operator.endswith("IN") else text)


@given(queries)
def test_a_written_query_is_read_as_it_was_meant(query: Query) -> None:
    assert parse(written(query)) == query


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(QueryRefused):
        parse(text)
