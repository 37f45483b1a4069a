"""What shops tell by webhook: which orders are in the books, with which amounts, in any order of arrival."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import permutations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.rows import order as a_row
from tests.tracking.rows import refund as a_refund
from tests.tracking.sending import a_source, send
from tests.tracking.test_collector_faults import SHOPIFY, WOO, a_shop, shop_hook
from tracking import invariants, orders, refunds
from tracking.collector import shops
from tracking.goals import computing
from tracking.ingest import naming, run
from tracking.models import Conversion, Customer, Event, Goal, Order, Profile, Refund, Rejection, Source
from tracking.rights import erasure, person
from workspaces.models import Workspace

TEN = datetime(2026, 11, 1, 10, tzinfo=UTC)
AGREED = {"consent": {"purposes": {"analytics": True}}}
TIMES = {"shopify": ("created_at", "updated_at"), "woocommerce": ("date_created_gmt", "date_modified_gmt")}
REFUND = {
    "id": 1,
    "order_id": 4711,
    "created_at": "2026-11-03T10:00:00Z",
    "transactions": [{"amount": "119.00", "currency": "EUR"}],
}


def drain() -> None:
    while run.run_batch():
        pass
    while computing.run_waiting():
        pass


def state(dialect: str, minutes: int, total: str = "119.00", **said: Any) -> dict[str, Any]:
    """An order placed at ten, as it is some minutes later."""
    created, changed = TIMES[dialect]
    like, name = (SHOPIFY, "total_price") if dialect == "shopify" else (WOO, "total")
    times = {created: TEN.isoformat(), changed: (TEN + timedelta(minutes=minutes)).isoformat()}
    return {**like, "id": 4711, name: total, "refunds": [], **times, **said}


def browser(workspace: Workspace) -> Source:
    return a_source(workspace, "browser")


def placed(source: Source, order_id: str = "4711", at: datetime = TEN, query: str = "", referrer: str = "") -> None:
    """A visit, and the order at its end."""
    thanks = {"page": {"url": "https://shop.example/thanks", "referrer": referrer}}
    page = {"type": "page", "anonymousId": "a-1", "timestamp": (at - timedelta(minutes=2)).isoformat(),
            "context": {**AGREED, "page": {"url": f"https://shop.example/{query}"}}}  # fmt: skip
    order = {"type": "track", "event": "Order Completed", "anonymousId": "a-1", "timestamp": at.isoformat(),
             "context": {**AGREED, **thanks},
             "properties": {"order_id": order_id, "total": 119, "tax": 19, "currency": "EUR"}}  # fmt: skip
    assert send(source, "batch", {"batch": [page, order]}).status_code == 200


def tell(source: Source, name: str, at: datetime = TEN, **properties: Any) -> None:
    event = {"event": name, "userId": "u-1", "timestamp": at.isoformat(), "properties": {"currency": "EUR", **properties},
             "context": AGREED}  # fmt: skip
    assert send(source, "track", event).status_code == 200


def books() -> list[tuple[str, Decimal, Decimal]]:
    return list(Order.objects.order_by("order_id").values_list("order_id", "gross", "net"))


def given_back() -> list[tuple[Decimal, Decimal]]:
    return list(Refund.objects.order_by("gross").values_list("gross", "net"))


# which deliveries are one
def test_two_orders_of_one_second_are_two_although_woocommerce_gives_them_one_delivery_id(workspace: Workspace) -> None:
    source = a_shop(workspace, "woocommerce")
    for number in (1, 2):
        shop_hook(source, {**WOO, "id": number}, "order.created", delivery="same")
    shop_hook(source, {**WOO, "id": 2, "total": "11.90", "total_tax": "1.90"}, "order.updated", delivery="same")
    shop_hook(source, {**WOO, "id": 2, "total": "11.90", "total_tax": "1.90"}, "order.updated", delivery="same")
    drain()
    assert Order.objects.count() == 2
    assert Event.objects.filter(kind="order").count() == 3
    assert invariants.broken(datetime(2020, 1, 1, tzinfo=UTC)) == []


# the latest state
@pytest.mark.parametrize("sequence", list(permutations(range(3))))
@pytest.mark.parametrize("dialect", ["shopify", "woocommerce"])
def test_the_latest_state_wins_in_any_order_of_arrival(workspace: Workspace, dialect: str, sequence: tuple[int, ...]) -> None:
    source = a_shop(workspace, dialect)
    topics = (
        ("orders/create", "orders/updated", "orders/updated") if dialect == "shopify" else ("order.created", *["order.updated"] * 2)
    )
    states = [state(dialect, 0), state(dialect, 60, "89.00"), state(dialect, 90, "59.50", total_tax="9.50")]
    for place in sequence:
        shop_hook(source, states[place], topics[place], delivery=f"d-{place}")
        drain()
    assert books() == [("4711", Decimal("59.5"), 50)]
    assert Order.objects.get().ordered_at == TEN


def test_of_two_states_in_one_second_the_later_step_counts(workspace: Workspace) -> None:
    source = a_shop(workspace, "woocommerce")
    for place, status in enumerate(("processing", "pending")):
        shop_hook(source, state("woocommerce", 0, status=status), "order.updated", delivery=f"d-{place}")
    drain()
    assert len(books()) == 1


# what is a sale
@pytest.mark.parametrize(("status", "is_sale"), [
    ("processing", True), ("completed", True), ("on-hold", True), ("refunded", True), ("pending", False), ("checkout-draft", False),
    ("auto-draft", False), ("failed", False), ("cancelled", False), ("trash", False), ("shipped-by-a-plugin", True),
])  # fmt: skip
def test_woocommerce_sells_what_was_paid_or_is_waited_for(workspace: Workspace, status: str, is_sale: bool) -> None:
    shop_hook(a_shop(workspace, "woocommerce"), {**WOO, "status": status}, "order.created")
    drain()
    assert Order.objects.exists() is is_sale
    assert Refund.objects.exists() is is_sale


def test_a_test_order_of_shopify_is_refused_with_the_reason(workspace: Workspace) -> None:
    shop_hook(a_shop(workspace, "shopify"), {**SHOPIFY, "test": True}, "orders/create")
    assert Rejection.objects.get().detail == "A test order."


@pytest.mark.parametrize("off", [{"financial_status": "voided"}, {"cancelled_at": "2026-11-01T12:00:00Z"}])
@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_a_cancelled_order_leaves_the_books_with_its_refund(
    workspace: Workspace, off: dict[str, str], sequence: tuple[int, ...]
) -> None:
    source = a_shop(workspace, "shopify")
    told = [(state("shopify", 0), "orders/create"), (state("shopify", 90, **off), "orders/updated"), (REFUND, "refunds/create")]
    for place in sequence:
        shop_hook(source, *told[place], delivery=f"d-{place}")
        drain()
    assert (books(), given_back()) == ([], [])
    assert Event.objects.filter(name="Order Cancelled", kind="order").count() == 1


def test_an_order_that_is_paid_after_all_is_back_in_the_books_with_its_refund(workspace: Workspace) -> None:
    source = a_shop(workspace, "woocommerce")
    for minutes, status in ((0, "pending"), (5, "failed"), (9, "processing")):
        told = state("woocommerce", minutes, status=status, refunds=[{"id": 3, "total": "-9.50"}])
        shop_hook(source, told, "order.updated", delivery=status)
        drain()
        assert len(books()) == len(given_back()) == (status == "processing")


def test_woocommerce_names_the_payment_an_order_and_what_follows_an_update() -> None:
    headers = {"X-WC-Webhook-Topic": "order.updated"}
    paid = {"status": "processing", "date_paid_gmt": TEN.isoformat()}
    names = [shops.woocommerce(state("woocommerce", minutes, **paid), headers)[0]["event"] for minutes in (0, 60)]
    assert names == ["Order Completed", "Order Updated"]


def test_an_event_takes_no_order_of_api_or_file_back(workspace: Workspace) -> None:
    orders.store(workspace, [a_row("4711")], "api")
    shop_hook(a_shop(workspace, "shopify"), SHOPIFY, "orders/cancelled")
    drain()
    assert Order.objects.get().source == "api"


def test_a_browser_cancels_only_what_a_browser_sold(workspace: Workspace) -> None:
    source, shop = browser(workspace), a_shop(workspace, "shopify")
    placed(source, "1")
    placed(source, "4711")
    shop_hook(shop, SHOPIFY, "orders/create")
    for order_id in ("1", "4711"):
        tell(source, "Order Cancelled", TEN + timedelta(days=1), order_id=order_id)
    drain()
    assert [order_id for order_id, *_ in books()] == ["4711"]


# money given back
SALE: dict[str, Any] = {"order_id": "O", "total": 119, "tax": 19}


@pytest.mark.parametrize("is_late", [True, False])
@pytest.mark.parametrize(("said", "amounts"), [
    ({"total": 119, "revenue": 90}, (119, 90)), ({"total": 119, "tax": 10}, (119, 109)),
    ({"total": "59.50"}, (Decimal("59.5"), 50)), ({}, (119, 100)),
])  # fmt: skip
def test_net_follows_from_tax_or_from_the_order_whichever_comes_first(
    workspace: Workspace, said: dict[str, Any], amounts: tuple[Any, Any], is_late: bool
) -> None:
    source = a_source(workspace)
    for name in ("Order Refunded", "Order Completed") if is_late else ("Order Completed", "Order Refunded"):
        tell(source, name, **SALE if name == "Order Completed" else {"order_id": "O", **said})
        drain()
    assert given_back() == [amounts]


def test_amounts_follow_an_order_of_the_api_too_and_its_correction(workspace: Workspace) -> None:
    tell(a_source(workspace), "Order Refunded", order_id="O", total="59.50")
    drain()
    assert given_back() == [(Decimal("59.5"), Decimal("59.5"))]
    orders.store(workspace, [a_row("O")], "api")
    assert given_back() == [(Decimal("59.5"), 50)]
    orders.store(workspace, [a_row("O", net=Decimal(119))], "api")
    assert given_back() == [(Decimal("59.5"), Decimal("59.5"))]


def test_partial_refunds_without_an_id_are_each_booked_once(workspace: Workspace) -> None:
    source = a_source(workspace)
    tell(source, "Order Completed", **SALE)
    for total in (20, 30):
        event = {
            "event": "Order Refunded",
            "userId": "u",
            "messageId": f"m-{total}",
            "properties": {"order_id": "O", "total": total},
        }
        for _again in range(2):
            send(source, "track", event)
    drain()
    assert [gross for gross, _ in given_back()] == [20, 30]


def test_an_order_is_given_back_whole_once_however_often_that_is_told(workspace: Workspace) -> None:
    source = a_source(workspace)
    tell(source, "Order Completed", **SALE)
    for seconds in range(3):
        tell(source, "Order Refunded", TEN + timedelta(seconds=seconds), order_id="O")
        drain()
    assert given_back() == [(119, 100)]


def test_a_browser_gives_an_order_back_once_and_never_more_than_it(workspace: Workspace) -> None:
    source = browser(workspace)
    placed(source, "W")
    for seconds in range(3):
        tell(source, "Order Refunded", TEN + timedelta(seconds=seconds), order_id="W", total=5, currency="KWD")
    drain()
    assert given_back() == [(5, Decimal("4.2"))]
    for seconds in range(3):
        tell(
            source,
            "Order Refunded",
            TEN + timedelta(days=1, seconds=seconds),
            order_id="W",
            refund_id=seconds,
            total=70,
            revenue=63,
        )
    drain()
    assert list(Refund.objects.order_by("refunded_at").values_list("gross", "net", "currency")) == [
        (5, Decimal("4.2"), "EUR"), (70, 63, "EUR"), (44, Decimal("39.6"), "EUR"), (0, 0, "EUR"),
    ]  # fmt: skip


def test_what_a_shop_gives_back_comes_before_what_a_browser_says(workspace: Workspace) -> None:
    web, source = browser(workspace), a_source(workspace)
    placed(web, "W")
    tell(web, "Order Refunded", order_id="W")
    tell(source, "Order Refunded", TEN + timedelta(days=1), order_id="W", refund_id="R", total=100)
    drain()
    refunds.store(workspace, [a_refund("A", "W")])
    assert [gross for gross, _ in given_back()] == [Decimal("7.1"), Decimal("11.9"), 100]


def test_of_an_order_a_hundred_refunds_are_kept_the_earliest(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refunds, "MOST", 2)
    source = browser(workspace)
    for number in (3, 1, 2):
        tell(source, "Order Refunded", TEN + timedelta(days=number), order_id="W", refund_id=f"R-{number}", total=5)
    for step in ("Order Completed", "Order Cancelled", "Order Completed"):
        tell(source, step, TEN + timedelta(hours=Event.objects.count()), order_id="W", total=119)
        drain()
    assert list(Refund.objects.order_by("refund_id").values_list("refund_id", flat=True)) == ["R-1", "R-2"]
    tell(source, "Order Refunded", TEN, order_id="W", refund_id="R-0", total=5)
    drain()
    assert list(Refund.objects.order_by("refund_id").values_list("refund_id", flat=True)) == ["R-0", "R-1"]


def test_an_order_that_stays_in_the_books_does_not_look_at_its_refunds_again(workspace: Workspace) -> None:
    source = a_source(workspace)
    tell(source, "Order Completed", **SALE)
    for number in range(3):
        tell(source, "Order Refunded", order_id="O", refund_id=number, total=5)
    drain()
    tell(source, "Order Updated", TEN + timedelta(hours=1), **SALE | {"total": 130})
    with CaptureQueriesContext(connection) as queries:
        run.run_batch()
    assert not [query for query in queries if "e.kind = 'refund'" in query["sql"]]
    assert Order.objects.get().gross == 130


def test_what_the_api_says_of_a_refund_stays_whatever_events_say_later(workspace: Workspace) -> None:
    source = a_source(workspace)
    tell(source, "Order Completed", **SALE)
    tell(source, "Order Refunded", order_id="O", refund_id="R", total=10)
    drain()
    refunds.store(workspace, [a_refund("R", "O", gross=Decimal(50), net=Decimal(42))])
    tell(source, "Order Updated", TEN + timedelta(hours=1), **SALE)
    tell(source, "Order Refunded", TEN + timedelta(hours=2), order_id="O", refund_id="R", total=11)
    drain()
    assert list(Refund.objects.values_list("gross", "net", "source")) == [(50, 42, "api")]


@pytest.mark.parametrize("refund_id", [12.5, True, {"a": 1}, [], None, ""])
def test_a_refund_whose_id_is_none_is_named_after_its_message(workspace: Workspace, refund_id: Any) -> None:
    source = a_source(workspace)
    tell(source, "Order Completed", **SALE)
    drain()
    for seconds in range(2):
        tell(source, "Order Refunded", TEN + timedelta(seconds=seconds), order_id="O", refund_id=refund_id, total=10)
        drain()
    assert [gross for gross, _ in given_back()] == [10, 10]


def test_an_order_id_that_is_none_does_not_hide_one_that_is(workspace: Workspace) -> None:
    source = a_source(workspace)
    for seconds, order_id in enumerate(("12.5", 12.5)):
        tell(source, "Order Completed", TEN + timedelta(seconds=seconds), order_id=order_id, total=10)
    drain()
    assert [order_id for order_id, *_ in books()] == ["12.5"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
    | st.sampled_from(["", "1", "1.0", 1e3]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2), max_leaves=3,
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.fixed_dictionaries({}, optional=dict.fromkeys(("order_id", "refund_id", "total", "value", "revenue"), JSON)),
    kind=st.sampled_from(["browser", "server"]), fact=st.sampled_from(["order", "refund"]),
)  # fmt: skip
def test_python_and_sql_name_alike(db: None, said: dict[str, Any], kind: str, fact: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT e.properties::text, coalesce({naming.KEY[fact]}, '')"
            " FROM (SELECT %s::jsonb AS properties, 'm' AS message_id) e, (SELECT %s AS kind) source",
            [json.dumps(said), kind],
        )
        stored, key = cursor.fetchone()
    assert naming.key_of(fact, json.loads(stored), "m", by_browser=kind == "browser") == key


def test_refunds_of_before_are_named_after_their_message_and_stay_one(workspace: Workspace) -> None:
    source, migration = a_source(workspace), import_module("tracking.migrations.0018_orders_of_shops")
    tell(source, "Order Completed", **SALE)
    tell(source, "Order Refunded", order_id="O", total=30)
    drain()
    Refund.objects.update(refund_id="O", source="api", derived="", net=30)
    with connection.cursor() as cursor:
        cursor.execute(migration.NAME_AFTER_MESSAGES)
        cursor.execute(migration.NAME_SOURCES)
    tell(source, "Order Updated", TEN + timedelta(hours=1), **SALE)
    drain()
    assert list(Refund.objects.values_list("source", "gross")) == [("shop", 30)]


def test_a_refund_is_named_even_after_the_longest_message(workspace: Workspace) -> None:
    event = {"event": "Order Refunded", "userId": "u", "messageId": "m" * 255, "properties": {"order_id": "O", "total": 5}}
    send(a_source(workspace), "track", event)
    drain()
    assert given_back() == [(5, 5)]


def test_shopify_tells_the_tax_of_what_was_given_back(workspace: Workspace) -> None:
    lines = {"refund_line_items": [{"subtotal": 100, "total_tax": 15}],
             "order_adjustments": [{"kind": "shipping_refund", "amount": "-4.00", "tax_amount": "-4.00"}]}  # fmt: skip
    shop_hook(a_shop(workspace, "shopify"), {**REFUND, **lines}, "refunds/create")
    drain()
    assert given_back() == [(119, 100)]


@pytest.mark.parametrize("sequence", list(permutations(("order", "refund", "books"))))
def test_a_browser_gives_back_only_what_a_browser_sold(workspace: Workspace, sequence: tuple[str, ...]) -> None:
    source = browser(workspace)
    placed(source, "W")
    for step in sequence:
        if step == "order":
            placed(source, "A")
        elif step == "books":
            orders.store(workspace, [a_row("A")], "api")
        else:
            for order_id in ("A", "W"):
                tell(source, "Order Refunded", order_id=order_id, refund_id=f"R-{order_id}", total=99)
        drain()
    assert list(Refund.objects.values_list("refund_id", flat=True)) == ["R-W"]


def test_a_browser_does_not_change_a_refund_others_told_of(workspace: Workspace) -> None:
    source = browser(workspace)
    placed(source, "W")
    drain()
    refunds.store(workspace, [a_refund("R", "W")])
    tell(source, "Order Refunded", order_id="W", refund_id="R", total=99)
    drain()
    assert given_back() == [(Decimal("11.9"), 10)]


# visit and order
@pytest.mark.parametrize("is_late", [True, False])
def test_a_shops_order_takes_the_origin_of_the_visit_that_told_of_it(workspace: Workspace, is_late: bool) -> None:
    source, shop = browser(workspace), a_shop(workspace, "woocommerce")
    if is_late:
        placed(source, query="?utm_source=google&utm_medium=cpc")
        drain()
    shop_hook(shop, state("woocommerce", 0, meta_data=[]), "order.created")
    drain()
    if not is_late:
        placed(source, query="?utm_source=google&utm_medium=cpc")
        drain()
    order = Order.objects.get()
    assert (order.source, order.channel) == ("shop", "paid_search")


def test_an_origin_of_the_orders_own_counts_before_the_visits(workspace: Workspace) -> None:
    placed(browser(workspace), query="?utm_source=google&utm_medium=cpc")
    shop_hook(a_shop(workspace, "woocommerce"), state("woocommerce", 0), "order.created")
    drain()
    assert Order.objects.get().channel == "email"


def test_a_payment_page_is_not_where_an_order_came_from(workspace: Workspace) -> None:
    placed(browser(workspace), query="?utm_source=google&utm_medium=cpc", referrer="https://www.paypal.com/")
    drain()
    assert (Order.objects.get().channel, Order.objects.get().referrer) == ("paid_search", "")


def test_a_refund_makes_no_person_of_its_own(workspace: Workspace) -> None:
    source = a_shop(workspace, "shopify")
    shop_hook(source, {**SHOPIFY, "customer": None}, "orders/create")
    shop_hook(source, REFUND, "refunds/create", delivery="d-2")
    drain()
    assert Profile.objects.count() == 1


# time, origin and buyer of an order
@pytest.mark.parametrize("sequence", list(permutations(range(3))))
def test_an_order_keeps_the_time_and_the_origin_it_was_told_with_first(workspace: Workspace, sequence: tuple[int, ...]) -> None:
    source = a_source(workspace)
    told = [("Order Completed", 0, {"campaign": {"source": "google", "medium": "cpc"}}), ("Order Updated", 5, {}),
            ("Order Updated", 9, {"page": {"referrer": "https://blog.example/"}})]  # fmt: skip
    for place in sequence:
        name, days, context = told[place]
        send(source, "track", {"event": name, "userId": "u-1", "timestamp": (TEN + timedelta(days=days)).isoformat(),
                               "properties": SALE, "context": context})  # fmt: skip
        drain()
    order = Order.objects.get()
    assert (order.ordered_at, order.channel) == (TEN, "paid_search")


def test_a_browser_does_not_move_the_day_of_a_shops_order(workspace: Workspace) -> None:
    placed(browser(workspace), "O", at=TEN - timedelta(days=9))
    drain()
    tell(a_source(workspace), "Order Completed", **SALE)
    drain()
    assert Order.objects.get().ordered_at == TEN


def test_a_late_event_moves_no_order_of_somebody_erased(workspace: Workspace) -> None:
    source = a_source(workspace)
    come = {"page": {"url": "https://shop.example/?gclid=X"}}
    send(source, "identify", {"userId": "u-1", "traits": {"email": "erika@example.org"}})
    for days, context in ((0, come), (9, {})):
        send(source, "track", {"event": "Order Updated", "userId": "u-1", "timestamp": (TEN + timedelta(days=days)).isoformat(),
                               "properties": SALE | {"total": 119 + days}, "context": context})  # fmt: skip
        drain()
        if not days:
            erasure.erase(person.find(workspace, "email", "erika@example.org"))
    order = Order.objects.select_related("customer").get()
    assert (order.gross, order.ordered_at, order.channel, order.gclid) == (128, TEN, "paid_search", "")
    assert order.customer
    assert order.customer.key.startswith("erased-")
    assert Customer.objects.count() == 1


def test_nobody_buys_under_the_key_of_somebody_erased(workspace: Workspace) -> None:
    source = a_source(workspace)
    for number, user in enumerate(("erased-1", "u-1")):
        event = {"event": "Order Completed", "userId": user, "timestamp": (TEN + timedelta(hours=number)).isoformat()}
        send(source, "track", {**event, "properties": SALE})
        drain()
    assert list(Customer.objects.values_list("key", flat=True)) == ["u-1"]


# conversions
@pytest.mark.parametrize("sequence", [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0]])
@pytest.mark.parametrize("counting", ["always", "session", "person"])
def test_an_order_converts_once_and_with_its_visit(workspace: Workspace, counting: str, sequence: list[int]) -> None:
    goal = Goal.objects.create(workspace=workspace, name="Orders", event="Order Completed", counting=counting)
    source, shop = browser(workspace), a_shop(workspace, "shopify")
    tomorrow = 24 * 60
    hooks = [("orders/create", 0), ("orders/paid", tomorrow), ("orders/updated", 9), ("orders/updated", 2 * tomorrow)]
    for place in sequence:
        if place == 4:
            placed(source, query="?utm_source=google&utm_medium=cpc", at=TEN + timedelta(days=1))
        else:
            topic, minutes = hooks[place]
            shop_hook(shop, state("shopify", minutes), topic, delivery=f"d-{place}")
        drain()
    assert list(Conversion.objects.filter(goal=goal).values_list("channel", "visitor")) == [("paid_search", "a-1")]


def test_an_order_told_twice_is_one_in_what_a_goal_would_count(workspace: Workspace) -> None:
    shop = a_shop(workspace, "shopify")
    for place, topic in enumerate(("orders/create", "orders/paid")):
        shop_hook(shop, state("shopify", place), topic, delivery=f"d-{place}")
    drain()
    goal = Goal(workspace=workspace, event="Order Completed", value_property="total")
    assert computing.count(workspace, goal, TEN - timedelta(days=1), TEN + timedelta(days=1)) == (1, 119)


def test_each_body_of_a_webhook_is_an_event_of_its_own() -> None:
    headers = {"X-WC-Webhook-Topic": "order.updated", "X-WC-Webhook-Delivery-ID": "d"}
    bodies = [json.loads(json.dumps(state("woocommerce", minutes))) for minutes in (0, 0, 1)]
    ids = [shops.woocommerce(body, headers)[0]["messageId"] for body in bodies]
    assert (ids[0] == ids[1], len(set(ids))) == (True, 2)


# several shops in one workspace
def another_shop(workspace: Workspace, name: str) -> Source:
    shop: Source = a_shop(workspace, "woocommerce")
    shop.name = name
    shop.save()
    return shop


def test_refunds_of_one_number_are_two_where_two_shops_count_alike(workspace: Workspace) -> None:
    first, second = (another_shop(workspace, name) for name in "AB")
    for minutes in (5, 9):  # a later state of the order lists its refunds again
        for source, order_id, total in ((first, 101, "-10.00"), (second, 102, "-20.00")):
            told = state("woocommerce", minutes, refunds=[{"id": 17, "total": total}]) | {"id": order_id}
            shop_hook(source, told, "order.updated", delivery=f"d-{order_id}-{minutes}")
    drain()
    assert [(row.order_id_text, row.gross, row.refunded_at) for row in Refund.objects.order_by("order_id_text")] == [
        ("101", 10, TEN + timedelta(minutes=5)), ("102", 20, TEN + timedelta(minutes=5))]  # fmt: skip
    assert list(Refund.objects.order_by("order_id_text").values_list("refund_id", flat=True)) == ["17", "102-17"]
    assert Event.objects.filter(kind="refund").count() == 2


def test_a_refund_told_again_through_another_source_of_the_same_shop_is_one(workspace: Workspace) -> None:
    for minutes in (5, 9):
        told = state("woocommerce", minutes, refunds=[{"id": 17, "total": "-10.00"}])
        shop_hook(another_shop(workspace, str(minutes)), told, "order.updated", delivery=f"d-{minutes}")
    drain()
    assert Event.objects.filter(kind="refund").count() == 1
    assert [gross for gross, _ in given_back()] == [10]


@pytest.mark.parametrize(
    "amounts", [("9e999999", "-9e999999"), ("Infinity", "Infinity"), ("sNaN", 1), (1, "sNaN"), ("1e30", "-1e30")]
)
def test_amounts_nobody_can_subtract_stop_no_event(workspace: Workspace, amounts: tuple[Any, Any]) -> None:
    source = a_source(workspace)
    for name in ("Order Completed", "Order Refunded"):
        tell(source, name, order_id="O", total=amounts[0], tax=amounts[1])
    drain()
    assert list(Event.objects.values_list("state", flat=True)) == ["stored"] * 2
    assert not Rejection.objects.exists()
