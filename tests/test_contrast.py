"""Text can be read in both themes: WCAG 2.2 asks for 4.5:1, measured by axe-core in Chromium."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.urls import reverse

from tests.estate import Estate
from tests.people import BACKEND
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TEMPLATES = Path(__file__).parent.parent / "templates"
LOOKS = re.compile(r'class="((?:alert|badge|btn)\b[^"{]*)"|\b(bg-[a-z]+-lt)\b')
EXEMPT = re.compile(r"\bdisabled\b|\bbtn-close\b")  # WCAG 1.4.3: what cannot be used; a picture without text
MAIN = (
    "reporting:overview", "reporting:channels", "channels:connections", "campaigns:list", "campaigns:budgets", "segments:list",
    "rfm:groups", "webhooks:list", "tracking:orders", "profiles:list", "sources:list", "goals:list", "plan:index",
    "plan:violations", "plan:quality", "consent:overview", "rights:list", "workspaces:members", "workspaces:audit",
)  # fmt: skip


def log_in(page: "Page", server: "LiveServer", user: User) -> None:
    from django.test import Client

    client = Client()
    client.force_login(user, backend=BACKEND)
    page.context.add_cookies([{"name": "session", "value": client.cookies["session"].value, "url": server.url}])


def pale(page: "Page", part: str = "body") -> list[str]:
    """Texts below the ratio on the open page, with what axe-core measured."""
    page.evaluate((settings.NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    asked = json.dumps({"runOnly": ["color-contrast"]})
    found = page.evaluate(f"axe.run({part!r}, {asked}).then(result => result.violations)")
    return [f"{node['html'][:90]} {node['any'][0]['message']}" for rule in found for node in rule["nodes"]]


def looks() -> list[str]:
    """Every class of a notice, a badge or a button that a template uses, and every tone that one chooses."""
    found = {look for path in TEMPLATES.rglob("*.html") for look in LOOKS.findall(path.read_text())}
    return sorted({whole.strip() or f"badge {tone}" for whole, tone in found if not EXEMPT.search(whole)})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_notice_badge_and_button_can_be_read(
    page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, theme: str
) -> None:
    assert {"alert alert-info", "badge bg-yellow-lt", "badge bg-green-lt", "btn btn-danger"} <= set(looks())
    User.objects.update(theme=theme)
    log_in(page, live_server, alice)
    page.goto(live_server.url + reverse("workspaces:general", args=[workspace.slug]))
    shown = "".join(f'<p><span class="{look}">Sample text</span></p>' for look in looks())
    surfaces = "".join(f'<div class="{surface}">{shown}</div>' for surface in ("", "card"))
    page.evaluate("html => { document.getElementById('content').innerHTML = html }", surfaces)
    assert page.locator("#content p span").count() == len(looks()) * 2
    found = pale(page, "#content")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_main_pages_can_be_read(page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, theme: str) -> None:
    Estate(workspace, "nordlicht").build()
    User.objects.update(theme=theme)
    log_in(page, live_server, alice)
    found = []
    for name in MAIN:
        page.goto(live_server.url + reverse(name, args=[workspace.slug]))
        assert page.evaluate("document.documentElement.dataset.bsTheme") == theme
        found += [f"{name}: {text}" for text in pale(page)]
    assert not found, "\n".join(found)
