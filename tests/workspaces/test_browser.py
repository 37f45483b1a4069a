"""The frame in a real browser: accessible in both themes, on a desk and on a phone, without a script error."""

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.urls import reverse

from tests.people import BACKEND
from workspaces.models import Member, User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
LOOKS = pytest.mark.parametrize(("size", "theme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone-dark", "desk-light"])
PAGES = ("general", "members", "api_keys", "audit")


def log_in(page: "Page", server: "LiveServer", user: User) -> None:
    from django.test import Client

    client = Client()
    client.force_login(user, backend=BACKEND)
    page.context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": server.url}])


def violations(page: "Page") -> list[str]:
    """What axe-core finds on the open page, as "rule: element"."""
    page.evaluate((settings.NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("axe.run().then(result => result.violations)")
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.fixture
def errors(page: "Page") -> list[str]:
    """Script errors and refusals by the content security policy."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    return found


@LOOKS
def test_the_settings_are_accessible(
    page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, errors: list[str], size: dict[str, int], theme: str
) -> None:
    User.objects.update(theme=theme)
    log_in(page, live_server, alice)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for name in PAGES:
        page.goto(live_server.url + reverse(f"workspaces:{name}", args=[workspace.slug]))
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == [], name
    assert errors == []


@pytest.mark.parametrize("path", ["/account/login/", "/account/password/reset/", "/invitations/unknown", "/nowhere/"])
def test_the_entrance_is_accessible(page: "Page", live_server: "LiveServer", path: str) -> None:
    page.goto(live_server.url + path)
    assert violations(page) == []


def test_it_opens_the_navigation_on_a_phone(page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User) -> None:
    log_in(page, live_server, alice)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(live_server.url + reverse("workspaces:general", args=[workspace.slug]))
    orders = page.get_by_role("link", name="Orders")
    assert not orders.is_visible()
    page.get_by_role("button", name="Open navigation").click()
    orders.click()
    page.wait_for_url(f"**{reverse('tracking:orders', args=[workspace.slug])}")


def test_it_asks_before_it_removes_somebody(
    page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, bob: User
) -> None:
    log_in(page, live_server, alice)
    page.goto(live_server.url + reverse("workspaces:members", args=[workspace.slug]))
    row = page.get_by_role("row", name="Bob")
    row.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Cancel").click()
    assert Member.objects.filter(user=bob).exists()
    row.get_by_role("button", name="Remove").click()
    page.locator("#confirm").get_by_role("button", name="Remove").click()
    page.get_by_text("Bob no longer has access.").wait_for()
    assert not Member.objects.filter(user=bob).exists()


def test_it_reaches_the_content_by_keyboard(page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User) -> None:
    log_in(page, live_server, alice)
    page.goto(live_server.url + reverse("workspaces:general", args=[workspace.slug]))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_it_shows_the_api_documentation_under_the_security_policy(page: "Page", live_server: "LiveServer", db: None) -> None:
    page.goto(live_server.url + reverse("api_docs"))
    page.get_by_text("/api/v1/metrics").first.wait_for()
