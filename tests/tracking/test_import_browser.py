"""The pages of imports in a real browser: accessible in both themes, on a desk and on a phone, without a script error."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.tracking.importing import import_source, run, upload
from tests.tracking.test_import_pages import CONTACTS, ORDERS
from tests.workspaces.test_browser import DESK, PHONE, errors, log_in, violations
from tracking.models import ImportFile
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

__all__ = ["errors"]  # a fixture
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def addresses(workspace: Workspace) -> list[str]:
    """Every page: the kinds, the columns of contacts, a result with refused lines, the question, and one in between."""
    source = import_source(workspace)
    waiting, done = upload(workspace, "contacts", CONTACTS, source), run(upload(workspace, "contacts", CONTACTS, source))
    sold = upload(workspace, "orders", ORDERS)
    ImportFile.objects.filter(pk=sold.pk).update(state="undoing", stored=4, removed=1)
    pages = [("upload", []), ("file", [waiting.pk]), ("file", [done.pk]), ("undo", [done.pk]), ("file", [sold.pk])]
    return [reverse(f"imports:{name}", args=[workspace.slug, *args]) for name, args in pages]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_of_imports_are_accessible(
    page: "Page",
    live_server: "LiveServer",
    workspace: Workspace,
    marketer: User,
    errors: list[str],
    theme: str,
) -> None:
    User.objects.update(theme=theme)
    log_in(page, live_server, marketer)
    for address in addresses(workspace):
        page.goto(live_server.url + address)
        for size in (PHONE, DESK):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert violations(page) == [], address
    assert page.get_by_role("progressbar").evaluate("bar => bar.position") == 0.25
    assert errors == []


def test_a_choice_shows_at_once_what_it_means(
    page: "Page", live_server: "LiveServer", workspace: Workspace, marketer: User
) -> None:
    file = upload(workspace, "contacts", CONTACTS, import_source(workspace))
    log_in(page, live_server, marketer)
    page.goto(live_server.url + reverse("imports:file", args=[workspace.slug, file.pk]))
    page.get_by_label("Tarif", exact=True).select_option("text")
    page.get_by_text("Tarif: Gold").wait_for()
    page.get_by_label("Tarif", exact=True).select_option("")
    page.get_by_text("Tarif: Gold").wait_for(state="detached")
    page.get_by_role("button", name="Import 1 line").click()
    page.get_by_text("The file is imported, except for the lines below.").wait_for()
