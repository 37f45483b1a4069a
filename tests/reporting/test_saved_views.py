"""Saved views: a table's address under a name, private or shared, opened by hand or by itself."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting import saved_views
from reporting.models import SavedView
from tests.people import ClientFor
from tests.reporting.test_columns import headers
from tests.reporting.test_pages import MOST_QUERIES, _today, page, search  # noqa: F401  fixtures
from workspaces.models import Member, User, Workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("search")]
SHOWN = "?period=7d&compare=year&platform=meta&sort=-clicks&columns=clicks,spend"


@pytest.fixture
def client(client_for: ClientFor) -> Client:
    return client_for("owner")


def url(name: str, *args: object) -> str:
    return reverse(f"reporting:{name}", args=["nordlicht", "overview", *args])


def save(client: Client, name: str = "Sample view", query: str = SHOWN, **data: str) -> SavedView:
    response = client.post(url("view_create") + query, {"name": name, **data})
    assert response.status_code == 302, response.content
    return SavedView.objects.get(name=name)


def test_it_keeps_period_comparison_filters_order_and_columns(client: Client) -> None:
    view = save(client)
    assert view.query == "period=7d&compare=year&platform=meta&sort=-clicks&columns=clicks,spend"
    shown = client.get(url("views").replace("views/overview/", "") + saved_views.address(view))
    chosen = shown.context["selection"]
    assert (chosen.preset, chosen.compare, chosen.filters, chosen.sort) == ("7d", "year", {"platform": ("meta",)}, "-clicks")
    assert headers(shown.content.decode()) == ["clicks", "spend"]
    assert shown.context["views"]["current"] == view
    assert not shown.context["views"]["is_changed"]


def test_a_private_view_is_its_makers_alone(client: Client, client_for: ClientFor) -> None:
    view = save(client)
    other = client_for("admin")
    assert "Sample view" not in page(other, "overview")
    for action in ("view_change", "view_default", "view_delete"):
        assert other.post(url(action, view.pk), {"name": "Mine"}).status_code == 404
    assert client.post(url("view_change", view.pk), {"name": "New name"}).status_code == 302
    assert "New name" in page(client, "overview")


def test_a_shared_view_is_everybodys_to_open_and_some_peoples_to_change(client: Client, client_for: ClientFor) -> None:
    view = save(client, is_shared="on")
    reader = client_for("manager")
    assert "Sample view" in page(reader, "overview")
    assert reader.post(url("view_change", view.pk), {"name": "Mine"}).status_code == 403
    assert reader.post(url("view_delete", view.pk)).status_code == 403
    assert client_for("marketer").post(url("view_change", view.pk), {"name": "Ours", "is_shared": "on"}).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Ours", True)


def test_who_may_not_share_saves_for_themselves(client_for: ClientFor) -> None:
    view = save(client_for("privacy"), is_shared="on")
    assert not view.is_shared


def test_a_shared_view_taken_back_belongs_to_who_took_it(client: Client, bob: User, client_for: ClientFor) -> None:
    view = save(client, is_shared="on")
    client_for("marketer").post(url("view_change", view.pk), {"name": "Mine now"})
    view.refresh_from_db()
    assert view.member == Member.objects.get(user=bob)


def test_a_change_on_the_screen_is_seen_and_can_be_saved(client: Client) -> None:
    view = save(client)
    changed = SHOWN.replace("7d", "28d") + f"&view={view.pk}"
    assert client.get(reverse("reporting:overview", args=["nordlicht"]) + changed).context["views"]["is_changed"]
    client.post(url("view_change", view.pk) + changed, {"replace": "1"})
    view.refresh_from_db()
    assert "period=28d" in view.query
    assert f"view={view.pk}" not in view.query


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "SAMPLE VIEW"])
def test_a_name_that_will_not_do_is_refused_and_kept_in_the_form(client: Client, name: str) -> None:
    save(client)
    response = client.post(url("view_create") + SHOWN, {"name": name, "is_shared": ""})
    assert response.status_code == 200
    assert "is-invalid" in response.content.decode()
    assert f'value="{name}"' in response.content.decode() or not name.strip()
    assert SavedView.objects.count() == 1


def test_the_same_name_may_be_private_and_shared(client: Client) -> None:
    save(client)
    assert client.post(url("view_create") + SHOWN, {"name": "Sample view", "is_shared": "on"}).status_code == 302
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.filter(member=None).update(member=SavedView.objects.exclude(member=None).get().member)


def test_there_is_an_end_to_the_number_of_views(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    save(client)
    assert b"There are 1 views already" in client.post(url("view_create") + SHOWN, {"name": "Another"}).content


def test_a_default_view_opens_a_bare_address_until_it_is_none_any_more(client: Client, client_for: ClientFor) -> None:
    view = save(client, is_shared="on")
    client.post(url("view_default", view.pk))
    assert headers(page(client, "overview")) == ["clicks", "spend"]
    assert len(headers(page(client_for("manager"), "overview"))) == 14
    assert "period=28d" in page(client, "overview", period="28d").partition('data-url="')[2].partition('"')[0]
    client.post(url("view_default", view.pk))
    assert len(headers(page(client, "overview"))) == 14


def test_a_deleted_default_leaves_the_standard_page(client: Client) -> None:
    view = save(client)
    client.post(url("view_default", view.pk))
    client.post(url("view_delete", view.pk))
    assert len(headers(page(client, "overview"))) == 14
    assert "No views yet" in page(client, "views", "overview")


def test_a_view_of_one_table_is_none_of_the_other(client: Client) -> None:
    view = save(client)
    assert "Sample view" in page(client, "channels")
    assert "Sample view" not in page(client, "channel", "paid_search")
    address = reverse("reporting:view_delete", args=["nordlicht", "paid_search", view.pk])
    assert client.post(address).status_code == 404


def test_who_leaves_the_workspace_takes_the_private_views_along(client: Client, client_for: ClientFor, bob: User) -> None:
    save(client_for("marketer"), "Private")
    save(client_for("marketer"), "Shared", is_shared="on")
    Member.objects.get(user=bob).delete()
    assert [view.name for view in SavedView.objects.all()] == ["Shared"]


def test_a_view_cannot_belong_to_a_member_of_another_workspace(workspace: Workspace, charlie: User) -> None:
    SavedView.objects.create(workspace=workspace, member=Member.objects.get(user=charlie), table="channels", name="x", query="")
    with pytest.raises(IntegrityError):
        connection.check_constraints()


def test_a_page_with_views_and_a_default_costs_few_queries(client: Client) -> None:
    for number in range(3):
        client.post(url("view_default", save(client, f"Sample {number}").pk))
    with CaptureQueriesContext(connection) as queries:
        page(client, "overview")
    assert len(queries) <= MOST_QUERIES


def test_a_fragment_answers_where_htmx_asks(client: Client) -> None:
    response = client.post(url("view_create") + SHOWN, {"name": "Sample view"}, headers={"HX-Request": "true"})
    assert '"target": "#board"' in response["HX-Location"]
    view = SavedView.objects.get()
    panel = client.post(url("view_delete", view.pk) + SHOWN, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in panel
    assert 'id="views-menu" hx-swap-oob="true"' in panel
    assert "The view is deleted." in panel
