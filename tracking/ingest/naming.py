"""What names an order or a refund in an event: one rule, in Python and in SQL.

An id is a text or a whole number; anything else is as if there were none. A refund without an id is named after its message,
unless it can only be the one of its order, however often it is told: without an amount it is the whole order, and what a
browser says anybody may have said.
"""

from typing import Any

GROSS = ("total", "value", "revenue")
OF_ORDER = "order-"


def key_of(kind: str, properties: dict[str, Any], message_id: str, *, by_browser: bool) -> str:
    """What names the order or refund, as KEY does; "" for neither."""
    order_id = id_of(properties, "order_id")
    if kind == "order":
        return order_id
    is_one = bool(order_id) and (by_browser or not any(is_said(properties, name) for name in GROSS))
    return id_of(properties, "refund_id") or (OF_ORDER + order_id if is_one else message_id)


def id_of(properties: dict[str, Any], name: str) -> str:
    value = properties.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def is_said(properties: dict[str, Any], name: str) -> bool:
    value = properties.get(name)
    return value is not None and value != "" and not isinstance(value, bool)


def _id(name: str) -> str:
    text = f"e.properties->>'{name}'"
    return (
        f"CASE jsonb_typeof(e.properties->'{name}') WHEN 'string' THEN nullif({text}, '')"
        f" WHEN 'number' THEN substring({text} from '^-?[0-9]+$') END"
    )


def _said(name: str) -> str:
    return f"coalesce(jsonb_typeof(e.properties->'{name}') NOT IN ('null', 'boolean') AND e.properties->>'{name}' <> '', false)"


NAMED = f"coalesce({_id('refund_id')}, e.message_id)"  # as indexed: tracking_event_refund
KEY = {
    "order": _id("order_id"),
    "refund": f"coalesce({_id('refund_id')}, CASE WHEN source.kind = 'browser' OR NOT ({' OR '.join(map(_said, GROSS))})"
    f" THEN '{OF_ORDER}' || {_id('order_id')} END, e.message_id)",
}
