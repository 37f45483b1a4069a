"""Nothing is stored, read or sent before somebody agreed, nothing after they refused or withdrew; with every consent manager."""

from typing import TYPE_CHECKING

import pytest

from tests.tracking.script.managers import GTAG, MANAGERS, Manager
from tests.tracking.script.site import Site
from tracking.consent.intake import signals

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
EVERY_MANAGER = pytest.mark.parametrize("name", MANAGERS)
BODY = (
    "<button id=sale data-mops-event='Sale Opened'>Sale</button>"
    "<form id=f onsubmit='return false'><input name=q><button>Go</button></form>"
    "<div style='height:3000px'></div>"
)
PAUSE = 900  # milliseconds: longer than events wait for their batch


def open_page(page: "Page", site: Site, name: str, path: str = "/?utm_source=sample&email=mia@example.org") -> Manager:
    manager = MANAGERS[name]
    site.put("/", BODY, head=f"<script>{manager.head}</script>", manager=name.split()[0], attributes=manager.attributes)
    page.goto(site.url + path)
    return manager


def use(page: "Page") -> None:
    """Do what would be noticed if it were allowed."""
    page.click("#sale")
    page.click("#f button")
    page.mouse.wheel(0, 4000)
    page.evaluate("mops('order', {id: 1}); history.pushState({}, '', '/other'); dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(PAUSE)


def left_traces(page: "Page", site: Site) -> list[object]:
    """Cookies, stored items, requests the collector got."""
    items = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    return [*page.context.cookies(), *items, *site.batches]


@EVERY_MANAGER
def test_before_a_choice_nothing_is_touched_and_nothing_sent(watched: "Page", site: Site, errors: list[str], name: str) -> None:
    requests: list[str] = []
    watched.on("request", lambda request: requests.append(request.url))
    open_page(watched, site, name)
    use(watched)
    assert watched.evaluate("touched") == []
    assert [url for url in requests if "/t.js" not in url and "utm_source" not in url and not url.startswith("data:")] == []
    assert left_traces(watched, site) == [] == errors


@EVERY_MANAGER
def test_after_a_refusal_nothing_is_kept_or_read_or_sent(watched: "Page", site: Site, errors: list[str], name: str) -> None:
    manager = open_page(watched, site, name)
    watched.evaluate(manager.refuse)
    use(watched)
    assert set(watched.evaluate("touched")) <= {"write cookie mops_id="}  # an id of earlier is removed unread
    assert left_traces(watched, site) == [] == errors


@EVERY_MANAGER
def test_after_consent_events_arrive_with_it_and_withdrawal_ends_that(
    page: "Page", site: Site, errors: list[str], name: str
) -> None:
    manager = open_page(page, site, name)
    page.wait_for_timeout(300)
    page.evaluate(manager.accept)
    site.wait(page, lambda: "page" in site.names)
    assert manager.record in site.events[0]["context"]["consent"]
    assert page.context.cookies()[0]["value"] == site.events[0]["anonymousId"]

    agreed, identifier = site.events[0]["context"]["consent"], page.context.cookies()[0]["value"]
    site.batches.clear()
    page.evaluate(manager.refuse)
    site.wait(page, lambda: site.names == ["Consent Withdrawn"])
    [last] = site.events
    assert last["anonymousId"] == identifier
    assert last.keys() == {"type", "event", "messageId", "anonymousId", "timestamp", "context"}
    assert last["context"].keys() == {"consent", "page"}
    assert name == "tcf" or signals({"consent": agreed})["analytics"] is True
    assert signals(last["context"])["analytics"] is False
    assert last["context"]["consent"]["cmp"] == name.split()[0]

    site.batches.clear()
    use(page)
    assert left_traces(page, site) == [] == errors


@EVERY_MANAGER
def test_an_earlier_choice_counts_on_the_next_page(page: "Page", site: Site, name: str) -> None:
    manager = MANAGERS[name]
    site.put(
        "/", BODY, head=f"<script>{manager.head}; {'' if name == 'page' else manager.accept}</script>",
        manager=name.split()[0], attributes=manager.attributes,
    )  # fmt: skip
    if name == "page":  # the banner may have loaded first
        site.pages["/"] = site.pages["/"].replace("<script>", "<script>mops = {q: [['consent', {analytics: true}]]}")
    page.goto(site.url)
    site.wait(page, lambda: site.names == ["page"])


def test_calls_wait_for_the_choice_and_a_refusal_drops_them(page: "Page", site: Site) -> None:
    manager = open_page(page, site, "cookiebot")
    page.evaluate("mops('order', {id: 7})")
    page.evaluate(manager.accept)
    site.wait(page, lambda: "Order Completed" in site.names)

    site.batches.clear()
    page.context.clear_cookies()
    open_page(page, site, "cookiebot")
    page.evaluate("mops('order', {id: 8})")
    page.evaluate(manager.refuse)
    page.wait_for_timeout(200)
    page.evaluate(manager.accept)
    site.wait(page, lambda: site.names == ["page"])
    page.wait_for_timeout(PAUSE)
    assert "Order Completed" not in site.names


def test_withdrawal_in_one_tab_ends_the_other(page: "Page", site: Site) -> None:
    manager = open_page(page, site, "page")
    page.evaluate(manager.accept)
    other = page.context.new_page()
    other.goto(site.url)
    other.evaluate(manager.accept)
    site.wait(page, lambda: site.names == ["page", "page"])
    site.batches.clear()
    other.evaluate(manager.refuse)
    use(page)
    assert site.names == ["Consent Withdrawn"]  # said once, by the tab in which it happened
    site.batches.clear()
    assert left_traces(page, site) == []


def test_a_narrower_choice_is_told_at_once_and_dated_by_the_click(page: "Page", site: Site) -> None:
    site.put(
        "/", "<button onclick='choose(`,C0001,C0002,`)'>Less</button>", manager="onetrust",
        head=f"<script>{MANAGERS['onetrust'].head}</script>", attributes="data-ads=ads_measurement:google data-text='de 3'",
    )  # fmt: skip
    page.goto(site.url)
    page.evaluate("choose(',C0001,C0002,C0004,')")
    site.wait(page, lambda: site.names == ["page"])
    page.click("button")
    site.wait(page, lambda: site.names == ["page", "Consent Changed"])
    before, after = (event["context"]["consent"] for event in site.events)
    assert before == {
        "cmp": "onetrust", "text": "de 3", "purposes": {"analytics": True, "ads_measurement:google": True}
    }  # fmt: skip
    assert after["purposes"] == {"analytics": True, "ads_measurement:google": False}
    assert after["given_at"] <= site.events[1]["timestamp"]
    page.evaluate("choose(',C0001,C0002,')")  # the same again
    page.wait_for_timeout(PAUSE)
    assert len(site.events) == 2


def test_a_manager_that_changes_its_mind_while_it_loads_dates_nothing(page: "Page", site: Site) -> None:
    updates = ["{analytics_storage: 'granted'}", "{ad_storage: 'granted'}"]
    later = "".join(
        f"setTimeout(() => gtag('consent', 'update', {update}), {300 * place});" for place, update in enumerate(updates, 1)
    )
    site.put("/", BODY, manager="gcm", head=f"<script>{MANAGERS['gcm'].head} {later}</script>")
    page.goto(site.url)
    site.wait(page, lambda: site.names == ["page", "Consent Changed"])
    assert "given_at" not in site.events[1]["context"]["consent"]


def test_a_manager_that_tells_every_tab_lets_one_of_them_withdraw(page: "Page", site: Site) -> None:
    manager = open_page(page, site, "page")
    page.evaluate(manager.accept)
    other = page.context.new_page()
    other.goto(site.url)
    other.evaluate(manager.accept)
    site.wait(page, lambda: site.names == ["page", "page"])
    for tab in (other, page):
        tab.evaluate(manager.refuse)
    page.wait_for_timeout(PAUSE)
    assert site.names == ["page", "page", "Consent Withdrawn"]


def test_klaros_reset_withdraws_too(page: "Page", site: Site) -> None:
    manager = open_page(page, site, "klaro")
    page.wait_for_timeout(300)
    page.evaluate(manager.accept)
    site.wait(page, lambda: site.names == ["page"])
    page.evaluate("klaro.getManager().confirmed = false; klaro.getManager().notify('consents', {})")
    site.wait(page, lambda: site.names == ["page", "Consent Withdrawn"])
    assert page.context.cookies() == []


@pytest.mark.parametrize(
    "defaults",
    [
        ["{analytics_storage: 'granted', region: ['US']}"],
        ["{analytics_storage: 'denied', region: ['DE']}", "{analytics_storage: 'granted'}"],
        ["{analytics_storage: 'denied'}", "{analytics_storage: 'granted'}"],
    ],
    ids=["of a region", "after a region's refusal", "after a refusal"],
)
def test_a_default_cannot_grant(page: "Page", site: Site, defaults: list[str]) -> None:
    said = " ".join(f"gtag('consent', 'default', {default});" for default in defaults)
    site.put("/", BODY, manager="gcm", head=f"<script>{GTAG} {said}</script>")
    page.goto(site.url)
    page.wait_for_timeout(PAUSE)
    assert left_traces(page, site) == []


def test_a_marketing_category_covers_what_the_tag_says(page: "Page", site: Site) -> None:
    site.put("/", BODY, manager="onetrust", head=f"<script>{MANAGERS['onetrust'].head}</script>",
             attributes="data-ads='ads_measurement:google ads_audience:meta'")  # fmt: skip
    page.goto(site.url)
    page.evaluate("choose(',C0001,C0002,C0004,')")
    site.wait(page, lambda: site.names == ["page"])
    expected = {"analytics": True, "ads_measurement:google": True, "ads_audience:meta": True}
    assert site.events[0]["context"]["consent"] == {"cmp": "onetrust", "purposes": expected}
