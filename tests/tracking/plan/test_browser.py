"""The plan in a real browser: accessible in both themes and sizes, and an event planned with rows added on the way."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from tests.tracking.plan.plans import arrive, order, plan
from tests.tracking.sending import a_source
from tests.workspaces.test_browser import LOOKS, log_in, violations
from tracking.plan import tickets, versions
from tracking.plan import violations as found
from tracking.plan.schema import Property
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def address(server: "LiveServer", name: str, query: str = "", *args: int) -> str:
    return server.url + reverse(f"plan:{name}", args=["nordlicht", *args]) + query


@LOOKS
def test_plan_and_quality_are_accessible(
    page: "Page", live_server: "LiveServer", workspace: Workspace, marketer: User, size: dict[str, int], theme: str
) -> None:
    plan(workspace)
    arrive(a_source(workspace), order(1), order(2, {"total": "1", "extra": 1}), order(3, event="Lead"))
    ticket = tickets.hand_over(workspace, found.lines(found.found(workspace))[0].rule, marketer)
    User.objects.update(theme=theme)
    log_in(page, live_server, marketer)
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    for name in ("index", "edit", "import", "history", "violations", "quality", "tickets", "ticket"):
        named = [ticket.pk] if name == "ticket" else []
        page.goto(address(live_server, name, "?type=track&name=Order+Completed" if name == "edit" else "", *named))
        page.evaluate("for (const details of document.querySelectorAll('main details')) details.open = true")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == [], name
    assert errors == []


def test_rows_are_added_and_removed_before_the_event_is_saved(
    page: "Page", live_server: "LiveServer", workspace: Workspace, marketer: User
) -> None:
    log_in(page, live_server, marketer)
    page.goto(address(live_server, "edit"))
    page.get_by_label("Event name").fill("Lead")
    rows = page.get_by_role("group", name="Property")
    assert rows.count() == 3
    page.get_by_role("button", name="Add a property").click()
    rows.nth(3).wait_for()
    for number, name in ((0, "form"), (1, "mistake"), (3, "value")):
        rows.nth(number).get_by_label("Property").fill(name)
    rows.nth(3).get_by_label("Type").select_option("number")
    rows.nth(3).get_by_label("Required").select_option("required")
    rows.nth(0).get_by_text("More rules").click()
    rows.nth(0).get_by_label("Allowed values").fill("demo | offer")
    rows.nth(1).get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Save as a new version").click()
    page.wait_for_url(address(live_server, "index"))
    event = versions.planned(versions.current(workspace))["track", "Lead"]
    assert event.properties == (Property("form", enum=("demo", "offer")), Property("value", "number", required=True))
