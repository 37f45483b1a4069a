"""Pages of first-party data on a phone: what counts is on the screen."""

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from mops.lib import clock
from tests.tracking.rows import order
from tests.tracking.sending import a_source
from tests.workspaces.test_browser import log_in
from tracking import orders
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTH = 390  # pixels


def test_amounts_snippets_and_names_of_fields_are_on_the_screen(
    page: "Page", live_server: "LiveServer", workspace: Workspace, marketer: User
) -> None:
    sold = order("AK-2026-100001", ordered_at=clock.now(), customer_key="customer-0815-" * 5, gross=Decimal("1234.56"))
    orders.store(workspace, [sold], "api")
    source = a_source(workspace, "browser", allowed_origins=["https://shop.example"])
    log_in(page, live_server, marketer)
    page.set_viewport_size({"width": WIDTH, "height": 844})

    page.goto(live_server.url + reverse("tracking:orders", args=["nordlicht"]))
    amount = page.locator("#orders td.num").first.bounding_box()
    assert amount
    assert amount["x"] + amount["width"] <= WIDTH

    page.goto(live_server.url + reverse("sources:source", args=["nordlicht", source.pk]))
    head, copy = page.locator("pre.snippet").first, page.get_by_role("button", name="Copy").first.bounding_box()
    assert head.evaluate("it => it.scrollHeight <= it.clientHeight && it.scrollWidth <= it.clientWidth")
    assert copy
    assert copy["x"] + copy["width"] <= WIDTH

    page.goto(live_server.url + reverse("goals:create", args=["nordlicht"]))
    for name in ("Property 1", "Comparison 5", "Value 5"):
        assert page.locator("form#goal").get_by_text(name).is_visible(), name
