"""The record of processing activities in a real browser: on a phone and on a desk, and as it is printed."""

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from channels.models import Connection
from tests.workspaces.test_browser import DESK, PHONE, log_in, violations
from tracking.consent import purposes
from tracking.models import Source
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_record_is_accessible_fits_and_prints_dark_on_white_with_its_title(
    page: "Page", live_server: "LiveServer", workspace: Workspace, alice: User, size: dict[str, int]
) -> None:
    purposes.ensure(workspace)
    Connection.objects.create(workspace=workspace, platform="google_ads", name="Shop", sealed_credentials=b"x")
    Source.objects.create(workspace=workspace, name="Shop page", kind="browser", consent_mode="required")
    alice.theme = "dark"
    alice.save()
    log_in(page, live_server, alice)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(live_server.url + reverse("rights:register", args=[workspace.slug]))
    page.get_by_text("Connected: Google Ads").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    page.emulate_media(media="print")
    assert page.get_by_role("heading", level=1, name="Record of processing activities").is_visible()
    page.wait_for_function("getComputedStyle(document.body).color == 'rgb(35, 42, 59)'")
    assert not page.get_by_role("link", name="Excel (XLSX)").is_visible()
