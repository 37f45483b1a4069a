"""What is given back of an order: by whom, how often, how much at most, and under which name."""

import json
from datetime import timedelta
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
from tests.tracking.shopping import REFUND, SALE, TEN, books, browser, drain, given_back, placed, state, tell
from tests.tracking.test_collector_faults import a_shop, shop_hook
from tracking import orders, refunds
from tracking.ingest import naming, run
from tracking.models import Event, Order, Refund, Source
from workspaces.models import Workspace


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
