"""The snippets of docs/recipes do in a browser what their page says. PHP and the Tag Manager's own parts are not run."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from tests.tracking.script.managers import DENIED, GTAG, MANAGERS
from tests.tracking.script.site import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SALE = {"transaction_id": "1001", "value": 259.8, "currency": "EUR", "items": [{"item_id": "7", "quantity": 2, "price": 129.9}]}


def snippets(recipe: str, language: str, site: Site) -> list[str]:
    """The code blocks of a recipe, for this site."""
    text = (settings.BASE_DIR / "docs" / "recipes" / f"{recipe}.md").read_text()
    found = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [code.replace("https://mops.example.org", site.url).replace("WRITEKEY", "sample-key") for code in found]


def open_page(page: "Page", site: Site, *parts: str) -> None:
    site.pages["/"] = (
        f"<!doctype html><html lang=de><head><title>Shop</title><link rel=icon href=data:,>{''.join(parts)}</head></html>"
    )
    page.goto(site.url)


def test_the_plain_snippet_with_the_shops_events(page: "Page", site: Site, errors: list[str]) -> None:
    tag, _, events, *_ = snippets("website", "html", site)
    open_page(page, site, f"<script>{MANAGERS['cookiebot'].head}</script>", tag, events)
    page.wait_for_timeout(800)
    assert site.batches == []
    page.evaluate("choose(true)")
    site.wait(page, lambda: "Wishlist Shared" in site.names)
    names = ["page", "Product Viewed", "Product Added", "Checkout Started", "Order Completed", "identify", "Wishlist Shared"]
    assert site.names == names
    assert errors == []


def test_the_banner_with_its_buttons_in_the_footer(page: "Page", site: Site, errors: list[str]) -> None:
    *_, banner, footer = snippets("website", "html", site)
    open_page(page, site, banner, "<body>", footer)
    page.get_by_role("button", name="Zustimmen").click()
    site.wait(page, lambda: site.names == ["page"])
    page.get_by_role("button", name="Privacy settings").click()
    page.get_by_role("button", name="Schließen").click()
    page.get_by_role("button", name="Withdraw consent").click()
    page.wait_for_timeout(200)
    assert [cookie["name"] for cookie in page.context.cookies()] == []
    assert errors == []


def test_the_tag_manager_in_the_browser(page: "Page", site: Site, errors: list[str]) -> None:
    tag, order = snippets("gtm-web", "html", site)
    open_page(page, site, f"<script>{GTAG} gtag('consent', 'default', {DENIED})</script>", tag, tag,
              order.replace("{{DLV ecommerce}}", json.dumps(SALE)))  # fmt: skip
    page.wait_for_timeout(800)
    assert site.batches == []
    page.evaluate("gtag('consent', 'update', {analytics_storage: 'granted'})")
    site.wait(page, lambda: "Order Completed" in site.names)
    assert site.names == ["page", "Order Completed"]  # once, although the tag fired twice
    product = {"product_id": "7", "price": 129.9, "quantity": 2}
    assert site.events[1]["properties"] == {"order_id": "1001", "total": 259.8, "currency": "EUR", "products": [product]}
    assert errors == []


def run_on_server(page: "Page", code: str, seen: dict[str, Any], site: Site) -> dict[str, Any]:
    """Run a template's code with the interfaces a server container gives it; what it sent and how it ended."""
    shim = """([code, seen, address]) => new Promise((done) => {
        const sent = [];
        const end = (how) => () => done({sent, how});
        const offered = {
            JSON, getAllEventData: () => seen, getTimestampMillis: () => Date.now(),
            sendHttpRequest: async (url, options, body) => {
                sent.push({url, options, body: JSON.parse(body)});
                return {statusCode: 200};
            },
        };
        new Function("require", "data", code)((name) => offered[name],
            {address, writeKey: "sample-key", gtmOnSuccess: end("success"), gtmOnFailure: end("failure")});
    })"""
    found: dict[str, Any] = page.evaluate(shim, [code, seen, site.url])
    return found


def test_the_tag_manager_on_a_server(page: "Page", site: Site) -> None:
    (code,) = snippets("gtm-server", "js", site)
    seen = {
        **SALE,
        "event_name": "purchase",
        "client_id": "c-1",
        "x-ga-gcs": "G101",
        "page_location": "https://shop.example/thanks",
    }
    sent = run_on_server(page, code, seen, site)
    assert (sent["how"], sent["sent"][0]["url"]) == ("success", f"{site.url}/v1/batch")
    event = sent["sent"][0]["body"]["batch"][0]
    assert (event["event"], event["anonymousId"], event["messageId"]) == ("Order Completed", "c-1", "order-sample-key-1001")
    assert event["context"]["consent"] == {"analytics_storage": "granted", "ad_storage": "denied"}
    for state in ("G110", "G100", "", None):
        assert run_on_server(page, code, {**seen, "x-ga-gcs": state}, site) == {"sent": [], "how": "success"}


def test_the_consent_of_wordpress(page: "Page", site: Site, errors: list[str]) -> None:
    (consent,) = snippets("woocommerce", "html", site)
    (php,) = snippets("woocommerce", "php", site)
    tag = "\n".join(line for line in php.splitlines() if line.startswith("<script"))
    open_page(page, site, "<script>window.wp_has_consent = () => false</script>", tag, consent)
    change = "document.dispatchEvent(new CustomEvent('wp_listen_for_consent_change', {detail: {statistics: '%s'}}))"
    page.evaluate(change % "allow")
    site.wait(page, lambda: site.names == ["page"])
    page.evaluate(change % "deny")
    assert page.context.cookies() == [] == errors


@pytest.mark.parametrize(("answer", "names"), [("yes", ["page"]), ("no", []), ("", [])])
def test_the_consent_of_shopify(page: "Page", site: Site, errors: list[str], answer: str, names: list[str]) -> None:
    privacy = f"{{currentVisitorConsent: () => ({{analytics: '{answer}'}}), analyticsProcessingAllowed: () => true}}"
    shopify = (
        f"<script>window.Shopify = {{loadFeatures(features, then) {{ Shopify.customerPrivacy = {privacy}; then(); }}}}</script>"
    )
    open_page(page, site, shopify, *snippets("shopify", "html", site))
    page.wait_for_timeout(1000)
    assert site.names == names
    page.evaluate("document.dispatchEvent(new CustomEvent('visitorConsentCollected', {detail: {analyticsAllowed: true}}))")
    site.wait(page, lambda: site.names == ["page"])
    assert errors == []
