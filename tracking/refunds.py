"""Refunds come in: each is stored once, sent again it is corrected; it may be here before its order."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from mops.lib.locks import lock_in_transaction
from tracking import changes, row_rules
from tracking.models import Order, Refund
from tracking.outcome import Outcome, Refused
from tracking.row_rules import RefundRow
from workspaces.models import Workspace

FIELDS = ("order_id_text", "order", "refunded_at", "day", "gross", "net", "margin", "currency")


def store(workspace: Workspace, rows: Sequence[RefundRow]) -> Outcome:
    """Store up to 1,000 refunds in one transaction and a constant number of queries; of one id the last row counts."""
    refused = tuple(Refused(index, reason) for index, row in enumerate(rows) if (reason := row_rules.refund_problem(row)))
    bad = {index for index, _ in refused}
    good = {row.refund_id: row for index, row in enumerate(rows) if index not in bad}
    with transaction.atomic():
        lock_in_transaction("orders", workspace.pk)  # the orders' lock: a refund and its order must not pass each other
        new, changed = _store_unique(workspace, good)
    return Outcome(new, changed, len(rows) - len(bad) - new - changed, refused)


def _store_unique(workspace: Workspace, rows: dict[str, RefundRow]) -> tuple[int, int]:
    order_ids = {row.order_id for row in rows.values()}
    orders = dict(Order.objects.filter(workspace=workspace, order_id__in=order_ids).values_list("order_id", "id"))
    known = {refund.refund_id: refund for refund in Refund.objects.filter(workspace=workspace, refund_id__in=rows)}
    zone = ZoneInfo(workspace.time_zone)
    written, changed = [], 0
    for refund_id, row in rows.items():
        values = _values(row, orders.get(row.order_id), zone)
        refund = known.get(refund_id)
        if refund and all(getattr(refund, name) == value for name, value in values.items()):
            continue
        changed += refund is not None
        written.append(Refund(workspace=workspace, refund_id=refund_id, **values))
    Refund.objects.bulk_create(written, update_conflicts=True, unique_fields=["workspace", "refund_id"], update_fields=list(FIELDS))
    touched = Order.objects.filter(workspace=workspace, pk__in={refund.order_id for refund in written})
    changes.tell_of_buyers(workspace.pk, touched.values_list("customer_id", flat=True))
    return len(written) - changed, changed


def _values(row: RefundRow, order_id: int | None, zone: ZoneInfo) -> dict[str, object]:
    return {
        "order_id_text": row.order_id,
        "order_id": order_id,
        "refunded_at": row.refunded_at,
        "day": row.refunded_at.astimezone(zone).date(),
        "gross": row_rules.stored(row.gross),
        "net": row_rules.stored(row.net),
        "margin": row_rules.stored(row.margin),
        "currency": row.currency.upper(),
    }


def link(workspace: Workspace, order_ids: Sequence[str]) -> None:
    """Give the refunds that came before these orders their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_refund AS refund SET order_id = orders.id
            FROM tracking_order AS orders
            WHERE orders.workspace_id = %(workspace)s AND orders.order_id = ANY(%(ids)s)
              AND refund.workspace_id = %(workspace)s AND refund.order_id_text = orders.order_id AND refund.order_id IS NULL
            """,
            {"workspace": workspace.pk, "ids": list(order_ids)},
        )
