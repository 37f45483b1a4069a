"""What shops tell by webhook: which orders are in the books, with which amounts, in any order of arrival."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.tracking.rows import order as a_row
from tests.tracking.sending import a_source
from tests.tracking.shopping import REFUND, TEN, books, browser, drain, given_back, placed, state, tell
from tests.tracking.test_collector_faults import SHOPIFY, WOO, a_shop, shop_hook
from tracking import invariants, orders
from tracking.collector import shops
from tracking.goals import computing
from tracking.models import Conversion, Event, Goal, Order, Refund, Rejection
from workspaces.models import Workspace


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
