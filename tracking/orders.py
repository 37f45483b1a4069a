"""Orders come in: each is stored once, sent again it is corrected, and one bad row never stops the others.

The final state does not depend on the sequence, the repetition or the grouping of the rows: customers are won by their
earliest order whenever it arrives, refunds find their order whichever of the two comes first.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from channels.connectors import PLATFORMS
from channels.models import PlatformCampaign
from mops.lib.locks import lock_in_transaction
from tracking import buyers, changes, refunds, row_rules
from tracking.blind_index import Indexer
from tracking.channel_grouping import Origin, group
from tracking.models import Customer, Order, Refund
from tracking.outcome import Outcome, Refused
from tracking.row_rules import OrderRow
from workspaces.models import Workspace

AD_PLATFORMS = [platform.key for platform in PLATFORMS.values() if platform.has_spend]  # analytics repeats their campaign ids
ERASED = "erased-"  # what the key of a buyer who was erased begins with: tracking.rights.erasure
CHUNK = 1_000  # rows of one statement
CUT = {
    "utm_source": 200,
    "utm_medium": 200,
    "utm_campaign": 200,
    "utm_id": 200,
    "gclid": 200,
    "fbclid": 500,
    "referrer": 500,
}


def store(workspace: Workspace, rows: Sequence[OrderRow], source: str) -> Outcome:
    """Store up to a few thousand rows for `source`, a value of Order.Source; of one order id in `rows` the last one counts.

    What a browser says ("website") never changes what API, file or shop said of an order, and any of these replaces it.

    Runs in one transaction and a constant number of queries per 1,000 rows.
    """
    refused = tuple(Refused(index, reason) for index, row in enumerate(rows) if (reason := row_rules.order_problem(row)))
    bad = {index for index, _ in refused}
    good = [_fitted(row) for index, row in enumerate(rows) if index not in bad]
    stored = corrected = 0
    with transaction.atomic():
        lock_in_transaction("orders", workspace.pk)
        for start in range(0, len(good), CHUNK):
            new, changed = _store_chunk(workspace, {row.order_id: row for row in good[start : start + CHUNK]}, source)
            stored, corrected = stored + new, corrected + changed
    return Outcome(stored, corrected, len(good) - stored - corrected, refused)


def _fitted(row: OrderRow) -> OrderRow:
    """The row as the database will give it back, so that sending it again changes nothing.

    A long tracking value is no reason to lose an order: it is kept as far as it fits.
    """
    fitted: dict[str, Any] = {name: getattr(row, name).replace("\0", "")[:length] for name, length in CUT.items()}
    fitted |= {name: row_rules.stored(getattr(row, name)) for name in ("gross", "net", "margin")}
    return row._replace(currency=row.currency.upper(), **fitted)


def _store_chunk(workspace: Workspace, rows: dict[str, OrderRow], source: str) -> tuple[int, int]:
    """(new, changed) orders of a chunk with unique ids."""
    there = Order.objects.filter(workspace=workspace, order_id__in=rows).select_related("customer")
    known = {order.order_id: order for order in there}
    rows = {order_id: _of_same_buyer(row, known.get(order_id)) for order_id, row in rows.items()}
    customers = customers_by_key(workspace, {row.customer_key for row in rows.values() if row.customer_key})
    campaigns = campaign_channels(workspace, {row.utm_id for row in rows.values() if row.utm_id})
    zone = ZoneInfo(workspace.time_zone)
    written, touched, taken_over, changed = [], set(), [], 0
    for order_id, row in rows.items():
        order = known.get(order_id)
        if order and source == Order.Source.WEBSITE != order.source:
            continue
        row = row._replace(ordered_at=_time(row, order, source))
        values = _values(row, customers.get(row.customer_key), campaigns.get(row.utm_id, ""), zone)
        if order and not row.is_origin_told:
            values |= {name: getattr(order, name) for name in ORIGIN}
        values["source"] = order.source if order and order.source != Order.Source.WEBSITE else source
        if order and all(getattr(order, name) == value for name, value in values.items()):
            continue
        if order:
            touched.add(order.customer_id)
            changed += 1
            if order.source != values["source"]:
                taken_over.append(order_id)
        written.append(Order(workspace=workspace, order_id=order_id, **values))
    Order.objects.bulk_create(written, update_conflicts=True, unique_fields=["workspace", "order_id"], update_fields=list(FIELDS))
    refunds.withdraw(workspace, taken_over, [Order.Source.WEBSITE])
    refunds.link(workspace, [order.order_id for order in written])
    recompute_customers(workspace, touched | {order.customer_id for order in written})
    return len(written) - changed, changed


def withdraw(workspace: Workspace, order_ids: Collection[str], sources: Collection[str]) -> None:
    """Take orders of these sources out of the books, with the refunds of these sources: they were no sale. Others stay."""
    with transaction.atomic():
        lock_in_transaction("orders", workspace.pk)
        remove(workspace, list(Order.objects.filter(workspace=workspace, order_id__in=order_ids, source__in=sources)))
        there = set(Order.objects.filter(workspace=workspace, order_id__in=order_ids).values_list("order_id", flat=True))
        refunds.withdraw(workspace, [order_id for order_id in order_ids if order_id not in there], sources)


def remove(workspace: Workspace, rows: Sequence[Order]) -> None:
    """Delete orders, and the customers who have none left. Refunds stay and wait for their order. Under the orders' lock."""
    ids, customers = [row.pk for row in rows], {row.customer_id for row in rows if row.customer_id}
    changes.tell_of_buyers(workspace.pk, customers)
    refunds.unlink(Refund.objects.filter(workspace=workspace, order__in=ids))
    Order.objects.filter(workspace=workspace, pk__in=ids).delete()
    Customer.objects.filter(workspace=workspace, pk__in=customers, orders=None).delete()
    recompute_customers(workspace, customers)


ORIGIN = (*CUT, "channel", "channel_rule")
FIELDS = (
    "customer",
    "ordered_at",
    "day",
    "gross",
    "net",
    "margin",
    "currency",
    "is_new_customer",
    *ORIGIN,
    "source",
)


def _of_same_buyer(row: OrderRow, order: Order | None) -> OrderRow:
    """A buyer who was erased is not named again by what comes later about their order."""
    if order and order.customer and order.customer.key.startswith(ERASED):
        return row._replace(customer_key=order.customer.key)
    return row


def _time(row: OrderRow, order: Order | None, source: str) -> datetime:
    """A browser's clock does not date what others sold."""
    if row.is_time_told or not order or source != order.source == Order.Source.WEBSITE:
        return row.ordered_at
    return min(row.ordered_at, order.ordered_at)


def _values(row: OrderRow, customer_id: int | None, campaign_channel: str, zone: ZoneInfo) -> dict[str, object]:
    origin = Origin(row.utm_source, row.utm_medium, row.utm_campaign, row.gclid, row.fbclid, row.referrer, campaign_channel)
    grouping = group(origin)
    return {
        "customer_id": customer_id,
        "ordered_at": row.ordered_at,
        "day": row.ordered_at.astimezone(zone).date(),
        "channel": grouping.channel,
        "channel_rule": grouping.rule,
    } | {name: getattr(row, name) for name in ("gross", "net", "margin", "currency", "is_new_customer", *CUT)}


def customers_by_key(workspace: Workspace, keys: set[str]) -> dict[str, int]:
    """Ids by key, new customers created."""
    known = dict(Customer.objects.filter(workspace=workspace, key__in=keys).values_list("key", "id"))
    if not (missing := keys - known.keys()):
        return known
    indexer = Indexer(workspace.pk)
    fresh = [Customer(workspace=workspace, key=key, **buyers.indexes(indexer, key)) for key in sorted(missing)]
    Customer.objects.bulk_create(fresh, ignore_conflicts=True)
    buyers.relink(
        workspace.pk, customers=[index for customer in fresh for index in (customer.user_index, customer.crm_index) if index]
    )
    return known | dict(Customer.objects.filter(workspace=workspace, key__in=missing).values_list("key", "id"))


def campaign_channels(workspace: Workspace, utm_ids: Iterable[str]) -> dict[str, str]:
    """Channel of the platform campaign with that id; an id that two platforms use for different channels says nothing."""
    found: dict[str, set[str]] = {}
    campaigns = PlatformCampaign.objects.filter(workspace=workspace, external_id__in=list(utm_ids)).filter(
        account__platform__in=AD_PLATFORMS
    )
    for external_id, channel in campaigns.values_list("external_id", "channel"):
        found.setdefault(external_id, set()).add(channel)
    return {external_id: channels.pop() for external_id, channels in found.items() if len(channels) == 1}


def recompute_customers(workspace: Workspace, customer_ids: Iterable[int | None]) -> None:
    """Set first order, channel and campaign of these customers from their earliest order, empty where none is left."""
    ids = sorted({id_ for id_ in customer_ids if id_})
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_customer AS customer
            SET first_order_at = first.ordered_at,
                acquisition_channel = COALESCE(first.channel, ''),
                acquisition_campaign = COALESCE(NULLIF(first.utm_id, ''), first.utm_campaign, '')
            FROM unnest(%(ids)s::bigint[]) AS wanted (id)
            LEFT JOIN LATERAL (
                SELECT ordered_at, channel, utm_id, utm_campaign
                FROM tracking_order
                WHERE workspace_id = %(workspace)s AND customer_id = wanted.id
                ORDER BY ordered_at, order_id
                LIMIT 1
            ) AS first ON true
            WHERE customer.workspace_id = %(workspace)s AND customer.id = wanted.id
            """,
            {"ids": ids, "workspace": workspace.pk},
        )
    changes.tell_of_buyers(workspace.pk, ids)


def regroup(workspace: Workspace) -> int:
    """Give orders the channel their platform campaign has now; returns how many changed.

    Campaigns become known after their first orders, and people correct a campaign's channel.
    """
    with transaction.atomic():
        lock_in_transaction("orders", workspace.pk)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                WITH known AS (
                    SELECT campaign.external_id, min(campaign.channel) AS channel
                    FROM channels_platformcampaign AS campaign
                    JOIN channels_adaccount AS account ON account.id = campaign.account_id
                    WHERE campaign.workspace_id = %(workspace)s AND account.platform = ANY(%(platforms)s)
                    GROUP BY 1
                    HAVING count(DISTINCT campaign.channel) = 1
                )
                UPDATE tracking_order AS orders SET channel = known.channel, channel_rule = 'platform_campaign'
                FROM known
                WHERE orders.workspace_id = %(workspace)s AND orders.utm_id = known.external_id
                  AND (orders.channel, orders.channel_rule) IS DISTINCT FROM (known.channel, 'platform_campaign')
                RETURNING orders.customer_id
                """,
                {"workspace": workspace.pk, "platforms": AD_PLATFORMS},
            )
            customers = [row[0] for row in cursor.fetchall()]
        recompute_customers(workspace, customers)
    return len(customers)
