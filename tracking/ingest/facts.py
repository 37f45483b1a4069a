"""Orders and refunds out of events, stored where those of API and files are.

Of several events about one order the latest by time counts, whenever it arrives, and a browser's only where no other source
sent one. An order the latest event calls pending or cancelled is not in the books. Its time is what its event says, else that of
the earliest event about it. Its origin is what its event says by UTM values or a click id, else that of the visit in which it was
placed; a mere referrer may be that of a payment page. What nobody says any more since its events are gone stays as it is.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import connection

from mops.lib.locks import lock_in_transaction
from tracking import orders, refunds, row_rules
from tracking.arrays import rows_of
from tracking.collector.parse import instant
from tracking.ingest.acquisition import CLICK_IDS, UTM, as_origin
from tracking.ingest.arrival import Arrival
from tracking.ingest.kinds import ORDER_STATES, is_sale
from tracking.ingest.naming import GROSS, KEY, NAMED, OF_ORDER, id_of, is_said, key_of
from tracking.models import Order, Refund
from tracking.models import Source as Sender
from tracking.outcome import Refused
from tracking.row_rules import KEY_LENGTH, OrderRow, RefundRow
from workspaces.models import Workspace

Source = Order.Source
Told = OrderRow | RefundRow
DIGITS = 30  # of an amount: those of a million digits, and infinite ones, cannot be subtracted


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
    said: dict[str, Any] | None  # of the earliest event of its kind of source that says most of where it came from
    first_at: datetime  # of the events of its kind of source

    @property
    def ordered_at(self) -> datetime | None:
        return instant(self.properties.get("ordered_at"))

    @property
    def origin(self) -> dict[str, Any] | None:
        """None where no event about the order says anything, and none has a visit."""
        if _is_named(self.acquisition):
            return self.acquisition
        if self.visit is not None:
            return self.visit
        return self.said if _is_named(self.said) else self.placed or self.acquisition or self.said or self.placed


def _is_named(acquisition: dict[str, Any] | None) -> bool:
    return any((acquisition or {}).get(name) for name in (*UTM, *CLICK_IDS))


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
        named = [
            (a.kind, key_of(a.kind, a.properties, a.message_id, by_browser=a.source_kind == Sender.Kind.BROWSER)) for a in told
        ]
        notes += [Note(a.id, a.received_at, "order_id is missing") for a, (_, key) in zip(told, named, strict=True) if not key]
        placed = {key for owner, key in visited if owner == workspace_id} | {key for kind, key in named if kind == "order"}
        if named or placed:
            lock_in_transaction("orders", workspace_id)  # two batches that tell of one order must see each other's events
        notes += _store_orders(workspace, sorted(placed - {""}))
        notes += _store_refunds(workspace, sorted({key for kind, key in named if kind == "refund"} - {""}))
    return notes


def stored_id(key: str) -> str:
    """What a refund of this `key_of` is called in the books, where the longest message ids do not fit."""
    return key if len(key) <= KEY_LENGTH else sha256(key.encode()).hexdigest()


INDEXED = {
    "order": "e.properties->>'order_id' = ANY(%(keys)s)",
    "refund": f"({NAMED} = ANY(%(keys)s) OR e.properties->>'order_id' = ANY(%(of_orders)s))",
}
IS_NAMED = "concat(" + ", ".join(f"e.acquisition->>'{name}'" for name in (*UTM, *CLICK_IDS)) + ") <> ''"
OF_OTHERS = {  # what other events about it say: its first visit, where it came from, when it was first heard of
    "order": """
        first_value(visit) OVER (PARTITION BY key ORDER BY has_visit DESC, occurred_at, message_id) AS placed,
        first_value(acquisition) OVER (
            PARTITION BY key, by_browser ORDER BY is_named DESC, acquisition IS NULL, occurred_at, message_id) AS said,
        min(occurred_at) OVER (PARTITION BY key, by_browser) AS first_at""",
    "refund": "NULL AS placed, NULL AS said, occurred_at AS first_at",
}
FACTS = f"""
WITH told AS MATERIALIZED (
    SELECT {{key}} AS key, e.id, e.received_at, e.occurred_at, e.message_id, e.name, e.user_id, e.properties,
        source.kind = 'browser' AS by_browser, e.acquisition, {IS_NAMED} AS is_named,
        session.acquisition AS visit, session.id IS NOT NULL AS has_visit
    FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
    LEFT JOIN tracking_session session ON session.id = e.session_id
    WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.kind = '{{kind}}' AND e.kind IN ('order', 'refund')
        AND {{indexed}}
),
latest AS (
    SELECT DISTINCT ON (key) *, {{of_others}} FROM told WHERE key = ANY(%(keys)s)
    ORDER BY key, by_browser, occurred_at DESC,
        array_position(%(states)s::text[], replace(lower(trim(name)), '_', ' ')) DESC NULLS LAST, message_id DESC
)
SELECT id, received_at, occurred_at, message_id, name, user_id, properties::text, by_browser, acquisition::text, visit::text,
    placed::text, said::text, first_at
FROM latest ORDER BY key
"""  # noqa: S608  only names of ours
SAID_TIMES = f"""
SELECT DISTINCT {KEY["order"]}, source.kind = 'browser', (e.properties->'ordered_at')::text
FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.kind = 'order' AND e.kind IN ('order', 'refund')
    AND {INDEXED["order"]} AND {KEY["order"]} = ANY(%(keys)s) AND e.properties->'ordered_at' IS NOT NULL
"""  # noqa: S608  only names of ours
OF_ORDERS = f"""
SELECT key FROM (
    SELECT {KEY["refund"]} AS key, row_number() OVER (PARTITION BY e.properties->>'order_id'
        ORDER BY bool_and(source.kind = 'browser'), max(e.occurred_at), {KEY["refund"]}) AS place
    FROM tracking_event e JOIN tracking_source source ON source.id = e.source_id
    WHERE e.workspace_id = %s AND e.state = 'stored' AND e.kind = 'refund' AND e.kind IN ('order', 'refund')
        AND e.properties->>'order_id' = ANY(%s)
    GROUP BY {KEY["refund"]}, e.properties->>'order_id'
) AS told WHERE place <= %s
"""  # noqa: S608  only names of ours


def _facts(workspace: Workspace, kind: str, keys: Collection[str]) -> list[Fact]:
    if not keys:
        return []
    of_orders = [key.removeprefix(OF_ORDER) for key in keys if key.startswith(OF_ORDER)]
    values: dict[str, Any] = {"workspace": workspace.pk, "keys": list(keys), "states": list(ORDER_STATES), "of_orders": of_orders}
    with connection.cursor() as cursor:
        cursor.execute(FACTS.format(key=KEY[kind], kind=kind, indexed=INDEXED[kind], of_others=OF_OTHERS[kind]), values)
        rows = [(*row[:6], json.loads(row[6]), row[7], *map(_loaded, row[8:12]), row[12]) for row in cursor.fetchall()]
    return _dated(workspace, [Fact._make(row) for row in rows]) if kind == "order" else [Fact._make(row) for row in rows]


def _dated(workspace: Workspace, facts: list[Fact]) -> list[Fact]:
    """With the times that other events said, where the one that counts says none."""
    dateless = {(id_of(fact.properties, "order_id"), fact.by_browser) for fact in facts if not fact.ordered_at}
    if not dateless:
        return facts
    said: dict[tuple[str, bool], list[datetime]] = {}
    for key, by_browser, text in rows_of(SAID_TIMES, {"workspace": workspace.pk, "keys": [key for key, _ in dateless]}):
        if at := instant(json.loads(text)):
            said.setdefault((key, by_browser), []).append(at)
    named = [(fact, said.get((id_of(fact.properties, "order_id"), fact.by_browser), [])) for fact in facts]
    return [fact._replace(first_at=min([fact.first_at, *times])) for fact, times in named]


def _loaded(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def told(workspace: Workspace, kind: str, keys: Sequence[str]) -> dict[str, Told]:
    """What the stored events say of these orders or refunds, by their id; those that are none by them are missing."""
    found = {
        key_of(kind, fact.properties, fact.message_id, by_browser=fact.by_browser): fact for fact in _facts(workspace, kind, keys)
    }
    if kind == "refund":
        return {key: _refund(workspace, fact) for key, fact in found.items()}
    return {key: _order(workspace, fact) for key, fact in found.items() if is_sale(fact.name)}


def followed(workspace: Workspace, kind: str, keys: Sequence[str]) -> dict[str, int]:
    """By order or refund id: the id of the stored event that counts for it."""
    return {
        key_of(kind, fact.properties, fact.message_id, by_browser=fact.by_browser): fact.id
        for fact in _facts(workspace, kind, keys)
    }


def store_again(workspace: Workspace, kind: str, keys: Sequence[str]) -> None:
    """Store these orders or refunds as the events tell that are there now."""
    if kind == "order":
        _store_orders(workspace, keys, anew=True)
    else:
        _store_refunds(workspace, keys)


def is_as_told(row: Order | Refund, told: Told) -> bool:
    """Whether a stored row is what the events told, and nobody who keeps the books changed it since."""
    if row.source not in refunds.EVENTS:
        return False
    money = [row_rules.stored(told.gross), row_rules.stored(told.net)]
    if isinstance(row, Refund) and isinstance(told, RefundRow):
        currency = row.currency if told.gross is None else told.currency.upper()
        return [row.told_gross, row.told_net, row.currency, row.refunded_at] == [*money, currency, told.refunded_at]
    if isinstance(row, Order) and isinstance(told, OrderRow):
        own = [row.gross, row.net, row.margin, row.currency, row.ordered_at]
        return own == [*money, row_rules.stored(told.margin), told.currency.upper(), told.ordered_at]
    return False


def _store_orders(workspace: Workspace, keys: Sequence[str], *, anew: bool = False) -> list[Note]:
    """With the refunds of those that came into the books, left them or changed hands: whether these count depends on it.

    `anew` is for orders of which events went: what no event says any more is no longer so.
    """
    notes: list[Note] = []
    found = _facts(workspace, "order", keys)
    before = _booked(workspace, keys)
    for source, by_browser in ((Source.SHOP, False), (Source.WEBSITE, True)):
        facts = [fact for fact in found if fact.by_browser is by_browser]
        if sales := [fact for fact in facts if is_sale(fact.name)]:
            rows = [_order(workspace, fact) for fact in sales]
            if anew:
                rows = [row._replace(is_time_told=True, is_origin_told=True) for row in rows]
            outcome = orders.store(workspace, rows, source)
            notes += _notes(sales, outcome.refused)
        if others := [id_of(fact.properties, "order_id") for fact in facts if not is_sale(fact.name)]:
            orders.withdraw(workspace, others, [Source.WEBSITE] if by_browser else [Source.SHOP, Source.WEBSITE])
    after = _booked(workspace, keys)
    told_of = [id_of(fact.properties, "order_id") for fact in found]
    if moved := [key for key in told_of if anew or key not in after or before.get(key) != after[key]]:
        rows_found = rows_of(OF_ORDERS, [workspace.pk, moved, refunds.MOST])
        notes += _store_refunds(workspace, sorted({key for (key,) in rows_found}))
    return notes


def _booked(workspace: Workspace, order_ids: Collection[str]) -> dict[str, str]:
    """Who sold the orders that are in the books."""
    return dict(Order.objects.filter(workspace=workspace, order_id__in=order_ids).values_list("order_id", "source"))


def _store_refunds(workspace: Workspace, keys: Sequence[str]) -> list[Note]:
    """Of an order that was withdrawn nothing is given back; a browser gives back only what a browser sold."""
    found = _facts(workspace, "refund", keys)
    if not found:
        return []
    order_ids = {id_of(fact.properties, "order_id") for fact in found}
    booked = _booked(workspace, order_ids)
    withdrawn = {
        id_of(fact.properties, "order_id")
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
    order_id = id_of(fact.properties, "order_id")
    if fact.by_browser:
        return booked.get(order_id) == Source.WEBSITE
    return order_id in booked or order_id not in withdrawn


def _notes(facts: Sequence[Fact], refused: Iterable[Refused]) -> list[Note]:
    return [Note(facts[index].id, facts[index].received_at, reason) for index, reason in refused]


def _order(workspace: Workspace, fact: Fact) -> OrderRow:
    """Gross is `total`, else `value`; net is `revenue` (Segment: without VAT and shipping), else gross less `tax`."""
    said, come = fact.properties, fact.origin or {}
    gross = amount(said, *GROSS)
    net = _net(said, gross)
    origin = as_origin(come)
    return OrderRow(
        id_of(said, "order_id"), fact.ordered_at or fact.first_at, gross, gross if net is None else net,
        currency(said, workspace), "" if fact.user_id.startswith(orders.ERASED) else fact.user_id[:KEY_LENGTH],
        utm_source=origin.utm_source, utm_medium=origin.utm_medium, utm_campaign=origin.utm_campaign, utm_id=come.get("utm_id", ""),
        gclid=origin.gclid, fbclid=origin.fbclid, referrer=origin.referrer,
        is_time_told=fact.ordered_at is not None, is_origin_told=fact.origin is not None,
    )  # fmt: skip


def _refund(workspace: Workspace, fact: Fact) -> RefundRow:
    """Without an amount it is the whole order; without `revenue` and `tax` net follows from the order."""
    said = fact.properties
    key = key_of("refund", said, fact.message_id, by_browser=fact.by_browser)
    gross = amount(said, *GROSS) if any(is_said(said, name) for name in GROSS) else None
    return RefundRow(
        stored_id(key), id_of(said, "order_id"), fact.occurred_at, gross,
        None if gross is None else _net(said, gross), currency(said, workspace),
    )  # fmt: skip


def _net(said: dict[str, Any], gross: Decimal) -> Decimal | None:
    """`revenue`, else gross less `tax`; None where neither is there."""
    revenue, tax = amount(said, "revenue"), amount(said, "tax")
    if not revenue.is_nan():
        return revenue
    return None if tax.is_nan() else gross - tax


def amount(said: dict[str, Any], *names: str) -> Decimal:
    """The first of these properties that is there; NaN, which no order may have, when none is an amount."""
    for name in names:
        if is_said(said, name):
            try:
                found = Decimal(str(said[name]))
            except InvalidOperation:
                break
            return found if found.is_finite() and found.adjusted() <= DIGITS else Decimal("NaN")
    return Decimal("NaN")


def currency(said: dict[str, Any], workspace: Workspace) -> str:
    value = said.get("currency")
    return value if isinstance(value, str) and value else workspace.currency
