"""Refunds come in: each is stored once, sent again it is corrected; it may be here before its order.

Amounts nobody gave follow from the order, whichever of the two comes first.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from mops.lib.locks import lock_in_transaction
from tracking import changes, row_rules
from tracking.models import Order, Refund
from tracking.outcome import Outcome, Refused
from tracking.row_rules import RefundRow
from workspaces.models import Workspace

FIELDS = ("order_id_text", "order", "refunded_at", "day", "gross", "net", "margin", "currency", "derived", "source")
FOLLOWING = {  # what the order decides, so that no row of the books changes it
    Refund.Derived.NOTHING: (),
    Refund.Derived.NET: ("net",),
    Refund.Derived.WHOLE: ("gross", "net", "margin", "currency"),
}


def store(workspace: Workspace, rows: Sequence[RefundRow], source: str = Order.Source.API) -> Outcome:
    """Store up to 1,000 refunds in one transaction and a constant number of queries; of one id the last row counts.

    `source` is a value of Order.Source. What a browser says ("website") never changes what others said.
    """
    refused = tuple(Refused(index, reason) for index, row in enumerate(rows) if (reason := row_rules.refund_problem(row)))
    bad = {index for index, _ in refused}
    good = {row.refund_id: row for index, row in enumerate(rows) if index not in bad}
    with transaction.atomic():
        lock_in_transaction("orders", workspace.pk)  # the orders' lock: a refund and its order must not pass each other
        new, changed = _store_unique(workspace, good, source)
    return Outcome(new, changed, len(rows) - len(bad) - new - changed, refused)


def _store_unique(workspace: Workspace, rows: dict[str, RefundRow], source: str) -> tuple[int, int]:
    order_ids = {row.order_id for row in rows.values()}
    orders = dict(Order.objects.filter(workspace=workspace, order_id__in=order_ids).values_list("order_id", "id"))
    known = {refund.refund_id: refund for refund in Refund.objects.filter(workspace=workspace, refund_id__in=rows)}
    zone = ZoneInfo(workspace.time_zone)
    written, changed = [], 0
    for refund_id, row in rows.items():
        refund = known.get(refund_id)
        if refund and source == Order.Source.WEBSITE != refund.source:
            continue
        values = _values(row, orders.get(row.order_id), zone)
        values["source"] = refund.source if refund and refund.source != Order.Source.WEBSITE else source
        following = FOLLOWING[Refund.Derived(str(values["derived"]))]
        if refund and all(getattr(refund, name) == value for name, value in values.items() if name not in following):
            continue
        changed += refund is not None
        written.append(Refund(workspace=workspace, refund_id=refund_id, **values))
    Refund.objects.bulk_create(written, update_conflicts=True, unique_fields=["workspace", "refund_id"], update_fields=list(FIELDS))
    link(workspace, [refund.order_id_text for refund in written if refund.derived])
    tell(workspace, written)
    return len(written) - changed, changed


def _values(row: RefundRow, order_id: int | None, zone: ZoneInfo) -> dict[str, object]:
    gross = row_rules.stored(row.gross) or Decimal(0)
    derived = Refund.Derived.WHOLE if row.gross is None else Refund.Derived.NET if row.net is None else Refund.Derived.NOTHING
    return {
        "order_id_text": row.order_id,
        "order_id": order_id,
        "refunded_at": row.refunded_at,
        "day": row.refunded_at.astimezone(zone).date(),
        "gross": gross,
        "net": gross if row.net is None else row_rules.stored(row.net),
        "margin": row_rules.stored(row.margin),
        "currency": row.currency.upper(),
        "derived": derived,
    }


def withdraw(workspace: Workspace, order_ids: Collection[str], sources: Collection[str]) -> None:
    """Delete the refunds of these orders that came from these sources. Under the orders' lock."""
    if order_ids:
        remove(workspace, list(Refund.objects.filter(workspace=workspace, order_id_text__in=order_ids, source__in=sources)))


def remove(workspace: Workspace, rows: Sequence[Refund]) -> None:
    tell(workspace, rows)
    Refund.objects.filter(workspace=workspace, pk__in=[row.pk for row in rows]).delete()


def tell(workspace: Workspace, rows: Sequence[Refund]) -> None:
    """Say whose refunds changed."""
    found = Order.objects.filter(workspace=workspace, pk__in={row.order_id for row in rows if row.order_id})
    changes.tell_of_buyers(workspace.pk, found.values_list("customer_id", flat=True))


def link(workspace: Workspace, order_ids: Sequence[str]) -> None:
    """Give the refunds that came before these orders their order, and all of them the amounts that follow from it."""
    if not order_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_refund AS refund SET order_id = orders.id,
                gross = CASE derived WHEN 'whole' THEN orders.gross ELSE refund.gross END,
                net = CASE derived
                    WHEN 'whole' THEN orders.net
                    WHEN 'net' THEN least(refund.gross, round(refund.gross * orders.net / nullif(orders.gross, 0), 2))
                    ELSE refund.net END,
                margin = CASE derived WHEN 'whole' THEN orders.margin ELSE refund.margin END,
                currency = CASE derived WHEN 'whole' THEN orders.currency ELSE refund.currency END
            FROM tracking_order AS orders
            WHERE orders.workspace_id = %(workspace)s AND orders.order_id = ANY(%(ids)s)
              AND refund.workspace_id = %(workspace)s AND refund.order_id_text = orders.order_id
              AND (refund.order_id IS NULL OR refund.derived <> '')
            """,
            {"workspace": workspace.pk, "ids": list(order_ids)},
        )
