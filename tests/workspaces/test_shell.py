"""The frame of every page: language, theme, navigation by role, security headers, nothing inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.people import ClientFor
from workspaces.context import NAVIGATION, SETTINGS, links
from workspaces.models import Role, User, Workspace
from workspaces.permissions import allows

TEMPLATES = sorted(settings.BASE_DIR.glob("templates/**/*.html"))
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE)
EVENT_HANDLER = re.compile(r"""<[^>]*\son[a-z]+=["']""", re.IGNORECASE)


def title_of(page: str) -> str:
    found = re.search(r"<title>\s*(.*?)</title>", page, re.DOTALL)
    return found[1] if found else ""


@pytest.mark.parametrize(("asked", "title"), [("de-AT,de;q=0.9", "Anmelden"), ("en-US", "Log in"), ("fr", "Log in")])
def test_it_speaks_the_browsers_language_before_login(db: None, client: Client, asked: str, title: str) -> None:
    response = client.get(reverse("account_login"), headers={"Accept-Language": asked})
    assert title_of(response.text).startswith(title)
    assert "Accept-Language" in response["Vary"]


@pytest.mark.parametrize(("language", "title"), [("de", "Mitglieder"), ("en", "Members")])
def test_it_speaks_the_persons_language_after_login(
    client_for: ClientFor, workspace: Workspace, alice: User, language: str, title: str
) -> None:
    User.objects.filter(pk=alice.pk).update(language=language)
    page = reverse("workspaces:members", args=[workspace.slug])
    response = client_for(Role.OWNER).get(page, headers={"Accept-Language": "fr"})
    assert title_of(response.text).startswith(title)
    assert f'<html lang="{language}"' in response.text


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_it_wears_the_persons_theme(client_for: ClientFor, alice: User, theme: str) -> None:
    User.objects.filter(pk=alice.pk).update(theme=theme)
    assert f'data-theme="{theme}"' in client_for(Role.OWNER).get(reverse("profile")).text


@pytest.mark.parametrize("role", Role)
def test_it_shows_each_role_only_where_it_may_go(client_for: ClientFor, workspace: Workspace, role: Role) -> None:
    links = client_for(role).get(f"/{workspace.slug}/settings/", follow=False)
    text = links.text  # 403 pages have the frame, too
    for entry in (*NAVIGATION, *SETTINGS[:1]):
        shown = f'href="{reverse(entry.url_name, args=[workspace.slug])}"' in text
        assert shown is allows(role, entry.permission), entry.url_name


@pytest.mark.parametrize(("route", "name"), [("imports:upload", "imports:upload"), ("imports:file", "imports:upload"),
                                             ("tracking:order", "tracking:orders")])  # fmt: skip
def test_an_import_is_no_order(workspace: Workspace, route: str, name: str) -> None:
    shown = links(NAVIGATION, workspace, Role.OWNER, route)
    assert [link.url for link in shown if link.is_current] == [reverse(name, args=[workspace.slug])]


def test_it_marks_sample_data(client_for: ClientFor, workspace: Workspace) -> None:
    owner, page = client_for(Role.OWNER), reverse("workspaces:members", args=[workspace.slug])
    assert "Sample data" not in owner.get(page).text
    Workspace.objects.filter(pk=workspace.pk).update(is_sample=True)
    assert "Sample data" in owner.get(page).text


def test_it_escapes_what_people_enter(client_for: ClientFor, workspace: Workspace, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name="<script>alert(1)</script>")
    Workspace.objects.filter(pk=workspace.pk).update(name="<img src=x onerror=alert(1)>")
    text = client_for(Role.OWNER).get(reverse("workspaces:members", args=[workspace.slug])).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_no_template_has_inline_script(template: Path) -> None:
    source = template.read_text()
    assert not INLINE_SCRIPT.search(source)
    assert not EVENT_HANDLER.search(source)


def test_it_sends_a_fragment_request_to_the_login_page(db: None, client: Client, workspace: Workspace) -> None:
    response = client.get(reverse("workspaces:members", args=[workspace.slug]), headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == reverse("account_login")
