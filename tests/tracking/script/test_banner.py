"""The banner of mops: refusing is as easy as agreeing, a refusal leaves no trace of the person, withdrawing takes one click."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.tracking.script.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
LOOKS = ("background-color", "color", "font-size", "font-weight", "border-top-color", "border-top-width", "padding-left", "opacity")
BODY = "<h1>Shop</h1><a href='/other'>other</a><button data-mops-withdraw>Widerrufen</button>"


def banner_page(site: Site, attributes: str = "", path: str = "/", language: str = "de") -> str:
    banner = f"<link rel=stylesheet href=/banner.css><script defer src=/banner.js data-privacy=/privacy {attributes}></script>"
    address = site.put(path, BODY, head=banner)
    site.pages[path] = site.pages[path].replace("lang='de'", f"lang='{language}'")
    return address


def button(page: "Page", name: str) -> "Locator":
    return page.locator("#cc-main .cm").get_by_role("button", name=name, exact=True)


def test_it_asks_in_german_or_english(page: "Page", site: Site) -> None:
    page.goto(banner_page(site))
    button(page, "Ablehnen").wait_for()
    assert page.get_by_role("link", name="Datenschutzerklärung").get_attribute("href") == "/privacy"
    page.goto(banner_page(site, language="en"))
    button(page, "Reject").wait_for()


def test_it_is_accessible(page: "Page", site: Site) -> None:
    page.goto(banner_page(site, "data-ads='ads_measurement:google'"))
    button(page, "Auswählen").wait_for()
    page.wait_for_timeout(500)  # it slides in
    page.evaluate((settings.NODE_MODULES / "axe-core" / "axe.min.js").read_text())
    for layer in (".cm", ".pm"):
        found = page.evaluate(f"axe.run('#cc-main {layer}').then(result => result.violations)")
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
        if layer == ".cm":
            button(page, "Auswählen").click()
            page.wait_for_timeout(500)


@pytest.mark.parametrize("width", [1440, 360])
def test_reject_stands_beside_accept_and_looks_the_same(page: "Page", site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(banner_page(site))
    accept, reject = button(page, "Zustimmen"), button(page, "Ablehnen")
    reject.wait_for()
    page.wait_for_timeout(500)  # the banner slides in
    boxes = [found.bounding_box() or {} for found in (accept, reject)]
    assert [boxes[0][side] for side in ("width", "height")] == pytest.approx(
        [boxes[1][side] for side in ("width", "height")], abs=1
    )
    assert boxes[0]["x"] == pytest.approx(boxes[1]["x"], abs=1) or boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=1)
    styles = [
        [found.evaluate(f"element => getComputedStyle(element).getPropertyValue('{name}')") for name in LOOKS]
        for found in (accept, reject)
    ]
    assert styles[0] == styles[1]


def test_before_a_choice_it_keeps_nothing(watched: "Page", site: Site, errors: list[str]) -> None:
    requests: list[str] = []
    watched.on("request", lambda request: requests.append(request.url.removeprefix(site.url).split("?")[0]))
    watched.goto(banner_page(site))
    button(watched, "Ablehnen").wait_for()
    watched.wait_for_timeout(800)
    assert sorted(set(requests) - {"data:,"}) == ["/", "/banner.css", "/banner.js", "/t.js"]
    assert [touch for touch in watched.evaluate("touched") if touch != "read cookie"] == []  # the banner looks for the choice
    assert watched.context.cookies() == [] == site.batches == errors
    assert watched.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_refusal_keeps_nothing_and_the_next_page_asks_again(watched: "Page", site: Site, errors: list[str]) -> None:
    watched.goto(banner_page(site))
    button(watched, "Ablehnen").click()
    watched.wait_for_timeout(800)
    assert not button(watched, "Ablehnen").is_visible()
    assert watched.context.cookies() == [] == site.batches == errors
    assert watched.evaluate("localStorage.length + sessionStorage.length") == 0
    watched.reload()
    button(watched, "Ablehnen").wait_for()


def test_a_refusal_can_be_remembered_without_an_id(page: "Page", site: Site, errors: list[str]) -> None:
    kept = []
    for _visitor in range(2):
        page.goto(banner_page(site, "data-remember=refusal"))
        button(page, "Ablehnen").click()
        page.wait_for_timeout(800)
        page.reload()
        page.wait_for_timeout(300)
        assert not button(page, "Ablehnen").is_visible()
        kept += [(cookie["name"], cookie["value"]) for cookie in page.context.cookies()]
        page.context.clear_cookies()
    assert [name for name, _ in kept] == ["mops_choice", "mops_choice"]
    assert kept[0] == kept[1]  # nothing in it tells one visitor from another
    assert site.batches == [] == errors


def test_consent_is_remembered_and_withdrawn_by_one_click(page: "Page", site: Site, errors: list[str]) -> None:
    page.goto(banner_page(site, "data-ads='ads_measurement:google'"))
    button(page, "Zustimmen").click()
    site.wait(page, lambda: site.names == ["page"])
    said = site.events[0]["context"]["consent"]
    assert said["purposes"] == {"analytics": True, "ads_measurement:google": True}
    assert abs(datetime.now(UTC) - datetime.fromisoformat(said["given_at"])) < timedelta(minutes=5)
    page.goto(banner_page(site, "data-ads='ads_measurement:google'", path="/other"))
    site.wait(page, lambda: site.names == ["page", "page"])
    assert site.events[1]["context"]["consent"] == said  # the choice of before, with its time

    page.get_by_role("button", name="Widerrufen").click()
    page.wait_for_timeout(200)
    site.batches.clear()
    page.reload()
    page.wait_for_timeout(800)
    assert site.batches == [] == errors == page.context.cookies()


def test_purposes_can_be_chosen_one_by_one(page: "Page", site: Site) -> None:
    page.goto(banner_page(site, "data-ads='ads_measurement:google'"))
    button(page, "Auswählen").click()
    page.wait_for_function("document.activeElement.closest('#cc-main .pm')")  # the dialog takes the focus when it is open
    page.locator("#cc-main .pm input[value=analytics]").press("Space")
    page.get_by_role("button", name="Auswahl speichern").click()
    site.wait(page, lambda: site.names == ["page"])
    assert site.events[0]["context"]["consent"]["purposes"] == {"analytics": True, "ads_measurement:google": False}
