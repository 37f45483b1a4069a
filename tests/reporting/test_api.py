import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
import schemathesis
import time_machine
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)  # fmt: skip

from mops.wsgi import application
from tests.reporting import builders as sample
from workspaces.models import ApiKey, Workspace

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)
FITS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(autouse=True)
def on_the_first_of_june():
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def shop() -> Workspace:
    shop = sample.workspace(slug="muster")
    for platform in ("google_ads", "meta"):
        sample.fact(sample.campaign(sample.account(shop, platform)), DAY, spend="10.5", clicks=3, conversions=2)
    sample.fact(sample.campaign(sample.account(shop), "display"), DAY, spend=1)
    return shop


def key_of(shop: Workspace, *scopes: str) -> str:
    key = ApiKey.generate()
    ApiKey.objects.create(workspace=shop, name="Sample", scopes=list(scopes), shown=key[:12], key_hash=ApiKey.hash(key))
    return key


def get(shop: Workspace, query: str, *scopes: str) -> Any:
    headers = {"Authorization": f"Bearer {key_of(shop, *(scopes or ('metrics:read',)))}"}
    return Client(headers=headers).get(f"/api/v1/metrics?{query}")


def test_it_answers_with_decimals_as_text(shop: Workspace):
    answer = get(shop, "period=last_month&metrics=spend,ctr,roas&dimensions=channel").json()
    assert answer["period"] == {"since": "2026-05-01", "until": "2026-06-01"}
    first = answer["rows"][0]
    assert first["dimensions"] == {"channel": {"value": "paid_search", "label": "Paid Search"}}
    assert first["metrics"] == {"spend": "21", "ctr": None, "roas": None}
    assert (answer["totals"]["metrics"]["spend"], answer["currency"]) == ("22", "EUR")


def test_claims_of_several_platforms_come_apart(shop: Workspace):
    totals = get(shop, "period=last_month&metrics=conversions").json()["totals"]
    assert totals["metrics"] == {"conversions": None}
    assert {platform: values["conversions"] for platform, values in totals["by_platform"].items()} == {
        "google_ads": "2",
        "meta": "2",
    }
    assert totals["notes"][0]["code"] == "mixed_platforms"


def test_filters_and_comparison_are_parameters(shop: Workspace):
    answer = get(shop, "since=2026-05-04&until=2026-05-05&metrics=spend&filter=channel:display&comparison=previous").json()
    assert answer["totals"]["metrics"] == {"spend": "1"}
    assert answer["comparison"] == {"since": "2026-05-03", "until": "2026-05-04"}


@pytest.mark.parametrize(("query", "field"), [
    ("metrics=cost", "metrics"), ("metrics=", "metrics"), ("period=forever", "period"), ("since=2026-05-04", "until"),
    ("since=2026-05-04&until=2026-05-04", "since"), ("filter=channel", "filter"), ("filter=account:x", "filter"),
    ("filter=ad:99999999999999999999", "filter"), ("dimensions=shoe", "dimensions"), ("order_by=-clicks&metrics=spend", "order_by"),
    ("limit=0", "limit"), ("as_of=yesterday", "as_of"), ("format=pdf", "format"),
])  # fmt: skip
def test_a_wrong_parameter_is_named(shop: Workspace, query: str, field: str):
    response = get(shop, query)
    error = response.json()["error"]
    assert (response.status_code, error["kind"], error["field"]) == (400, "invalid", field)
    assert error["message"]


def test_a_key_needs_the_scope(shop: Workspace):
    assert get(shop, "metrics=spend", "orders:write").status_code == 403
    assert Client().get("/api/v1/metrics").status_code == 401


def test_a_key_opens_its_own_workspace_only(shop: Workspace):
    assert get(sample.workspace(), "period=last_month&metrics=spend").json()["totals"]["metrics"] == {"spend": None}


def test_it_sends_files(shop: Workspace):
    raw = get(shop, "period=last_month&metrics=spend&dimensions=channel&format=csv")
    assert list(csv.reader(StringIO(raw.getvalue().decode())))[1] == ["paid_search", "21", "EUR"]
    assert raw["Content-Disposition"] == 'attachment; filename="muster-2026-05-01-2026-05-31.csv"'
    assert get(shop, "metrics=spend&format=csv_de").getvalue().startswith(b"\xef\xbb\xbf")
    book = openpyxl.load_workbook(BytesIO(get(shop, "metrics=spend&dimensions=day&format=xlsx").content))
    assert book.sheetnames == ["Numbers", "Notes"]


def test_the_number_of_statements_does_not_grow_with_the_data(shop: Workspace):
    key = key_of(shop, "metrics:read")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    url = "/api/v1/metrics?period=91d&metrics=spend,mer,ltv&dimensions=campaign&comparison=previous"
    client.get(url)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        counts.append(len(queries))
        for _account in range(3):
            sample.fact(sample.campaign(sample.account(shop)), DAY, spend=1)
        sample.order(shop, DAY, 10)
    assert counts[0] <= 10
    assert counts[1] <= counts[0] + 2  # own orders exist now: one more statement for each period


@pytest.fixture
def open_connection():
    """The WSGI handler would close the connection that holds the test's transaction; Django's own client does the same."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("open_connection")
def test_any_parameters_get_an_answer_that_fits_the_schema(shop: Workspace):
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema?format=json", application)
    headers = {"Authorization": f"Bearer {key_of(shop, 'metrics:read')}"}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=schema["/api/v1/metrics"]["GET"].as_strategy())
    def ask(case: Any) -> None:
        response = case.call(headers=headers)
        assert response.status_code in (200, 400)
        case.validate_response(response, checks=FITS)

    ask()
