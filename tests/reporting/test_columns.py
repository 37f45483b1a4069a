"""The columns of a table: chosen, put in order, remembered per person and workspace."""

import pytest
from django.test import Client
from django.urls import reverse

from reporting import columns
from reporting.columns import CAMPAIGNS, CHANNELS, STANDARD
from reporting.kpis import KPIS
from reporting.metric_table import GROUPS
from tests.people import ClientFor, member
from tests.reporting.test_pages import _today, page, search  # noqa: F401  fixtures
from workspaces.models import User, Workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search")]
CHOSEN = ["mer", "spend", "cpm"]


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    return client_for("owner")


def choose(client: Client, place: str = "overview", **data: object) -> str:
    response = client.post(reverse("reporting:columns", args=["nordlicht", place]) + "?period=7d&compare=none", data)
    assert response.status_code == 302
    return str(response["Location"])


def headers(html: str) -> list[str]:
    """The metrics of a table, in their order."""
    return [part.partition('"')[0] for part in html.split('id="sort-')[1:]]


def test_the_standard_table_has_its_three_groups() -> None:
    assert [group.key for group in GROUPS] == ["delivery", "claimed", "own"]
    assert [metric for group in GROUPS for metric in group.metrics] == list(STANDARD)


@pytest.mark.parametrize("key", KPIS)
def test_every_metric_has_an_origin_and_can_be_a_column_of_channels(key: str) -> None:
    assert columns.origin(key) in columns.LABELS
    assert columns.known([key], CHANNELS) == (key,)


def test_neighbours_of_one_origin_share_a_header() -> None:
    groups = columns.groups_of(["spend", "roas", "cpa", "clicks"])
    assert [(group.key, group.metrics) for group in groups] == [
        ("delivery", ("spend",)), ("claimed", ("roas", "cpa")), ("delivery", ("clicks",)),
    ]  # fmt: skip


def test_the_table_shows_the_chosen_columns_in_their_order(client: Client) -> None:
    address = choose(client, column=CHOSEN)
    assert address == reverse("reporting:overview", args=["nordlicht"]) + "?period=7d&compare=none&columns=mer,spend,cpm"
    assert headers(client.get(address).content.decode()) == CHOSEN


def test_they_are_remembered_for_this_person_workspace_and_table(client: Client, client_for: ClientFor) -> None:
    choose(client, column=CHOSEN)
    assert headers(page(client, "channels")) == CHOSEN
    assert headers(page(client, "channel", "paid_search")) == list(STANDARD)
    assert headers(page(client_for("marketer"), "channels")) == list(STANDARD)
    other = Workspace.objects.create(name="Other", slug="other")
    member(other, User.objects.get(email="alice@example.org"), "owner")
    assert b"columns=" not in client.get(reverse("reporting:channels", args=["other"])).content


def test_an_address_carries_them_to_other_people(client: Client, client_for: ClientFor) -> None:
    address = choose(client, column=CHOSEN)
    assert headers(client_for("manager").get(address).content.decode()) == CHOSEN
    assert headers(page(client_for("manager"), "overview")) == list(STANDARD)


def test_the_way_to_a_channel_leaves_them_behind(client: Client) -> None:
    html = page(client, "overview", columns="spend", view="7")
    row = html[html.index("/channels/paid_search/?") :].partition('"')[0]
    assert "columns" not in row
    assert "view" not in row


def test_the_standard_ones_are_forgotten_choices(client: Client, alice: User) -> None:
    choose(client, column=CHOSEN)
    assert "columns" not in choose(client, column=CHOSEN, standard="1")
    choose(client, column=list(STANDARD))
    alice.refresh_from_db()
    assert columns.mine(alice.preferences, alice.memberships.get().workspace_id, CHANNELS) == {}


def test_no_column_at_all_is_refused(client: Client) -> None:
    response = client.post(reverse("reporting:columns", args=["nordlicht", "overview"]), {"column": ["nonsense"]})
    assert "Tick at least one column." in response.content.decode()


def test_campaigns_have_no_plan_and_no_visits_of_their_own(client: Client) -> None:
    html = page(client, "columns", "paid_search")
    assert 'value="spend"' in html
    assert 'value="budget"' not in html
    assert columns.known(["budget", "sessions", "spend", "spend"], CAMPAIGNS) == ("spend",)


def test_a_table_without_spend_is_still_ordered_by_it(client: Client) -> None:
    html = page(client, "channel", "paid_search", columns="clicks,pacing,nonsense")
    assert headers(html) == ["clicks"]
    assert "could not be shown" not in html


def test_an_export_has_the_chosen_columns_first(client: Client) -> None:
    response = client.get(reverse("reporting:export", args=["nordlicht", "overview", "csv"]), {"columns": "cpm,mer"})
    header = b"".join(response.streaming_content).decode().splitlines()[0]  # type: ignore[attr-defined]
    assert header.startswith("channel,cpm,mer,")


def test_every_column_of_the_registry_can_be_drawn_at_once(client: Client) -> None:
    assert headers(page(client, "channels", columns=",".join(KPIS))) == list(KPIS)


def test_the_panel_lists_the_shown_ones_first_and_the_rest_by_origin(client: Client) -> None:
    html = page(client, "columns", "overview", columns="mer,spend")
    shown = html[html.index('id="columns-shown"') : html.index("</ol>")]
    assert [part.partition('"')[0] for part in shown.split('data-column="')[1:]] == ["mer", "spend"]
    assert html.count(" checked") == 2
    assert html.count('name="column"') == len(KPIS)
