"""Short ways to write rows in tests."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tracking.row_rules import OrderRow, RefundRow

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def order(order_id: str = "A-1", **values: Any) -> OrderRow:
    row = OrderRow(order_id, NOON, Decimal("119.00"), Decimal("100.00"), "EUR", customer_key="c-1")
    return row._replace(**values)


def refund(refund_id: str = "R-1", order_id: str = "A-1", **values: Any) -> RefundRow:
    return RefundRow(refund_id, order_id, NOON, Decimal("11.90"), Decimal("10.00"), "EUR")._replace(**values)
