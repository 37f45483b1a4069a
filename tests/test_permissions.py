"""Who may do what, over every route × method × person, and nothing of one workspace in another.

The expectation is tests/routes.py and the permission matrix; a route missing there fails.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.estate import VALUES, Estate
from tests.people import ClientFor
from tests.routes import ROUTES, Keyed, Login, Page, Public
from workspaces import api_keys
from workspaces.models import ApiKey, Role, User, Workspace
from workspaces.permissions import allows

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
DONE = {200, 201, 202, 204, 302, 303, 400, 409, 422}  # let in; an empty form may still be refused as a form
PAGES = {name: route for name, route in ROUTES.items() if isinstance(route, Page)}
OF_ONE_OBJECT = {name: route for name, route in PAGES.items() if route.target not in VALUES}


def all_routes(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[str]:
    """The names of all routes; a route without a name by its pattern."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from all_routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            yield namespace + (entry.name or str(entry.pattern))


def call(client: Client, method: str, url: str, data: Mapping[str, str] = MappingProxyType({})) -> HttpResponse:
    """One request whose writes are undone, so that the next person meets the same objects."""
    with transaction.atomic():
        response: HttpResponse = client.generic(method, url, urlencode(data), "application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return response


def address(name: str, workspace: Workspace, estate: Estate) -> str:
    return reverse(name, kwargs={"workspace": workspace.slug, **estate.kwargs(PAGES[name].target)})


@pytest.fixture
def estate(workspace: Workspace) -> Estate:
    return Estate(workspace, "nordlicht")


@pytest.fixture
def strangers(other_workspace: Workspace) -> Estate:
    return Estate(other_workspace, "zikade")


def test_every_route_is_listed() -> None:
    assert sorted(set(all_routes())) == sorted(ROUTES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_everybody_for_the_permission(name: str, client_for: ClientFor, workspace: Workspace, estate: Estate) -> None:
    page, url = PAGES[name], address(name, workspace, estate)
    for who in ("anonymous", "stranger", *Role):
        client = client_for(who)
        for method in METHODS:
            expected = expected_statuses(page, who, method)
            if page.dials and expected == DONE:
                continue
            response = call(client, method, url, dict(page.data))
            assert response.status_code in expected, (method, who, response.status_code)
            if who == "anonymous":
                assert response["Location"].startswith(reverse("account_login"))


def expected_statuses(page: Page, who: str, method: str) -> set[int]:
    if who == "anonymous":
        return {302}
    if method not in page.methods.split():
        return {405}
    if who == "stranger":
        return {404}
    return DONE if allows(who, page.permission) else {403}


@pytest.mark.parametrize("name", OF_ONE_OBJECT)
def test_an_object_of_another_workspace_does_not_exist_here(
    name: str, client_for: ClientFor, workspace: Workspace, strangers: Estate
) -> None:
    url, owner = address(name, workspace, strangers), client_for(Role.OWNER)
    for method in PAGES[name].methods.split():
        assert call(owner, method, url).status_code == 404


def test_no_page_shows_anything_of_another_workspace_or_changes_anything(
    client_for: ClientFor, workspace: Workspace, estate: Estate, strangers: Estate, subtests: pytest.Subtests
) -> None:
    estate.build()
    strangers.build()
    owner = client_for(Role.OWNER)
    for name in (name for name, page in PAGES.items() if "GET" in page.methods and not page.dials):
        with subtests.test(name), transaction.atomic():
            if not PAGES[name].writes:
                connection.cursor().execute("SET LOCAL transaction_read_only = on")
            response = owner.get(address(name, workspace, estate))
            content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
            transaction.set_rollback(True)
            assert b"zikade" not in content.lower()


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if isinstance(route, Login)])
def test_a_persons_page_needs_a_login(name: str, client_for: ClientFor) -> None:
    route, url = ROUTES[name], reverse(name)
    assert isinstance(route, Login)
    assert call(client_for("anonymous"), "GET", url)["Location"].startswith(reverse("account_login"))
    assert call(client_for(Role.MANAGER), "GET", url).status_code == route.status


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if isinstance(route, Public)])
def test_a_public_page_answers_a_visitor(name: str, db: None, client: Client) -> None:
    route = ROUTES[name]
    assert isinstance(route, Public)
    response = client.get(reverse(name, kwargs=dict(route.kwargs)))
    assert response.status_code == route.status
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("name", [name for name, route in ROUTES.items() if isinstance(route, Keyed)])
def test_the_api_asks_for_a_key_with_the_scope(
    name: str, client_for: ClientFor, workspace: Workspace, alice: User, estate: Estate
) -> None:
    route = ROUTES[name]
    assert isinstance(route, Keyed)
    url = reverse(name, kwargs=estate.kwargs(route.target))
    secrets = {scope: api_keys.create(workspace, alice, name=scope, scopes=[scope], expires="0")[1] for scope in ApiKey.Scope}
    for method in route.methods.split():
        assert call(client_for("anonymous"), method, url).status_code == 401
        assert call(client_for(Role.OWNER), method, url).status_code == 401  # a login opens pages, not the API
        for scope, secret in secrets.items():
            client = Client(headers={"Authorization": f"Bearer {secret}"})
            status = call(client, method, url).status_code
            assert status in (DONE | {415} if scope == route.scope else {403}), (scope, status)
