"""The builder in a real browser: rules built by keyboard and mouse, their counts held against SQL written by hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.db import connection
from django.urls import reverse
from playwright.sync_api import expect

from segments.models import Segment
from tests.segments.pages.street import DAY, HOUR, Street
from tests.workspaces.test_browser import LOOKS, log_in, violations
from tracking.models import Purpose
from workspaces.models import User, Workspace

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def errors(page: "Page") -> list[str]:
    """Script errors and refusals by the content security policy. htmx calls a request that a newer one replaced an error too."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda line: found.append(line.text) if line.type == "error" and "htmx:" not in line.text else None)
    return found


@pytest.fixture
def street(workspace: Workspace) -> Street:
    """Twelve people of every kind the rules below tell apart."""
    cache.clear()
    street = Street(workspace)
    for number in range(12):
        street.does(f"u-{number}", "Product Viewed", number * 20 * DAY + HOUR, product_id=f"P-{number % 4}")
    for number in range(0, 12, 2):
        street.does(f"u-{number}", "Product Added", DAY, product_id="P-9")
        street.does(f"u-{number}", "Product Clicked", 2 * DAY, product_id=f"P-{number % 4}")
    for number in (1, 4, 7):
        street.does(f"u-{number}", "Lead Generated", 3 * DAY)
    for user, days in (("u-3", 1), ("u-3", 2), ("u-3", 3), ("u-5", 1), ("u-5", 4)):
        street.does(user, "Product Viewed", days * DAY)
    street.settle()
    for user, net, ago in (
        ("u-0", 600, DAY / 2),
        ("u-2", 40, 60 * DAY),
        ("u-3", 300, 40 * DAY),
        ("u-3", 250, 35 * DAY),
        ("u-7", 90, DAY),
    ):
        street.buys(user, net, ago)
    street.settle()
    return street


@pytest.fixture
def builder(page: "Page", live_server: "LiveServer", street: Street, bob: User) -> "Builder":
    log_in(page, live_server, bob)
    page.goto(live_server.url + reverse("segments:new", args=["nordlicht"]))
    return Builder(page)


class Builder:
    """Somebody at the keyboard: every step waits for what it changes, as people do."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def input(self, name: str) -> "Locator":
        return self.page.locator(f'[name="{name}"]')

    @contextmanager
    def redraw(self) -> Iterator[None]:
        """Waits until the rows are drawn anew and htmx has taken them over."""
        before = self.page.query_selector("#blocks")
        yield
        assert before
        before.wait_for_element_state("hidden")
        self.page.locator("#blocks:not(.htmx-added):not(.htmx-settling)").wait_for()

    def choose(self, name: str, label: str) -> None:
        """In a select that decides which inputs follow."""
        with self.redraw():
            self.input(name).select_option(label=label)

    def pick(self, name: str, label: str) -> None:
        self.input(name).select_option(label=label)

    def type(self, name: str, text: str) -> None:
        self.input(name).focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def complete(self, name: str, text: str) -> None:
        """A text that decides which inputs follow, left with the Tab key."""
        with self.redraw():
            self.type(name, text)
            self.page.keyboard.press("Tab")

    def press(self, name: str, rows: int) -> None:
        """A button by keyboard, until the builder has this many rows."""
        button = self.page.get_by_role("button", name=name, exact=True).last
        button.focus()
        with self.redraw():
            self.page.keyboard.press("Enter")
        self.has_rows(rows)

    def has_rows(self, number: int) -> None:
        expect(self.page.locator("[data-row]")).to_have_count(number)

    def counts(self, number: int) -> None:
        self.page.locator(f'[data-exact][data-size="{number}"]').wait_for()

    def save(self, name: str) -> Segment:
        self.type("name", name)
        self.page.get_by_role("button", name="Save and build").click()
        self.page.wait_for_url("**/segments/*/")
        return Segment.objects.get(name=name)


def cart_abandoned(builder: Builder) -> None:
    builder.choose("b0r0.field", "Event")
    builder.complete("b0r0.name", "Product Added")
    builder.choose("b0r0.window", "in the last … days")
    builder.type("b0r0.days", "7")
    builder.press("And another block", 2)
    builder.choose("b1r0.field", "Number of orders")
    builder.pick("b1r0.operator", "exactly")
    builder.type("b1r0.value", "0")
    builder.choose("b1r0.window", "in the last … days")
    builder.type("b1r0.days", "7")


def high_value(builder: Builder) -> None:
    builder.choose("b0r0.field", "Revenue")
    builder.type("b0r0.value", "500")


def inactive(builder: Builder) -> None:
    builder.choose("b0r0.field", "Any activity")
    builder.choose("b0r0.measure", "last time")
    builder.type("b0r0.value", "60")


def new_lead(builder: Builder) -> None:
    builder.choose("b0r0.field", "Event")
    builder.complete("b0r0.name", "Lead Generated")
    builder.choose("b0r0.window", "in the last … days")
    builder.type("b0r0.days", "7")
    builder.press("Leave people out", 2)
    builder.choose("b1r0.field", "Number of orders")
    builder.type("b1r0.value", "1")


def last_purchase(builder: Builder) -> None:
    builder.choose("b0r0.field", "Last order")
    builder.type("b0r0.value", "30")


def three_visits(builder: Builder) -> None:
    builder.choose("b0r0.field", "Any activity")
    builder.choose("b0r0.measure", "in different visits")
    builder.type("b0r0.value", "3")
    builder.choose("b0r0.window", "in the last … days")
    builder.type("b0r0.days", "7")


def certain_products(builder: Builder) -> None:
    builder.choose("b0r0.field", "Event")
    builder.complete("b0r0.name", "Product Clicked")
    builder.press("Add a condition on a property", 1)
    builder.type("b0r0.f0.property", "product_id")
    builder.choose("b0r0.f0.operator", "is one of (comma separated)")
    builder.type("b0r0.f0.value", "P-0, P-3")


EVENTS = "SELECT profile_id FROM tracking_event WHERE state = 'stored' AND workspace_id = %(workspace)s AND profile_id IS NOT NULL"
ORDERS = """
SELECT c.profile_id FROM tracking_order o JOIN tracking_customer c ON c.id = o.customer_id WHERE o.workspace_id = %(workspace)s
"""
CASES: dict[str, tuple[Callable[[Builder], None], str, int]] = {  # what is built, the same by hand, how many that must be
    "cart abandoned": (cart_abandoned, f"""
        {EVENTS} AND name = 'Product Added' AND occurred_at > %(now)s::timestamptz - interval '7 days'
        EXCEPT {ORDERS} AND o.ordered_at > %(now)s::timestamptz - interval '7 days'""", 5),
    "high value": (high_value, f"{ORDERS} GROUP BY 1 HAVING sum(o.net) >= 500", 2),
    "inactive": (inactive, f"""
        SELECT profile_id FROM ({EVENTS} GROUP BY 1 HAVING max(occurred_at) < %(now)s::timestamptz - interval '60 days')
        AS quiet""", 2),
    "new lead": (new_lead, f"""
        {EVENTS} AND name = 'Lead Generated' AND occurred_at > %(now)s::timestamptz - interval '7 days' EXCEPT {ORDERS}""", 2),
    "last purchase more than 30 days ago": (last_purchase, f"""
        {ORDERS} GROUP BY 1 HAVING max(o.ordered_at) < %(now)s::timestamptz - interval '30 days'""", 2),
    "three visits in 7 days": (three_visits, f"""
        {EVENTS} AND occurred_at > %(now)s::timestamptz - interval '7 days'
        GROUP BY 1 HAVING count(DISTINCT session_id) >= 3""", 3),
    "clicks on certain products": (certain_products, f"""
        {EVENTS} AND name = 'Product Clicked' AND properties ->> 'product_id' IN ('P-0', 'P-3')""", 3),
}  # fmt: skip


def by_hand(sql: str, street: Street) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"workspace": street.workspace.pk, "now": street.now})
        return {profile_id for (profile_id,) in cursor.fetchall()}


@pytest.mark.parametrize("name", CASES)
def test_it_is_built_in_the_browser_and_counts_what_sql_counts(
    builder: Builder, street: Street, name: str, errors: list[str]
) -> None:
    build, sql, number = CASES[name]
    expected = by_hand(sql, street)
    assert len(expected) == number
    build(builder)
    builder.counts(number)
    segment = builder.save(name)
    street.settle()
    assert street.members(segment) == expected
    builder.page.reload()
    assert builder.page.locator("#size").inner_text() == str(number)
    assert errors == []


def test_edits_are_undone_and_redone_by_keys_and_buttons(builder: Builder) -> None:
    builder.choose("b0r0.field", "Revenue")
    builder.type("b0r0.value", "500")
    builder.counts(2)
    builder.type("b0r0.value", "100")
    builder.counts(2)
    builder.press("And another block", 2)
    builder.page.locator("#b1r0-field").focus()
    with builder.redraw():
        builder.page.keyboard.press("ControlOrMeta+z")
    builder.has_rows(1)
    with builder.redraw():
        builder.page.get_by_role("button", name="Undo", exact=True).click()
    expect(builder.input("b0r0.value")).to_have_value("500")
    builder.page.get_by_role("button", name="Redo", exact=True).click()
    expect(builder.input("b0r0.value")).to_have_value("100")


def test_a_new_row_gets_the_focus(builder: Builder) -> None:
    builder.choose("b0r0.field", "Revenue")
    builder.press("Or another condition", 2)
    expect(builder.page.locator("#b0r1-field")).to_be_focused()


def test_values_are_suggested_from_the_data(builder: Builder) -> None:
    certain_products(builder)
    builder.input("b0r0.f0.value").blur()
    builder.input("b0r0.f0.value").focus()
    expect(builder.page.locator("#b0r0-f0-value-list option")).to_have_count(2)
    offered = builder.page.locator("#b0r0-f0-value-list option").evaluate_all("options => options.map(one => one.value)")
    assert set(offered) == {"P-0", "P-2"}


def test_the_sentence_stands_beside_the_rule_in_both_languages(builder: Builder, street: Street) -> None:
    Purpose.objects.create(workspace=street.workspace, key="email", name="Newsletter")
    high_value(builder)
    builder.counts(2)
    assert "500" in builder.page.locator(".rule-words[lang=en]").inner_text()
    builder.page.locator(".rule-other summary").click()
    assert "500" in builder.page.locator(".rule-words[lang=de]").inner_text()


def test_everything_works_without_a_script(live_server: "LiveServer", street: Street, bob: User, page: "Page") -> None:
    log_in(page, live_server, bob)
    assert page.context.browser
    plain = page.context.browser.new_context(java_script_enabled=False)
    plain.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    bare = plain.new_page()
    bare.goto(live_server.url + reverse("segments:new", args=["nordlicht"]))
    bare.locator('[name="b0r0.field"]').select_option(label="Revenue")
    bare.get_by_role("button", name="Refresh inputs and count").click()
    bare.locator('[name="b0r0.value"]').fill("500")
    bare.get_by_role("button", name="Or another condition").click()
    bare.locator('[name="b0r1.field"]').select_option(label="Number of orders")
    bare.get_by_role("button", name="Refresh inputs and count").click()
    bare.locator('[name="b0r1.value"]').fill("1")
    bare.get_by_role("button", name="Refresh inputs and count").click()
    assert bare.locator("[data-exact]").get_attribute("data-size") == "4"
    bare.locator('[name="name"]').fill("Without a script")
    bare.get_by_role("button", name="Save and build").click()
    assert Segment.objects.get().name == "Without a script"
    plain.close()


@LOOKS
def test_every_page_of_segments_is_accessible(
    page: "Page", live_server: "LiveServer", street: Street, alice: User, errors: list[str], size: dict[str, int], theme: str
) -> None:
    User.objects.update(theme=theme)
    log_in(page, live_server, alice)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(live_server.url + reverse("segments:new", args=["nordlicht"]))
    builder = Builder(page)
    cart_abandoned(builder)
    builder.counts(5)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    segment = builder.save("Cart abandoned")
    street.settle()
    person = street.uuid("u-2")
    pages: list[tuple[str, list[object]]] = [(name, [segment.pk]) for name in ("detail", "members", "versions", "figures", "edit")]
    pages += [("person", [person]), ("list", []), ("new_list", [])]
    for name, args in pages:
        page.goto(live_server.url + reverse(f"segments:{name}", args=["nordlicht", *args]))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert violations(page) == [], name
    assert errors == []


def test_a_person_is_explained_in_place(page: "Page", live_server: "LiveServer", street: Street, alice: User) -> None:
    log_in(page, live_server, alice)
    page.goto(live_server.url + reverse("segments:new", args=["nordlicht"]))
    builder = Builder(page)
    last_purchase(builder)
    builder.counts(2)
    builder.save("Bought long ago")
    street.settle()
    page.goto(live_server.url + reverse("segments:person", args=["nordlicht", street.uuid("u-2")]))
    page.get_by_role("link", name="Why: Bought long ago").click()
    page.get_by_text("Would leave if one of these no longer held").wait_for()
    assert "segment=" not in page.url


def test_a_build_shows_how_far_it_is_until_it_is_done(builder: Builder, street: Street) -> None:
    high_value(builder)
    builder.counts(2)
    segment = builder.save("Spenders")
    builder.page.get_by_text("Waiting for its turn").wait_for()
    street.settle()
    builder.page.get_by_text("Waiting for its turn").wait_for(state="detached")
    assert builder.page.locator("#size").inner_text() == "2"
    assert segment.name in builder.page.title()
