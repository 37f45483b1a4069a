"""From the browser to the real collector, across origins: a shop's page loads the script from mops and its events are stored."""

from typing import TYPE_CHECKING

import pytest

from tests.tracking.script.site import Site
from tests.tracking.script.test_observing import AGREE
from tests.tracking.sending import a_source
from tracking.models import Event, RawBody, Rejection
from workspaces.models import Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def wait(page: "Page", names: set[str]) -> list[Event]:
    """The stored events, once these have arrived."""
    for _ in range(160):
        stored = list(Event.objects.order_by("id"))
        if names <= {event.name or event.type for event in stored}:
            return stored
        page.wait_for_timeout(50)
    raise AssertionError([event.name or event.type for event in Event.objects.all()])


def test_events_of_a_shop_are_stored_once(page: "Page", site: Site, live_server: "LiveServer", workspace: Workspace) -> None:
    source = a_source(workspace, "browser", allowed_origins=[site.url])
    tag = f"{live_server.url}/t.js?k={source.write_key}"
    page.goto(site.put("/", "<button data-mops-event='Sale Opened'>Sale</button>", script=tag) + "?utm_source=sample&gclid=abc")
    page.click("button")
    page.wait_for_timeout(800)
    assert RawBody.objects.count() == 0  # nobody agreed yet
    page.evaluate("mops('consent', {analytics: true, 'ads_measurement:google': false})")
    page.click("button")
    page.evaluate("mops('order', {id: 1001, total: 259.8, currency: 'EUR'})")
    wait(page, {"Sale Opened", "Order Completed"})
    page.evaluate("mops('track', 'Last Word')")
    page.goto(site.put("/thanks", "", script=tag, head=AGREE))  # the rest leaves as a beacon
    page.evaluate("mops('order', {id: 1001, total: 259.8, currency: 'EUR'})")
    page.evaluate("mops('track', 'Read On')")
    stored = wait(page, {"Last Word", "Read On"})
    assert [event.name for event in stored if event.type == "track"] == ["Sale Opened", "Order Completed", "Last Word", "Read On"]
    assert len({event.anonymous_id for event in stored}) == 1
    assert stored[0].context["page"]["search"] == "?utm_source=sample&gclid=abc"
    assert stored[0].context["consent"]["purposes"] == {"analytics": True, "ads_measurement:google": False}
    assert not Rejection.objects.exists()


def test_a_website_that_is_not_listed_is_turned_away(
    page: "Page", site: Site, live_server: "LiveServer", workspace: Workspace
) -> None:
    source = a_source(workspace, "browser", allowed_origins=["https://shop.example"])
    page.goto(site.put("/", "", script=f"{live_server.url}/t.js?k={source.write_key}", head=AGREE))
    for _ in range(100):
        if Rejection.objects.filter(reason="origin").exists():
            break
        page.wait_for_timeout(50)
    assert Rejection.objects.filter(reason="origin").exists()
    assert not Event.objects.exists()
