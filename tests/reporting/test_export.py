import csv
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from django.urls import reverse
from django.utils import translation

from reporting.export import file_name, german_csv, raw_csv, workbook
from reporting.query import Query, run
from tests.people import ClientFor
from tests.reporting import builders as sample
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
DAY = date(2026, 5, 4)


def asked(name: str = "Sample", **fields: object) -> Query:
    shop = sample.workspace(slug="muster")
    sample.fact(sample.campaign(sample.account(shop), name=name), DAY, spend=Decimal("1234.5"), clicks=1000, impressions=30_000)
    return Query(shop, sample.MAY, ("spend", "ctr", "cpa"), ("campaign",), **fields)


def read(lines: object, delimiter: str) -> list[list[str]]:
    text = b"".join(lines).decode("utf-8-sig")
    return list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))


def test_raw_csv_has_keys_ids_and_decimal_points():
    query = asked()
    result = run(query)
    header, row = read(raw_csv(query, result), ",")
    assert header == ["campaign_id", "campaign", "spend", "ctr", "cpa", "currency"]
    assert row == [str(result.rows[0].key[0]), "Sample", "1234.5", "0.033333", "", "EUR"]


def test_german_csv_opens_in_german_excel():
    query = asked(comparison=sample.MAY.previous())
    with translation.override("de"):
        content = list(german_csv(query, run(query)))
    assert content[0].startswith(b"\xef\xbb\xbf")
    rows = read(content, ";")
    assert rows[1][1:] == rows[2][1:] == ["1234,5", "0,033333", "", "", "", ""]


def test_german_csv_says_what_it_shows():
    query = asked(filters={"channel": ["paid_search"]})
    rows = dict(row[:2] for row in read(german_csv(query, run(query)), ";"))
    assert rows["Period"] == "2026-05-01 – 2026-05-31"
    assert (rows["Filter"], rows["Currency"], rows["Time zone of orders"]) == ("Channel: Paid Search", "EUR", "Europe/Berlin")


@pytest.mark.parametrize("name", ["=1+1", "+49", "-2", "@SUM(A1)", "\t=1", "\r=1"])
def test_names_cannot_become_formulas(name: str):
    query = asked(name)
    result = run(query)
    assert read(raw_csv(query, result), ",")[1][1] == "'" + name
    sheet = openpyxl.load_workbook(BytesIO(workbook(query, result)))["Numbers"]
    assert sheet["A3"].data_type == "s"
    assert sheet["A3"].value.startswith("'")


def test_the_workbook_has_typed_numbers_and_notes():
    query = asked()
    book = openpyxl.load_workbook(BytesIO(workbook(query, run(query))))
    numbers = book["Numbers"]
    assert [cell.value for cell in numbers[3]] == ["Sample", 1234.5, pytest.approx(1 / 30), None]
    assert (numbers["B3"].number_format, numbers["C3"].number_format) == ("#,##0.00", "0.0%")
    notes = {row[0]: row[1] for row in book["Notes"].iter_rows(values_only=True)}
    assert {"Period", "Comparison", "Currency", "Attribution window", "Time zones of accounts", "Created at"} <= set(notes)


def test_days_are_days_in_the_workbook():
    shop = sample.workspace()
    sample.fact(sample.campaign(sample.account(shop)), DAY, spend=1)
    query = Query(shop, sample.MAY, ("spend",), ("day",))
    sheet = openpyxl.load_workbook(BytesIO(workbook(query, run(query))))["Numbers"]
    assert sheet["A3"].value.date() == date(2026, 5, 1)


def test_the_file_is_named_after_its_period():
    assert file_name(asked(), "csv") == "muster-2026-05-01-2026-05-31.csv"


@pytest.mark.parametrize("chart", ["over-time", "ranking"])
def test_a_chart_gives_the_figures_it_is_drawn_from(chart: str, client_for: ClientFor, workspace: Workspace):
    campaign = sample.campaign(sample.account(workspace))
    sample.fact(campaign, DAY, spend=Decimal("7.5"), clicks=3)
    params = {"since": "2026-05-03", "last": "2026-05-04", "compare": "none", "metric": ["spend", "clicks"]}
    address = reverse("reporting:chart_export", args=["nordlicht", "overview", chart, "csv"])
    response = client_for("owner").get(address, params)
    rows = read(response.streaming_content, ",")
    if chart == "ranking":
        assert rows == [["channel", "spend", "currency"], ["paid_search", "7.5", "EUR"]]
    else:
        assert rows == [["day", "spend", "clicks", "currency"], ["2026-05-03", "", "", "EUR"], ["2026-05-04", "7.5", "3", "EUR"]]
    assert f'"nordlicht-{chart}-2026-05-03-2026-05-04.csv"' in response["Content-Disposition"]


NOWHERE = ["paid_search/ranking/csv", "overview/nonsense/csv", "overview/ranking/pdf", "nonsense/over-time/csv"]


@pytest.mark.parametrize("path", NOWHERE)
def test_there_is_no_other_chart(path: str, client_for: ClientFor):
    assert client_for("owner").get(f"/nordlicht/export/{path}/").status_code == 404
