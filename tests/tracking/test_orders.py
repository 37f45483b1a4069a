"""Orders: once, corrected when sent again, whatever the sequence."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.models import AdAccount, Connection, PlatformCampaign
from tests.tracking.rows import NOON, order, refund
from tracking import orders, refunds
from tracking.models import Customer, Order, Refund
from tracking.row_rules import OrderRow, RefundRow
from workspaces.models import Workspace


def test_it_stores_an_order_once_however_often_it_is_sent(workspace: Workspace) -> None:
    assert orders.store(workspace, [order()], "api").stored == 1
    assert orders.store(workspace, [order()], "api").unchanged == 1
    assert Order.objects.count() == 1


def test_it_corrects_an_order_sent_again_with_other_values(workspace: Workspace) -> None:
    orders.store(workspace, [order()], "api")
    assert orders.store(workspace, [order(gross=Decimal(150))], "api").corrected == 1
    assert Order.objects.get().gross == 150


def test_it_takes_the_last_of_two_rows_with_one_id(workspace: Workspace) -> None:
    outcome = orders.store(workspace, [order(), order(gross=Decimal(150))], "api")
    assert (outcome.stored, outcome.unchanged, Order.objects.get().gross) == (1, 1, 150)


def test_it_sees_no_change_in_more_digits_than_it_keeps(workspace: Workspace) -> None:
    row = order(gross=Decimal("119.12345678"), utm_campaign="long " * 100)
    orders.store(workspace, [row], "api")
    assert orders.store(workspace, [row], "api").unchanged == 1


def test_it_refuses_bad_rows_with_reasons_and_takes_the_others(workspace: Workspace) -> None:
    rows = [
        order("A-1"), order(""), order("A-2", gross=Decimal(-5)), order("A-3", currency="Euro"), order("A-4", gross=Decimal("NaN")),
        order("A-5", ordered_at=datetime(2199, 1, 1, tzinfo=UTC)), order("A-6", net=Decimal(200)), order("A\0"), order("A-7"),
    ]  # fmt: skip
    outcome = orders.store(workspace, rows, "api")
    assert [index for index, _ in outcome.refused] == [1, 2, 3, 4, 5, 6, 7]
    assert all(reason for _, reason in outcome.refused)
    assert set(Order.objects.values_list("order_id", flat=True)) == {"A-1", "A-7"}


def test_it_dates_the_order_in_the_workspace_zone(workspace: Workspace, other: Workspace) -> None:
    late = order(ordered_at=datetime(2026, 10, 1, 22, 30, tzinfo=UTC))  # half past midnight in Berlin, evening in New York
    orders.store(workspace, [late], "api")
    orders.store(other, [late], "api")
    assert Order.objects.get(workspace=workspace).day == date(2026, 10, 2)
    assert Order.objects.get(workspace=other).day == date(2026, 10, 1)


def test_it_moves_the_acquisition_to_an_earlier_order_that_comes_late(workspace: Workspace) -> None:
    orders.store(workspace, [order("A-2", utm_source="newsletter", utm_medium="email")], "api")
    earlier = order("A-1", ordered_at=NOON - timedelta(days=30), utm_source="google", utm_medium="cpc", utm_id="77")
    orders.store(workspace, [earlier], "api")
    customer = Customer.objects.get()
    assert (customer.first_order_at, customer.acquisition_channel) == (NOON - timedelta(days=30), "paid_search")
    assert customer.acquisition_campaign == "77"


def test_it_recomputes_both_customers_when_an_order_changes_hands(workspace: Workspace) -> None:
    orders.store(workspace, [order(customer_key="c-1")], "api")
    orders.store(workspace, [order(customer_key="c-2")], "api")
    assert Customer.objects.get(key="c-1").first_order_at is None
    assert Customer.objects.get(key="c-2").first_order_at == NOON


def test_it_leaves_other_workspaces_alone(workspace: Workspace, other: Workspace) -> None:
    refunds.store(other, [refund()])
    orders.store(other, [order()], "api")
    before = list(Order.objects.filter(workspace=other).values())
    orders.store(workspace, [order(gross=Decimal(500))], "api")
    refunds.store(workspace, [refund(gross=Decimal(50))])
    assert list(Order.objects.filter(workspace=other).values()) == before
    assert Refund.objects.get(workspace=other).order.workspace == other  # type: ignore[union-attr]


def test_it_takes_the_channel_from_the_platform_campaign_the_link_names(workspace: Workspace) -> None:
    platform_campaign(workspace, "7001", "cross_network")
    orders.store(workspace, [order(utm_source="google", utm_medium="cpc", utm_id="7001")], "api")
    assert (Order.objects.get().channel, Order.objects.get().channel_rule) == ("cross_network", "platform_campaign")


def test_it_regroups_orders_when_their_campaign_becomes_known(workspace: Workspace) -> None:
    orders.store(workspace, [order(utm_source="google", utm_medium="cpc", utm_id="7001")], "api")
    platform_campaign(workspace, "7001", "cross_network")
    assert orders.regroup(workspace) == 1
    assert orders.regroup(workspace) == 0
    assert (Order.objects.get().channel, Customer.objects.get().acquisition_channel) == (
        "cross_network",
        "cross_network",
    )


@pytest.mark.parametrize("rows", [100, 1_000])
def test_it_needs_the_same_few_queries_for_any_number_of_rows(workspace: Workspace, rows: int) -> None:
    batch = [order(f"A-{n}", customer_key=f"c-{n % 50}", utm_id="7001") for n in range(rows)]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        orders.store(workspace, batch, "api")
    assert len(queries) <= 16


def test_it_links_a_refund_that_came_before_its_order(workspace: Workspace) -> None:
    assert refunds.store(workspace, [refund()]).stored == 1
    assert Refund.objects.get().order is None
    orders.store(workspace, [order()], "api")
    assert Refund.objects.get().order == Order.objects.get()
    assert refunds.store(workspace, [refund()]).unchanged == 1


def test_it_refuses_refunds_with_negative_amounts(workspace: Workspace) -> None:
    outcome = refunds.store(workspace, [refund(gross=Decimal(-1), net=Decimal(-1)), refund("R-2")])
    assert [index for index, _ in outcome.refused] == [0]
    assert outcome.stored == 1


ORDERS = [
    order(f"A-{n}", customer_key=f"c-{n % 3}" if n % 4 else "", ordered_at=NOON - timedelta(days=n % 5),
          utm_medium=medium, utm_source="google")
    for n, medium in enumerate(["cpc", "email", "", "affiliate", "organic", "cpc", "social"])
]  # fmt: skip
REFUNDS = [refund(f"R-{n}", f"A-{n}") for n in (0, 1, 9)]
TOLD = [  # by events: more than was paid
    refund(f"T-{n}", "A-0", refunded_at=NOON + timedelta(hours=n % 2), gross=gross, net=net)
    for n, (gross, net) in enumerate([(Decimal(60), None), (None, None), (Decimal(50), Decimal(45)), (Decimal(5), None)])
]
EVERY = [*ORDERS, *REFUNDS, *TOLD]
Row = OrderRow | RefundRow


def final_state(workspace: Workspace, batches: list[list[Row]]) -> tuple[list[object], ...]:
    """Everything that is shown, after the batches; nothing of it stays."""
    with transaction.atomic():
        for batch in batches:
            refunds.store(workspace, [row for row in batch if isinstance(row, RefundRow) and row not in TOLD])
            refunds.store(workspace, [row for row in batch if row in TOLD], "shop")
            orders.store(workspace, [row for row in batch if isinstance(row, OrderRow)], "api")
        state = (
            list(Order.objects.order_by("order_id").values_list("order_id", "customer__key", "day", "gross", "channel")),
            list(Refund.objects.order_by("refund_id").values_list("refund_id", "order__order_id", "gross", "net")),
            list(Customer.objects.order_by("key").values_list("key", "first_order_at", "acquisition_channel")),
        )
        transaction.set_rollback(True)
    return state


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_ends_in_the_same_state_for_every_sequence_repetition_and_cut(workspace: Workspace, data: st.DataObject) -> None:
    rows: list[Row] = data.draw(st.permutations([*EVERY, *data.draw(st.lists(st.sampled_from(EVERY)))]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(rows)), max_size=4)) | {0, len(rows)})
    batches = [rows[start:end] for start, end in pairwise(cuts)]
    assert final_state(workspace, batches) == final_state(workspace, [EVERY])


def test_a_refund_cut_to_its_order_follows_what_becomes_of_the_order(workspace: Workspace) -> None:
    def given() -> list[tuple[Decimal, Decimal]]:
        return list(Refund.objects.order_by("refund_id").values_list("gross", "net"))

    orders.store(workspace, [order("A-0")], "api")
    refunds.store(workspace, TOLD[:3], "shop")
    assert given() == [(60, Decimal("50.42")), (9, Decimal("7.56")), (50, 45)]
    orders.store(workspace, [order("A-0", gross=Decimal(80), net=Decimal(70))], "api")
    assert given() == [(60, Decimal("52.5")), (0, 0), (20, 18)]
    refunds.remove(workspace, list(Refund.objects.filter(refund_id="T-0")))
    assert given() == [(30, Decimal("26.25")), (50, 45)]
    orders.remove(workspace, list(Order.objects.all()))
    assert given() == [(0, 0), (50, 45)]


def platform_campaign(workspace: Workspace, external_id: str, channel: str) -> PlatformCampaign:
    connected = Connection(workspace=workspace, platform="google_ads", name="Google (sample)")
    connected.credentials = {}
    connected.save()
    account = AdAccount.objects.create(workspace=workspace, connection=connected, platform="google_ads", external_id="1",
                                       name="Shop (sample)", currency="EUR", time_zone="Europe/Berlin")  # fmt: skip
    return PlatformCampaign.objects.create(
        workspace=workspace, account=account, external_id=external_id, name="PMax", channel=channel
    )


def test_a_browser_fills_a_gap_and_corrects_nothing_that_the_books_say(workspace: Workspace) -> None:
    seen = order(gross=Decimal(130), customer_key="")
    assert orders.store(workspace, [seen], "website").stored == 1
    assert orders.store(workspace, [seen._replace(gross=Decimal(135))], "website").corrected == 1
    assert orders.store(workspace, [order(margin=Decimal(30))], "api").corrected == 1
    assert orders.store(workspace, [seen], "website").unchanged == 1
    assert Order.objects.values_list("gross", "margin", "source").get() == (Decimal(119), Decimal(30), "api")
