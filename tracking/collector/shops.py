"""Webhooks of shops as events: orders, refunds and customers of Shopify and WooCommerce.

Amounts: Shopify's total_price and WooCommerce's total hold VAT; net is without it. Shipping is part of both.

The time of an event is that of the state the webhook tells of, so that of several the latest counts in any order of arrival;
when it was ordered is the property `ordered_at`.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tracking.collector.parse import instant


class NotUnderstood(Exception):
    """A webhook we make no event of, and why."""


Events = list[dict[str, Any]]
Content = Mapping[str, Any]
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "utm_id")
SHOPIFY_ORDERS = {
    "orders/create": "Order Completed",
    "orders/paid": "Order Completed",
    "orders/updated": "Order Updated",
    "orders/cancelled": "Order Cancelled",
}
WOO_DRAFTS = ("checkout-draft", "auto-draft")
WOO_OFF = ("cancelled", "failed", "trash")  # with "pending" the states that are no sale; others are, also those of plugins
LARGEST = 30  # digits of an amount: two of a million digits cannot be added
JUST_NOW = timedelta(minutes=5)  # a payment is saved with the order, and plugins save it again right after


def shopify(content: Content, headers: Mapping[str, str]) -> Events:
    """By the topic header. The webhook id is the message id: a repeated delivery is stored once."""
    topic, delivery = headers.get("X-Shopify-Topic", ""), headers.get("X-Shopify-Webhook-Id", "")
    message_id = f"shopify-{delivery}" if delivery else None
    if topic in ("customers/create", "customers/update"):
        return [_identify(content, message_id, topic, content.get("updated_at"))]
    if topic == "refunds/create":
        return [{"messageId": message_id, **_person(None, content.get("order_id")), **_shopify_refund(content, topic)}]
    if topic not in SHOPIFY_ORDERS:
        raise NotUnderstood(f"Topic {topic[:60]!r} is not used.")
    if content.get("test") is True:
        raise NotUnderstood("A test order.")
    is_off = bool(content.get("cancelled_at")) or content.get("financial_status") == "voided"
    found, landing = content.get("customer"), str(content.get("landing_site") or "")
    person = _person(found.get("id") if isinstance(found, dict) else None, content.get("id"))
    page = {"url": landing, "referrer": content.get("referring_site") or ""}
    properties = _order(content, "total_price", "title") | {"coupon": _first(content.get("discount_codes"), "code")}
    properties["ordered_at"] = _time(content, "created_at")
    context = {"topic": topic, "page": page, "campaign": _campaign(landing)}
    name = "Order Cancelled" if is_off else SHOPIFY_ORDERS[topic]
    return [{"messageId": message_id, **person, **_track(name, _changed(content, "updated_at", "created_at"), properties, context)}]


def _shopify_refund(content: Content, topic: str) -> dict[str, Any]:
    """Tax stands with the lines and the shipping given back, there with a minus; without any of them it is not known."""
    total = sum((_money(item, "amount") for item in _dicts(content.get("transactions"))), Decimal(0))
    properties = {"refund_id": _id(content, "id"), "order_id": _id(content, "order_id"), "total": str(total)}
    properties |= {"currency": _first(content.get("transactions"), "currency")}
    shipping = [item for item in _dicts(content.get("order_adjustments")) if item.get("kind") == "shipping_refund"]
    taxes = [_money(item, "total_tax") for item in _dicts(content.get("refund_line_items"))]
    taxes += [-_money(item, "tax_amount") for item in shipping]
    if taxes:
        properties["tax"] = str(min(sum(taxes, Decimal(0)), total))
    return _track("Order Refunded", _time(content, "created_at"), properties, {"topic": topic})


def woocommerce(content: Content, headers: Mapping[str, str]) -> Events:
    """By the topic header. The delivery id is one per webhook and second, so the message id also names what was delivered.

    A draft of the checkout is no event yet.
    """
    topic, delivery = headers.get("X-WC-Webhook-Topic", ""), headers.get("X-WC-Webhook-Delivery-ID", "")
    digest = sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    message_id = f"woocommerce-{delivery[:64]}-{str(content.get('id'))[:40]}-{digest}"
    if topic in ("customer.created", "customer.updated"):
        return [_identify(content, message_id, topic, _time(content, "date_modified_gmt"))]
    if topic not in ("order.created", "order.updated"):
        raise NotUnderstood(f"Topic {topic[:60]!r} is not used.")
    if content.get("status") in WOO_DRAFTS:
        return []
    said = {str(item.get("key")): item.get("value") for item in _dicts(content.get("meta_data"))}
    campaign = {name.removeprefix("utm_"): value for name in UTM if (value := said.get(f"_wc_order_attribution_{name}"))}
    context = {"topic": topic, "campaign": campaign, "page": {"referrer": said.get("_wc_order_attribution_referrer") or ""}}
    person = _person(content.get("customer_id"), content.get("id"))
    properties = _order(content, "total", "name") | {"ordered_at": _time(content, "date_created_gmt")}
    at = _changed(content, "date_modified_gmt", "date_created_gmt")
    order = {"messageId": message_id, **person, **_track(_woo_name(content, topic), at, properties, context)}
    return [order, *(person | refund for refund in _refunds(content, topic))]


def _woo_name(content: Content, topic: str) -> str:
    """An order is placed when it is created or, where the payment comes later, when that was just made."""
    if content.get("status") in WOO_OFF:
        return "Order Cancelled"
    if content.get("status") == "pending":
        return "Order Pending"
    paid, changed = (instant(content.get(name)) for name in ("date_paid_gmt", "date_modified_gmt"))
    is_new = topic == "order.created" or bool(paid and changed and changed - paid <= JUST_NOW)
    return "Order Completed" if is_new else "Order Updated"


def _refunds(content: Content, topic: str) -> Events:
    """WooCommerce lists refunds inside the order, with negative totals and without tax or a time of their own."""
    found = []
    for refund in _dicts(content.get("refunds")):
        properties: dict[str, Any] = {
            "refund_id": _id(refund, "id"),
            "order_id": _id(content, "id"),
            "total": str(abs(_money(refund, "total"))),
        }
        properties |= {"currency": content.get("currency")}
        event = _track("Order Refunded", _changed(content, "date_modified_gmt", "date_created_gmt"), properties, {"topic": topic})
        found.append({"messageId": f"woocommerce-refund-{refund.get('id')}", **event})
    return found


def _track(event: str, at: Any, properties: Content, context: Content) -> dict[str, Any]:
    return {"type": "track", "event": event, "originalTimestamp": at, "properties": properties, "context": context}


def _identify(content: Content, message_id: str | None, topic: str, at: Any) -> dict[str, Any]:
    traits = {name: content.get(name) for name in ("email", "phone", "first_name", "last_name") if content.get(name)}
    event: dict[str, Any] = {
        "type": "identify",
        "messageId": message_id,
        "originalTimestamp": at,
        "traits": traits,
        "context": {"topic": topic},
    }
    return {**event, "userId": _id(content, "id")}


def _order(content: Content, total_name: str, title: str) -> dict[str, Any]:
    total, tax = _money(content, total_name), _money(content, "total_tax")
    lines = _lines(content.get("line_items"), title)
    amounts = {"total": str(total), "revenue": str(total - tax), "tax": str(tax), "currency": content.get("currency")}
    return {"order_id": _id(content, "id"), **amounts, "products": lines}


def _person(customer: Any, order: Any) -> dict[str, str]:
    """The shop's customer number; a guest is known by the order alone."""
    is_number = isinstance(customer, int | str) and not isinstance(customer, bool)
    return {"userId": str(customer)} if customer and is_number else {"anonymousId": f"order-{order}"}


def _id(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise NotUnderstood(f"{name} is missing.")
    return str(value)


def _money(content: Mapping[str, Any], name: str) -> Decimal:
    try:
        amount = Decimal(str(content.get(name) or 0))
    except InvalidOperation:
        raise NotUnderstood(f"{name} is no amount.") from None
    if not amount.is_finite() or amount.adjusted() > LARGEST:
        raise NotUnderstood(f"{name} is no amount.")
    return amount


def _time(content: Mapping[str, Any], name: str) -> Any:
    value = content.get(name)
    if not isinstance(value, str) or instant(value) is None:
        raise NotUnderstood(f"{name} is no time.")
    return value


def _changed(content: Mapping[str, Any], changed: str, created: str) -> Any:
    """When it came into the state it is in."""
    return _time(content, changed if content.get(changed) else created)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _first(value: Any, name: str) -> Any:
    return next((item.get(name) for item in _dicts(value)), None)


def _lines(value: Any, label: str) -> list[dict[str, Any]]:
    same = ("sku", "price", "quantity")
    return [
        {"product_id": str(item.get("product_id") or ""), "name": item.get(label), **{name: item.get(name) for name in same}}
        for item in _dicts(value)
    ]


def _campaign(url: Any) -> dict[str, str]:
    try:
        query = parse_qs(urlsplit(str(url or "")).query)
    except ValueError:
        return {}
    return {name.removeprefix("utm_"): query[name][0] for name in UTM if name in query}
