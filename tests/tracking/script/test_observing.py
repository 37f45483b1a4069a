"""What is noticed on a page once somebody agreed."""

from typing import TYPE_CHECKING

import pytest

from tests.tracking.script.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
AGREE = "<script>mops = (...call) => (mops.q ||= []).push(call); mops('consent', {analytics: true})</script>"


def test_it_counts_a_page_with_its_campaign_and_without_what_could_name_a_person(page: "Page", site: Site) -> None:
    address = site.put("/shoes", "", head=AGREE, attributes="data-keep='size'")
    query = "utm_source=Google&utm_medium=cpc&utm_campaign=spring&utm_id=42&gclid=abc&msclkid=d&size=44&email=mia@example.org#mia"
    page.goto(f"{address}?{query}", referer=f"{site.url}/find?q=mia")
    site.wait(page, lambda: site.names == ["page"])
    event = site.events[0]
    kept = "?utm_source=Google&utm_medium=cpc&utm_campaign=spring&utm_id=42&gclid=abc&msclkid=d&size=44"
    assert event["context"]["page"] == {
        "url": address + kept, "path": "/shoes", "search": kept, "title": "Shop /shoes", "referrer": f"{site.url}/find",
    }  # fmt: skip
    assert event["properties"] == event["context"]["page"]
    assert event["context"]["campaign"] == {"source": "Google", "medium": "cpc", "name": "spring", "id": "42"}
    assert "mia" not in str(site.batches)


def test_it_counts_changes_of_the_address_as_pages(page: "Page", site: Site, errors: list[str]) -> None:
    page.goto(site.put("/a", "<a id=in href='#part'>part</a>", head=AGREE))
    page.evaluate("history.pushState({}, '', '/b?page=2'); history.replaceState({scroll: 1}, '', '/b?page=2')")
    page.go_back()
    page.click("#in")
    site.wait(page, lambda: len(site.names) == 3)
    page.wait_for_timeout(700)
    assert [(e["context"]["page"]["path"], e["context"]["page"]["referrer"]) for e in site.events] == [
        ("/a", ""), ("/b", f"{site.url}/a"), ("/a", f"{site.url}/b"),
    ]  # fmt: skip
    assert len({event["anonymousId"] for event in site.events}) == 1
    assert errors == []


def test_it_notices_marked_elements_outbound_links_and_forms_without_values(page: "Page", site: Site) -> None:
    body = """
    <button data-mops-event="Size Chosen" data-mops-size="44" data-mops-list-name="Sale"><span id=inner>44</span></button>
    <a id=out target=_blank href="https://partner.example/offer?customer=mia">out</a>
    <a id=own target=_blank href="http://shop.example/x">own</a> <a id=mail href="mailto:mia@example.org">mail</a>
    <form id=signup action="/thanks" method=post data-mops-event="Lead" data-mops-list="news"><input name=id value="secret-mia">
    <input name=email value="secret-mia@example.org"><button>Go</button></form>
    <script>document.addEventListener('click', (e) => e.target.closest('a') && e.preventDefault())</script>
    """
    page.goto(site.put("/", body, head=AGREE, attributes="data-domains='shop.example'"))
    for selector in ("#inner", "#out", "#own", "#mail", "#signup button"):
        page.click(selector)
    site.wait(page, lambda: "Lead" in site.names)
    expected = ["page", "Size Chosen", "Outbound Link Clicked", "Lead"]
    assert [name for name in site.names if name in expected or "Link" in name] == expected
    assert site.named("Size Chosen")[0]["properties"] == {"size": "44", "list_name": "Sale"}
    assert site.named("Outbound Link Clicked")[0]["properties"] == {"url": "https://partner.example/offer"}
    assert site.named("Lead")[0]["properties"] == {"form": "signup", "list": "news"}
    assert "secret" not in str(site.batches)
    assert "customer" not in str(site.batches)


def test_it_notices_every_quarter_scrolled_once(page: "Page", site: Site) -> None:
    page.goto(site.put("/", "<div style='height:4000px'></div>", head=AGREE))
    for share in (0.1, 0.4, 0.2, 1):
        page.evaluate(f"scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * {share})")
        page.wait_for_timeout(100)
    site.wait(page, lambda: len(site.named("Page Scrolled")) == 4)
    assert [event["properties"]["scroll_percent"] for event in site.named("Page Scrolled")] == [25, 50, 75, 100]


def test_it_measures_time_only_while_the_page_is_visible_and_used(page: "Page", site: Site) -> None:
    page.clock.install()
    page.goto(site.put("/", "<p>read</p>", head=AGREE))
    page.clock.run_for(10_000)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.run_for(60_000)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    page.mouse.move(50, 50)
    page.clock.run_for(60_000)  # seen, but nobody there after 15 seconds
    page.evaluate("history.pushState({}, '', '/next')")
    page.clock.run_for(1000)
    site.wait(page, lambda: "Page Engaged" in site.names)
    seconds = site.named("Page Engaged")[0]["properties"]["engaged_seconds"]
    assert 23 <= seconds <= 27
    assert site.named("Page Engaged")[0]["context"]["page"]["path"] == "/"


def test_the_shops_helper_speaks_segments_e_commerce_events(page: "Page", site: Site) -> None:
    page.goto(site.put("/thanks", "", head=AGREE))
    page.evaluate("""() => {
        mops("product", {id: 7, name: "Boot", price: 129.9, currency: "EUR"});
        mops("cart", {id: 7, quantity: 2});
        mops("checkout", {id: "c1", total: 259.8});
        mops("order", {id: 1001, total: 259.8, currency: "EUR", products: [{id: 7, quantity: 2}]});
        mops("identify", "customer-9", {plan: "gold"});
        mops("track", "Wishlist Shared", {items: 3});
    }""")
    page.reload()
    page.evaluate('mops("order", {id: 1001, total: 259.8, currency: "EUR"})')
    site.wait(page, lambda: site.names.count("page") == 2 and "Wishlist Shared" in site.names)
    page.wait_for_timeout(700)
    assert site.named("Product Viewed")[0]["properties"]["product_id"] == "7"
    assert site.named("Product Added")[0]["properties"] == {"quantity": 2, "product_id": "7"}
    assert site.named("Checkout Started")[0]["properties"] == {"total": 259.8, "order_id": "c1"}
    orders = [event for batch in site.batches for event in batch["batch"] if event.get("event") == "Order Completed"]
    assert orders[0]["properties"]["products"] == [{"product_id": "7", "quantity": 2}]
    assert {event["messageId"] for event in orders} == {"order-sample-key-1001"}  # loaded again, it is the same order
    assert len(orders) == 2
    assert site.named("identify")[0]["traits"] == {"plan": "gold"}
    assert site.named("Wishlist Shared")[0]["userId"] == "customer-9"
