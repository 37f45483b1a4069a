"""Refunds come in: each is stored once, sent again it is corrected; it may be here before its order.

Amounts nobody gave follow from the order, whichever of the two comes first; what events tell is cut to the order.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import Case, QuerySet, When, Window
from django.db.models.functions import Coalesce, RowNumber

from mops.lib.locks import lock_in_transaction
from tracking import changes, row_rules
from tracking.models import Order, Refund
from tracking.outcome import Outcome, Refused
from tracking.row_rules import RefundRow
from workspaces.models import Workspace

FIELDS = (
    "order_id_text", "order", "refunded_at", "day", "gross", "net", "margin", "told_gross", "told_net", "currency", "derived",
    "source",
)  # fmt: skip
Source = Order.Source
RANK = {Source.WEBSITE: 0, Source.SHOP: 1, Source.API: 2, Source.IMPORT: 2}  # who corrects whom
EVENTS = (Source.SHOP, Source.WEBSITE)  # what they give back of an order never exceeds it
MOST = 100  # refunds of an order taken from events, the earliest


def store(workspace: Workspace, rows: Sequence[RefundRow], source: str = Order.Source.API) -> Outcome:
    """Store up to 1,000 refunds in one transaction and a constant number of queries; of one id the last row counts.

    `source` is a value of Order.Source. What a browser says ("website") never changes what others said, nor what events say
    ("shop") what API or file said.
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
        if refund and RANK[Source(source)] < RANK[Source(refund.source)]:
            continue
        values = _values(row, orders.get(row.order_id), zone)
        values["source"] = refund.source if refund and RANK[Source(source)] == RANK[Source(refund.source)] else source
        following = _following(values)
        if refund and all(getattr(refund, name) == value for name, value in values.items() if name not in following):
            continue
        changed += refund is not None
        written.append(Refund(workspace=workspace, refund_id=refund_id, **values))
    Refund.objects.bulk_create(written, update_conflicts=True, unique_fields=["workspace", "refund_id"], update_fields=list(FIELDS))
    touched = {refund.order_id_text for refund in (*written, *(known[row.refund_id] for row in written if row.refund_id in known))}
    if source in EVENTS:
        _keep_first(workspace, touched)
    link(workspace, touched)
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
        "told_gross": row_rules.stored(row.gross),
        "told_net": row_rules.stored(row.net),
        "currency": row.currency.upper(),
        "derived": derived,
    }


def _following(values: Mapping[str, object]) -> set[str]:
    """What the order decides, so that no row of the books changes it."""
    if values["derived"] == Refund.Derived.WHOLE:
        return {"gross", "net", "margin", "currency"}
    return {"gross", "net", "currency"} if values["source"] == Source.WEBSITE else {"gross", "net"}


def _keep_first(workspace: Workspace, order_ids: Collection[str]) -> None:
    """Anybody can send a browser's events without end."""
    by_browser = Case(When(source=Source.WEBSITE, then=1), default=0)
    rank = Window(RowNumber(), partition_by="order_id_text", order_by=[by_browser, "refunded_at", "refund_id"])
    told = Refund.objects.filter(workspace=workspace, order_id_text__in=order_ids, source__in=EVENTS)
    if more := list(told.annotate(rank=rank).filter(rank__gt=MOST)):
        remove(workspace, more)


def withdraw(workspace: Workspace, order_ids: Collection[str], sources: Collection[str]) -> None:
    """Delete the refunds of these orders that came from these sources. Under the orders' lock."""
    if order_ids:
        remove(workspace, list(Refund.objects.filter(workspace=workspace, order_id_text__in=order_ids, source__in=sources)))


def remove(workspace: Workspace, rows: Sequence[Refund]) -> None:
    """Delete refunds; what others give back of their orders may be more now."""
    tell(workspace, rows)
    Refund.objects.filter(workspace=workspace, pk__in=[row.pk for row in rows]).delete()
    link(workspace, {row.order_id_text for row in rows})


def unlink(rows: QuerySet[Refund]) -> None:
    """Let them wait for their order, with the amounts they came with."""
    gross = Coalesce("told_gross", Decimal(0))
    rows.update(order=None, gross=gross, net=Coalesce("told_net", gross))


def tell(workspace: Workspace, rows: Sequence[Refund]) -> None:
    """Say whose refunds changed."""
    found = Order.objects.filter(workspace=workspace, pk__in={row.order_id for row in rows if row.order_id})
    changes.tell_of_buyers(workspace.pk, found.values_list("customer_id", flat=True))


def link(workspace: Workspace, order_ids: Collection[str]) -> None:
    """Give the refunds of these orders their order, and the amounts that follow from it. Only rows that differ are written.

    What API and files say is the shop's own word. What events give back never exceeds what is left of the order: the earliest
    counts first, those of browsers last. A browser gives back in the order's currency.
    """
    if order_ids:
        with connection.cursor() as cursor:
            cursor.execute(LINK, {"workspace": workspace.pk, "ids": list(order_ids), "events": list(EVENTS)})


# An array beside each join: without statistics, as after a large import, a join alone compares all with all.
LINK = """
WITH told AS (
    SELECT refund.id, refund.refunded_at, refund.refund_id, refund.source, refund.derived, refund.told_net, refund.margin,
        orders.id AS order_id, orders.gross AS order_gross, orders.net AS order_net, orders.margin AS order_margin,
        CASE WHEN refund.derived = 'whole' THEN orders.gross ELSE coalesce(refund.told_gross, refund.gross) END AS claim,
        CASE WHEN refund.derived = 'whole' OR refund.source = 'website' THEN orders.currency ELSE refund.currency END AS currency,
        refund.source = ANY(%(events)s) AND (
            refund.derived = 'whole' OR refund.source = 'website' OR refund.currency = orders.currency) AS is_cut
    FROM tracking_refund refund
    JOIN tracking_order orders ON orders.workspace_id = refund.workspace_id AND orders.order_id = refund.order_id_text
    WHERE refund.workspace_id = %(workspace)s AND refund.order_id_text = ANY(%(ids)s)
        AND orders.workspace_id = %(workspace)s AND orders.order_id = ANY(%(ids)s)
),
cut AS (
    SELECT *, CASE WHEN is_cut THEN greatest(0, least(claim, order_gross - coalesce(sum(claim) OVER before, 0)))
        ELSE claim END AS gross
    FROM told WINDOW before AS (PARTITION BY order_id, currency ORDER BY is_cut, source = 'website', refunded_at, refund_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
amounts AS (
    SELECT id, order_id, gross, currency,
        CASE
            WHEN derived = '' AND gross < claim THEN round(told_net * gross / claim, 2)
            WHEN derived = '' THEN told_net
            WHEN derived = 'whole' AND gross = order_gross THEN order_net
            ELSE least(gross, round(gross * order_net / nullif(order_gross, 0), 2)) END AS net,
        CASE WHEN derived <> 'whole' THEN margin WHEN gross = order_gross THEN order_margin
            ELSE round(gross * order_margin / nullif(order_gross, 0), 2) END AS margin
    FROM cut
)
UPDATE tracking_refund refund SET order_id = new.order_id, gross = new.gross, net = coalesce(new.net, refund.net),
    margin = new.margin, currency = new.currency
FROM amounts new WHERE refund.id = new.id AND refund.workspace_id = %(workspace)s AND refund.id = ANY(ARRAY(SELECT id FROM amounts))
    AND (refund.order_id, refund.gross, refund.net, refund.margin, refund.currency)
        IS DISTINCT FROM (new.order_id, new.gross, coalesce(new.net, refund.net), new.margin, new.currency)
"""
