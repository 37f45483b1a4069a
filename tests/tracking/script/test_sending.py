"""How events leave the browser: in batches, once, also when the collector fails or the page goes."""

from typing import TYPE_CHECKING

import pytest

from tests.tracking.script.site import Site
from tests.tracking.script.test_observing import AGREE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
LARGEST = 33_000  # bytes of a batch: two may be under way in a browser when their page goes


def test_it_sends_batches_in_the_segment_shape_as_plain_text(page: "Page", site: Site) -> None:
    page.goto(site.put("/", "", head=AGREE))
    page.evaluate("for (let i = 0; i < 99; i++) mops('track', 'Tick', {i})")
    site.wait(page, lambda: len(site.events) == 100)
    assert len(site.batches) in (2, 3)
    assert [event["properties"]["i"] for event in site.named("Tick")] == list(range(99))
    assert {batch["writeKey"] for batch in site.batches} == {"sample-key"}
    assert all(batch["sentAt"] for batch in site.batches)
    assert {kind.split(";")[0] for kind in site.sent_as} == {"text/plain"}  # no preflight
    assert site.events[0].keys() >= {"type", "messageId", "anonymousId", "timestamp", "context", "properties"}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_it_sends_again_what_the_collector_could_not_take(page: "Page", site: Site, status: int) -> None:
    site.answers.extend([status, status])
    page.goto(site.put("/", "", head=AGREE))
    page.evaluate("mops('track', 'Tick')")
    site.wait(page, lambda: site.names == ["page", "Tick"], seconds=15)


def test_it_does_not_repeat_what_was_refused(page: "Page", site: Site) -> None:
    site.answers.append(400)
    page.goto(site.put("/", "", head=AGREE))
    page.wait_for_timeout(800)
    page.evaluate("mops('track', 'Tick')")
    site.wait(page, lambda: bool(site.names))
    page.wait_for_timeout(800)
    assert site.names == ["Tick"]


def test_it_keeps_events_while_offline(page: "Page", site: Site) -> None:
    page.goto(site.put("/", "", head=AGREE))
    site.wait(page, lambda: site.names == ["page"])
    page.context.set_offline(True)
    page.evaluate("mops('track', 'Tick')")
    page.wait_for_timeout(1500)
    assert site.names == ["page"]
    page.context.set_offline(False)
    site.wait(page, lambda: site.names == ["page", "Tick"])


def test_more_than_a_browser_sends_at_once_leaves_in_several_batches(page: "Page", site: Site) -> None:
    page.goto(site.put("/", "", head=AGREE))
    page.evaluate("for (let i = 0; i < 20; i++) mops('track', 'Tick', {text: 'ä'.repeat(2500)})")  # 5 KB each, 100 KB
    site.wait(page, lambda: site.names.count("Tick") == 20)
    assert max(site.sizes) < LARGEST


def test_what_no_collector_takes_holds_up_nothing(page: "Page", site: Site, errors: list[str]) -> None:
    page.goto(site.put("/", "", head=AGREE))
    page.evaluate("mops('track', 'Huge', {text: 'ä'.repeat(17000)})")
    page.evaluate(
        "const own = {}; own.self = own; mops('track', 'Endless', own); mops('track', 'Large', {text: 'a'.repeat(31000)})"
    )
    page.evaluate("mops('track', 'Tick')")
    site.wait(page, lambda: "Tick" in site.names)
    assert (site.names, errors) == (["page", "Large", "Tick"], [])


def test_a_page_that_goes_sends_as_much_as_the_browser_takes(page: "Page", site: Site) -> None:
    tab = page.context.new_page()
    tab.goto(site.put("/", "", head=AGREE))
    site.wait(page, lambda: site.names == ["page"])
    tab.evaluate("for (let i = 0; i < 20; i++) mops('track', 'Tick', {text: 'a'.repeat(4000)})")  # 90 KB
    tab.close(run_before_unload=True)
    site.wait(page, lambda: site.names.count("Tick") >= 12)
    assert max(site.sizes) < LARGEST


@pytest.mark.parametrize("leaving", ["close", "navigate"])
def test_a_page_that_goes_sends_the_rest_as_a_beacon(page: "Page", site: Site, leaving: str) -> None:
    site.put("/next", "")
    tab = page.context.new_page()
    tab.goto(site.put("/", "", head=AGREE))
    site.wait(page, lambda: site.names == ["page"])
    if leaving == "close":
        tab.evaluate("for (let i = 0; i < 25; i++) mops('track', 'Tick', {i})")
        tab.close(run_before_unload=True)
    else:
        tab.evaluate("for (let i = 0; i < 25; i++) mops('track', 'Tick', {i}); location = '/next'")
    site.wait(page, lambda: site.names.count("Tick") == 25)
    assert {kind.split(";")[0] for kind in site.sent_as} == {"text/plain"}


def test_the_same_browser_keeps_its_id_and_events_their_own(page: "Page", site: Site) -> None:
    for path in ("/a", "/b"):
        page.goto(site.put(path, "", head=AGREE))
    site.wait(page, lambda: site.names == ["page", "page"])
    assert len({event["anonymousId"] for event in site.events}) == 1
    assert len({event["messageId"] for event in site.events}) == 2
    cookie = page.context.cookies()[0]
    assert (cookie["name"], cookie["sameSite"]) == ("mops_id", "Lax")
