"""Orders and refunds out of events, stored where those of API and files are.

Of several events about one order the latest by time counts, whenever it arrives, and a browser's only where no other source
sent one. An order the latest event calls pending or cancelled is not in the books. Its origin is what its event says by UTM
values or a click id, else that of the visit in which it was placed; a mere referrer may be that of a payment page.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import connection

from mops.lib.locks import lock_in_transaction
from tracking import orders, refunds, row_rules
from tracking.collector.parse import instant
from tracking.ingest.acquisition import CLICK_IDS, UTM, as_origin
from tracking.ingest.arrival import Arrival
from tracking.ingest.kinds import ORDER_STATES, is_sale
from tracking.models import Order, Refund
from tracking.outcome import Refused
from tracking.row_rules import KEY_LENGTH, OrderRow, RefundRow
from workspaces.models import Workspace

Source = Order.Source
Told = OrderRow | RefundRow
GROSS = ("total", "value", "revenue")


class Fact(NamedTuple):
    """An event about an order."""

    id: int
    received_at: datetime
    occurred_at: datetime
    message_id: str
    name: str
    user_id: str
    properties: dict[str, Any]
    by_browser: bool
    acquisition: dict[str, Any] | None  # its own
    visit: dict[str, Any] | None  # of its visit; None where it has none
    placed: dict[str, Any] | None  # of the earliest visit any event about the order has

    @property
    def origin(self) -> dict[str, Any]:
        own = self.acquisition or {}
        if any(own.get(name) for name in (*UTM, *CLICK_IDS)):
            return own
        return (self.placed or own) if self.visit is None else self.visit


class Note(NamedTuple):
    """Why an event made no order."""

    event_id: int
    received_at: datetime
    reason: str


def store(arrivals: Sequence[Arrival], visited: Collection[tuple[int, str]], workspaces: dict[int, Workspace]) -> list[Note]:
    """Store the orders and refunds these events tell of, and those of the visits they changed: (workspace id, order id)."""
    notes: list[Note] = []
    for workspace_id, workspace in sorted(workspaces.items()):
        told = [a for a in arrivals if a.workspace_id == workspace_id and a.kind in KEY]
        named = [(a.kind, order_key(a.kind, a.properties, a.message_id)) for a in told]
        notes += [Note(a.id, a.received_at, "order_id is missing") for a, (_, key) in zip(told, named, strict=True) if not key]
        placed = {key for owner, key in visited if owner == workspace_id} | {key for kind, key in named if kind == "order"}
        if named or placed:
            lock_in_transaction("orders", workspace_id)  # two batches that tell of one order must see each other's events
        notes += _store_orders(workspace, sorted(placed - {""}))
        notes += _store_refunds(workspace, sorted({key for kind, key in named if kind == "refund"} - {""}))
    return notes


def order_key(kind: str, properties: dict[str, Any], message_id: str) -> str:
    """What names the order or refund; a refund without an id of its own is named after its message. "" for neither."""
    return _id(properties, "order_id") if kind == "order" else _id(properties, "refund_id") or message_id


def _id(properties: dict[str, Any], name: str) -> str:
    value = properties.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


KEY = {
    "order": "e.properties->>'order_id'",
    "refund": "coalesce(nullif(e.properties->>'refund_id', ''), e.message_id)",
}
FACTS = """
SELECT DISTINCT ON ({key}) e.id, e.received_at, e.occurred_at, e.message_id, e.name, e.user_id, e.properties::text,
    source.kind = 'browser', e.acquisition::text, session.acquisition::text,
    (first_value(session.acquisition) OVER (PARTITION BY {key} ORDER BY session.id IS NULL, e.occurred_at, e.message_id))::text
FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
LEFT JOIN tracking_session session ON session.id = e.session_id
WHERE e.workspace_id = %s AND e.state = 'stored' AND e.kind = '{kind}' AND e.kind IN ('order', 'refund') AND {key} = ANY(%s)
ORDER BY {key}, source.kind = 'browser', e.occurred_at DESC,
    array_position(%s::text[], replace(lower(trim(e.name)), '_', ' ')) DESC NULLS LAST, e.message_id DESC
"""
OF_ORDERS = f"""
SELECT DISTINCT {KEY["refund"]} FROM tracking_event e
WHERE e.workspace_id = %s AND e.state = 'stored' AND e.kind = 'refund' AND e.kind IN ('order', 'refund')
    AND {KEY["order"]} = ANY(%s)
"""  # noqa: S608  only names of ours


def _facts(workspace: Workspace, kind: str, keys: Collection[str]) -> list[Fact]:
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(FACTS.format(key=KEY[kind], kind=kind), [workspace.pk, list(keys), list(ORDER_STATES)])
        return [Fact._make((*row[:6], json.loads(row[6]), row[7], *map(_loaded, row[8:]))) for row in cursor.fetchall()]


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def told(workspace: Workspace, kind: str, keys: Sequence[str]) -> dict[str, Told]:
    """What the stored events say of these orders or refunds, by their id; those that are none by them are missing."""
    found = {order_key(kind, fact.properties, fact.message_id): fact for fact in _facts(workspace, kind, keys)}
    if kind == "refund":
        return {key: _refund(workspace, fact) for key, fact in found.items()}
    return {key: _order(workspace, fact) for key, fact in found.items() if is_sale(fact.name)}


def followed(workspace: Workspace, kind: str, keys: Sequence[str]) -> dict[str, int]:
    """By order or refund id: the id of the stored event that counts for it."""
    return {order_key(kind, fact.properties, fact.message_id): fact.id for fact in _facts(workspace, kind, keys)}


def store_again(workspace: Workspace, kind: str, keys: Sequence[str]) -> None:
    """Store these orders or refunds as the events tell that are there now."""
    act: Callable[[Workspace, Sequence[str]], list[Note]] = _store_orders if kind == "order" else _store_refunds
    act(workspace, keys)


def is_as_told(row: Order | Refund, told: Told) -> bool:
    """Whether a stored row is what the events told, and nobody who keeps the books changed it since."""
    if isinstance(row, Order) and row.source not in (Source.SHOP, Source.WEBSITE):
        return False
    if isinstance(told, RefundRow) and told.gross is None:
        return bool(isinstance(row, Refund) and row.derived == Refund.Derived.WHOLE and row.refunded_at == told.refunded_at)
    at = row.ordered_at if isinstance(row, Order) else row.refunded_at
    told_at = told.ordered_at if isinstance(told, OrderRow) else told.refunded_at
    net = row.net if told.net is None else row_rules.stored(told.net)
    money = [row_rules.stored(told.gross), net, row_rules.stored(told.margin)]
    return [row.gross, row.net, row.margin, row.currency, at] == [*money, told.currency.upper(), told_at]


def _store_orders(workspace: Workspace, keys: Sequence[str]) -> list[Note]:
    """With the orders those of their refunds that depend on whether and whose the order is."""
    notes: list[Note] = []
    found = _facts(workspace, "order", keys)
    for source, by_browser in ((Source.SHOP, False), (Source.WEBSITE, True)):
        facts = [fact for fact in found if fact.by_browser is by_browser]
        if sales := [fact for fact in facts if is_sale(fact.name)]:
            outcome = orders.store(workspace, [_order(workspace, fact) for fact in sales], source)
            notes += _notes(sales, outcome.refused)
        if others := [_id(fact.properties, "order_id") for fact in facts if not is_sale(fact.name)]:
            orders.withdraw(workspace, others, [Source.WEBSITE] if by_browser else [Source.SHOP, Source.WEBSITE])
    if found:
        with connection.cursor() as cursor:
            cursor.execute(OF_ORDERS, [workspace.pk, [_id(fact.properties, "order_id") for fact in found]])
            given_back = sorted(row[0] for row in cursor.fetchall())
        notes += _store_refunds(workspace, given_back)
    return notes


def _store_refunds(workspace: Workspace, keys: Sequence[str]) -> list[Note]:
    """Of an order that was withdrawn nothing is given back; a browser gives back only what a browser sold."""
    found = _facts(workspace, "refund", keys)
    if not found:
        return []
    order_ids = {_id(fact.properties, "order_id") for fact in found}
    booked = dict(Order.objects.filter(workspace=workspace, order_id__in=order_ids).values_list("order_id", "source"))
    withdrawn = {
        _id(fact.properties, "order_id")
        for fact in _facts(workspace, "order", order_ids)
        if not (fact.by_browser or is_sale(fact.name))
    }
    notes: list[Note] = []
    for source, by_browser in ((Source.SHOP, False), (Source.WEBSITE, True)):
        facts = [fact for fact in found if fact.by_browser is by_browser and _counts(fact, booked, withdrawn)]
        if facts:
            outcome = refunds.store(workspace, [_refund(workspace, fact) for fact in facts], source)
            notes += _notes(facts, outcome.refused)
    return notes


def _counts(fact: Fact, booked: dict[str, str], withdrawn: Collection[str]) -> bool:
    order_id = _id(fact.properties, "order_id")
    if fact.by_browser:
        return booked.get(order_id) == Source.WEBSITE
    return order_id in booked or order_id not in withdrawn


def _notes(facts: Sequence[Fact], refused: Iterable[Refused]) -> list[Note]:
    return [Note(facts[index].id, facts[index].received_at, reason) for index, reason in refused]


def _order(workspace: Workspace, fact: Fact) -> OrderRow:
    """Gross is `total`, else `value`; net is `revenue` (Segment: without VAT and shipping), else gross less `tax`."""
    said, come = fact.properties, fact.origin
    gross = amount(said, *GROSS)
    net = _net(said, gross)
    origin = as_origin(come)
    return OrderRow(
        _id(said, "order_id"), instant(said.get("ordered_at")) or fact.occurred_at, gross, gross if net is None else net,
        currency(said, workspace), fact.user_id[:KEY_LENGTH],
        utm_source=origin.utm_source, utm_medium=origin.utm_medium, utm_campaign=origin.utm_campaign, utm_id=come.get("utm_id", ""),
        gclid=origin.gclid, fbclid=origin.fbclid, referrer=origin.referrer,
    )  # fmt: skip


def _refund(workspace: Workspace, fact: Fact) -> RefundRow:
    """Without an amount it is the whole order; without `revenue` and `tax` net follows from the order."""
    said = fact.properties
    key = order_key("refund", said, fact.message_id)
    gross = amount(said, *GROSS) if any(_is_said(said, name) for name in GROSS) else None
    return RefundRow(
        key if len(key) <= KEY_LENGTH else sha256(key.encode()).hexdigest(), _id(said, "order_id"), fact.occurred_at, gross,
        None if gross is None else _net(said, gross), currency(said, workspace),
    )  # fmt: skip


def _net(said: dict[str, Any], gross: Decimal) -> Decimal | None:
    """`revenue`, else gross less `tax`; None where neither is there."""
    revenue, tax = amount(said, "revenue"), amount(said, "tax")
    if not revenue.is_nan():
        return revenue
    return None if tax.is_nan() else gross - tax


def _is_said(said: dict[str, Any], name: str) -> bool:
    value = said.get(name)
    return value is not None and value != "" and not isinstance(value, bool)


def amount(said: dict[str, Any], *names: str) -> Decimal:
    """The first of these properties that is there; NaN, which no order may have, when none is an amount."""
    for name in names:
        if _is_said(said, name):
            try:
                return Decimal(str(said[name]))
            except InvalidOperation:
                return Decimal("NaN")
    return Decimal("NaN")


def currency(said: dict[str, Any], workspace: Workspace) -> str:
    value = said.get("currency")
    return value if isinstance(value, str) and value else workspace.currency
