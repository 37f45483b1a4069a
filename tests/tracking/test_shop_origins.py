"""Where and when an order came from, and what no later event may change about it."""

from datetime import timedelta
from itertools import permutations

import pytest

from tests.tracking.sending import a_source, send
from tests.tracking.shopping import REFUND, SALE, TEN, browser, drain, placed, state, tell
from tests.tracking.test_collector_faults import SHOPIFY, a_shop, shop_hook
from tracking.models import Customer, Order, Profile
from tracking.rights import erasure, person
from workspaces.models import Workspace


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
