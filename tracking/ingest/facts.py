"""Orders and refunds out of events, stored where those of API and files are.

Of several events about one order the latest by time counts, whenever it arrives, and a browser's only where no other source
sent one; its origin is its own, else its visit's.
"""

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.db import connection

from tracking import orders, refunds, row_rules
from tracking.ingest.acquisition import as_origin
from tracking.ingest.arrival import Arrival
from tracking.models import Order, Refund
from tracking.outcome import Refused
from tracking.row_rules import OrderRow, RefundRow
from workspaces.models import Workspace

KEYS = {"order": "order_id", "refund": "refund_id"}
Told = OrderRow | RefundRow


class Fact(NamedTuple):
    """An event about an order."""

    id: int
    received_at: datetime
    occurred_at: datetime
    message_id: str
    user_id: str
    properties: dict[str, Any]
    by_browser: bool
    acquisition: dict[str, Any] | None  # its own, else its visit's


class Note(NamedTuple):
    """Why an event made no order."""

    event_id: int
    received_at: datetime
    reason: str


def store(arrivals: Sequence[Arrival], visited: Collection[tuple[int, str]], workspaces: dict[int, Workspace]) -> list[Note]:
    """Store the orders and refunds these events tell of, and those of the visits they changed: (workspace id, order id)."""
    notes: list[Note] = []
    for workspace_id, workspace in workspaces.items():
        own = [arrival for arrival in arrivals if arrival.workspace_id == workspace_id]
        keys = {(a.kind, order_key(a.properties, a.kind)) for a in own if a.kind in KEYS}
        notes += [
            Note(a.id, a.received_at, "order_id is missing") for a in own if a.kind in KEYS and not order_key(a.properties, a.kind)
        ]
        keys |= {("order", key) for owner, key in visited if owner == workspace_id}
        notes += _store_orders(workspace, sorted(key for kind, key in keys if kind == "order"))
        notes += _store_refunds(workspace, sorted(key for kind, key in keys if kind == "refund"))
    return notes


def order_key(properties: dict[str, Any], kind: str) -> str:
    """What names the order or refund; a refund without an id of its own is named after its order."""
    for name in (KEYS[kind], "order_id"):
        value = properties.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


KEY = {
    "order": "e.properties->>'order_id'",
    "refund": "coalesce(nullif(e.properties->>'refund_id', ''), e.properties->>'order_id')",
}
FACTS = """
SELECT DISTINCT ON ({key}) e.id, e.received_at, e.occurred_at, e.message_id, e.user_id, e.properties::text,
    source.kind = 'browser', coalesce(e.acquisition, nullif(session.acquisition, '{{}}'))::text
FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
LEFT JOIN tracking_session session ON session.id = e.session_id
WHERE e.workspace_id = %s AND e.state = 'stored' AND e.kind = %s AND e.kind IN ('order', 'refund') AND {key} = ANY(%s)
ORDER BY {key}, source.kind = 'browser', e.occurred_at DESC, e.message_id DESC
"""


def _facts(workspace: Workspace, kind: str, keys: Sequence[str]) -> list[Fact]:
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(FACTS.format(key=KEY[kind]), [workspace.pk, kind, list(keys)])
        return [Fact._make((*row[:5], json.loads(row[5]), row[6], json.loads(row[7] or "null"))) for row in cursor.fetchall()]


def told(workspace: Workspace, kind: str, keys: Sequence[str]) -> dict[str, Told]:
    """What the stored events say of these orders or refunds, by their id; those nobody tells of are missing."""
    read: Callable[[Workspace, Fact], Told] = _order if kind == "order" else _refund
    return {order_key(fact.properties, kind): read(workspace, fact) for fact in _facts(workspace, kind, keys)}


def store_again(workspace: Workspace, kind: str, keys: Sequence[str]) -> None:
    """Store these orders or refunds as the events tell that are there now."""
    (_store_orders if kind == "order" else _store_refunds)(workspace, keys)


def is_as_told(row: Order | Refund, told: Told) -> bool:
    """Whether a stored row is what the events told, and nobody who keeps the books changed it since."""
    if isinstance(row, Order) and row.source not in (Order.Source.SHOP, Order.Source.WEBSITE):
        return False
    at = row.ordered_at if isinstance(row, Order) else row.refunded_at
    told_at = told.ordered_at if isinstance(told, OrderRow) else told.refunded_at
    money = [row_rules.stored(amount) for amount in (told.gross, told.net, told.margin)]
    return [row.gross, row.net, row.margin, row.currency, at] == [*money, told.currency.upper(), told_at]


def _store_orders(workspace: Workspace, keys: Sequence[str]) -> list[Note]:
    notes: list[Note] = []
    found = _facts(workspace, "order", keys)
    for source, by_browser in ((Order.Source.SHOP, False), (Order.Source.WEBSITE, True)):
        if facts := [fact for fact in found if fact.by_browser is by_browser]:
            outcome = orders.store(workspace, [_order(workspace, fact) for fact in facts], source)
            notes += _notes(facts, outcome.refused)
    return notes


def _store_refunds(workspace: Workspace, keys: Sequence[str]) -> list[Note]:
    facts = _facts(workspace, "refund", keys)
    outcome = refunds.store(workspace, [_refund(workspace, fact) for fact in facts]) if facts else None
    return _notes(facts, outcome.refused) if outcome else []


def _notes(facts: Sequence[Fact], refused: Sequence[Refused]) -> list[Note]:
    return [Note(facts[index].id, facts[index].received_at, reason) for index, reason in refused]


def _order(workspace: Workspace, fact: Fact) -> OrderRow:
    """Gross is `total`, else `value`; net is `revenue` (Segment: without VAT and shipping), else gross less `tax`."""
    said = fact.properties
    gross = amount(said, "total", "value", "revenue")
    revenue, tax = amount(said, "revenue"), amount(said, "tax")
    net = revenue if not revenue.is_nan() else gross - (Decimal(0) if tax.is_nan() else tax)
    come = fact.acquisition or {}
    origin = as_origin(come)
    return OrderRow(
        order_key(said, "order"), fact.occurred_at, gross, net, currency(said, workspace), fact.user_id[:120],
        utm_source=origin.utm_source, utm_medium=origin.utm_medium, utm_campaign=origin.utm_campaign, utm_id=come.get("utm_id", ""),
        gclid=origin.gclid, fbclid=origin.fbclid, referrer=origin.referrer,
    )  # fmt: skip


def _refund(workspace: Workspace, fact: Fact) -> RefundRow:
    said = fact.properties
    gross = amount(said, "total", "value", "revenue")
    revenue = amount(said, "revenue")
    net = gross if revenue.is_nan() else revenue
    order_id = said.get("order_id")
    return RefundRow(order_key(said, "refund"), str(order_id or ""), fact.occurred_at, gross, net, currency(said, workspace))


def amount(said: dict[str, Any], *names: str) -> Decimal:
    """The first of these properties that is there; NaN, which no order may have, when none is an amount."""
    for name in names:
        value = said.get(name)
        if value is None or value == "" or isinstance(value, bool):
            continue
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return Decimal("NaN")
    return Decimal("NaN")


def currency(said: dict[str, Any], workspace: Workspace) -> str:
    value = said.get("currency")
    return value if isinstance(value, str) and value else workspace.currency
