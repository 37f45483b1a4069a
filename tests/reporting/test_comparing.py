"""A comparison period of one's own: in addresses, pages, exports and the API, and what is said where it makes no sense."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from channels.models import AdAccount
from mops.lib.period import Period
from reporting import comparing
from reporting.selection import Selection, read
from tests.people import ClientFor
from tests.reporting import builders as sample
from tests.reporting.test_api import get
from workspaces.models import User, Workspace

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)
APRIL = {"compare": "custom", "compare_since": "2026-04-01", "compare_last": "2026-04-30"}
MAY = {"since": "2026-05-01", "last": "2026-05-19"}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(datetime(2026, 5, 20, 8, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def client(client_for: ClientFor, workspace: Workspace) -> Client:
    """A euro a day in April, two a day in May."""
    campaign = sample.campaign(sample.account(workspace))
    days = Period(date(2026, 4, 1), TODAY)
    sample.facts({"campaign": campaign, "day": day, "spend": 1 if day.month == 4 else 2} for day in days)
    sample.covered(campaign.account, days)
    AdAccount.objects.update(last_success_at=datetime(2026, 5, 20, 3, tzinfo=UTC))
    return client_for("owner")


def page(client: Client, **params: str) -> str:
    response = client.get(reverse("reporting:overview", args=["nordlicht"]), params)
    assert response.status_code == 200
    return response.content.decode()


def selected(**params: str) -> Selection:
    query = QueryDict(mutable=True)
    query.update(params)
    return read(query, {}, TODAY, "Europe/Berlin")


def test_it_compares_with_the_days_that_were_typed(client: Client) -> None:
    html = page(client, **MAY, **APRIL)
    assert "before €30" in html
    assert "+26.7%" in html  # 19 days at 2 against 30 at 1
    assert "1 Apr 2026 – 30 Apr 2026" in html
    assert "19 days are compared with 30: compare ratios, not sums." in html


def test_every_link_of_the_page_carries_it(client: Client) -> None:
    html = page(client, **MAY, **APRIL)
    kept = "compare=custom&amp;compare_since=2026-04-01&amp;compare_last=2026-04-30"
    assert html.count(kept) > 20
    assert f"/export/overview/csv/?since=2026-05-01&amp;last=2026-05-19&amp;{kept}" in html


def test_an_export_has_it_beside_the_period(client: Client) -> None:
    response = client.get(reverse("reporting:export", args=["nordlicht", "overview", "csv"]), MAY | APRIL)
    header, row = b"".join(response.streaming_content).decode().splitlines()[:2]  # type: ignore[attr-defined]
    values = dict(zip(header.split(","), row.split(","), strict=True))
    assert (values["spend"], values["spend_previous"]) == ("38", "30")


def test_german_days_are_read_and_shown(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="de")
    html = page(client, **MAY, compare="custom", compare_since="01.04.2026", compare_last="30.04.2026")
    assert "01.04.2026 – 30.04.2026" in html
    assert "compare_since=2026-04-01" in html


@pytest.mark.parametrize(("since", "last", "field", "says"), [
    ("", "2026-04-30", "compare_since", "Enter the first day of the comparison."),
    ("2026-04-01", "", "compare_last", "Enter the last day of the comparison."),
    ("2026-04-31", "2026-04-30", "compare_since", "“2026-04-31” is no day."),
    ("2026-04-30", "2026-04-01", "compare_last", "The comparison ends before it begins."),
    ("2026-04-30", "2026-05-21", "compare_last", "The comparison must not end after today."),
    ("1999-12-31", "2026-05-01", "compare_since", "The comparison must not begin before 2000."),
    ("2020-01-01", "2026-05-01", "compare_since", "The comparison must not be longer than 1200 days."),
])  # fmt: skip
def test_what_makes_no_sense_is_said_beside_the_field_and_nothing_is_lost(
    client: Client, since: str, last: str, field: str, says: str
) -> None:
    html = page(client, **MAY, compare="custom", compare_since=since, compare_last=last)
    assert says in html
    assert f'value="{since}"' in html
    assert f'value="{last}"' in html
    fixing = html[html.index("comparison-fix") : html.index("</form>", html.index("comparison-fix"))]
    assert f'id="{field}" name="{field}"' in fixing
    assert fixing.count("aria-invalid") == 1
    assert '<input type="hidden" name="since" value="2026-05-01" />' in fixing
    assert "before €" not in html


def test_a_typed_comparison_does_not_become_the_persons_default(client: Client, alice: User) -> None:
    page(client, period="7d", compare="year")
    page(client, **MAY, **APRIL)
    alice.refresh_from_db()
    assert alice.preferences["dashboard"] == {"period": "7d", "compare": "year"}


def test_a_shorter_comparison_is_not_taken_for_an_incomplete_one(client: Client) -> None:
    html = page(client, **MAY, compare="custom", compare_since="2026-04-10", compare_last="2026-04-12")
    assert "The comparison period is not complete" not in html
    assert "before €3" in html


@given(since=st.dates(date(2000, 1, 1), TODAY), last=st.dates(date(2000, 1, 1), TODAY))
def test_an_accepted_comparison_survives_its_own_address(since: date, last: date) -> None:
    chosen = selected(compare="custom", compare_since=since.isoformat(), compare_last=last.isoformat())
    assert chosen.compared
    assert (chosen.comparison is None) == bool(chosen.compared.error)
    again = read(QueryDict(chosen.url.removeprefix("?")), {}, TODAY, "Europe/Berlin")
    assert again == chosen
    if chosen.comparison:
        assert (chosen.comparison.since, chosen.comparison.last) == (since, last)
        assert chosen.comparison.days <= comparing.LONGEST


@pytest.mark.parametrize(("last", "verdict"), [("2026-04-19", True), ("2026-04-10", False)])
def test_a_sum_of_fewer_days_is_no_worse_and_one_of_more_no_better(
    client: Client, workspace: Workspace, last: str, verdict: bool
) -> None:
    sample.order(workspace, date(2026, 4, 1), 60)
    sample.order(workspace, date(2026, 5, 1), 90)
    cards = page(client, **MAY, compare="custom", compare_since="2026-04-01", compare_last=last).partition('class="kpis"')[2]
    revenue = cards[cards.index("Explain Revenue after refunds") : cards.index("Explain MER")]
    assert "+50.0%" in revenue
    assert ("delta-good" in revenue) is verdict


def test_another_comparison_forgets_the_typed_days() -> None:
    assert "compare_since" not in selected(**APRIL).compared_by("previous").url


def test_the_api_takes_it_half_open(client: Client, workspace: Workspace) -> None:
    asked = "since=2026-05-01&until=2026-05-20&metrics=spend"
    answer = get(workspace, f"{asked}&comparison=custom&comparison_since=2026-04-01&comparison_until=2026-05-01").json()
    assert answer["comparison"] == {"since": "2026-04-01", "until": "2026-05-01"}
    assert answer["totals"]["previous"] == {"spend": "30"}


@pytest.mark.parametrize(("query", "field"), [
    ("comparison=custom", "comparison_since"), ("comparison=custom&comparison_since=2026-04-01", "comparison_until"),
    ("comparison_until=2026-04-01", "comparison_since"), ("comparison=custom&comparison_since=x", "comparison_since"),
    ("comparison=custom&comparison_since=2026-04-02&comparison_until=2026-04-02", "comparison_since"),
])  # fmt: skip
def test_the_api_names_what_is_wrong(workspace: Workspace, query: str, field: str) -> None:
    response = get(workspace, f"metrics=spend&{query}")
    assert (response.status_code, response.json()["error"]["field"]) == (400, field)
