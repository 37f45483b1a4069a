"""Ready-made rules for what marketers ask for most; each is a beginning to be changed.

Event names are those of Segment's e-commerce and e-mail specifications; where a kind says more than a name it is used.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Template(NamedTuple):
    """`rule`: JSON of the rule language."""

    key: str
    name: "StrOrPromise"
    description: "StrOrPromise"
    rule: dict[str, Any]


def _rule(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "where": {"all": list(nodes)}}


def _event(type_: str, name: str, value: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": "event", "event": {"type": type_, "name": name}, "measure": "count", "operator": "gte", "value": value, **more}


def _visits(operator: str, value: int, **window: int) -> dict[str, Any]:
    return {"kind": "event", "event": {"type": "any"}, "measure": "visits", "operator": operator, "value": value, "window": window}


def _order(measure: str, operator: str, value: float, **more: Any) -> dict[str, Any]:
    return {"kind": "order", "measure": measure, "operator": operator, "value": value, **more}


CONSENT = {"kind": "consent", "purpose": "email", "state": "granted"}

TEMPLATES = (
    Template("last_purchase", _("Last purchase more than 30 days ago"), _("Bought before, but not in the last 30 days."),
             _rule(_order("last", "older_than", 30))),
    Template("frequent_visits", _("At least 3 visits in 7 days"), _("Interested right now: came back several times in a week."),
             _rule(_visits("gte", 3, days=7))),
    Template("clicked_products", _("Clicked certain products"), _("Looked at one of the products you name in the last 30 days."),
             _rule({"any": [
                 _event("track", name, where=[{"property": "product_id", "operator": "one_of", "value": ["P-100", "P-200"]}],
                        window={"days": 30})
                 for name in ("Product Clicked", "Product Viewed")
             ]})),
    Template("cart_abandoned", _("Cart abandoned"), _("Put something into the cart in the last 3 days and did not order since."),
             _rule(_event("track", "Product Added", window={"days": 3}),
                   {"not": _event("track", "Product Added", window={"hours": 1})},
                   {"not": _order("last", "within", 3)})),
    Template("newsletter_reader", _("Opened the newsletter repeatedly"), _("Opened at least 3 e-mails in the last 30 days."),
             _rule(_event("kind", "email_open", 3, window={"days": 30}))),
    Template("high_value", _("High value"), _("Spent at least 500 in the last 365 days, with more than one order."),
             _rule(_order("revenue", "gte", 500, window={"days": 365}), _order("count", "gte", 2, window={"days": 365}))),
    Template("inactive", _("Inactive"), _("Known for longer than 90 days and not active in the last 90 days."),
             _rule({"kind": "person", "fact": "first_seen", "operator": "older_than", "value": 90},
                   {"not": {"kind": "event", "event": {"type": "any"}, "measure": "last", "operator": "within", "value": 90}})),
    Template("new_lead", _("New lead"), _("Left an address or signed up in the last 7 days and has not ordered yet."),
             _rule(_event("kind", "lead", window={"days": 7}), _order("count", "eq", 0))),
    Template("win_back", _("Win back"), _("Bought at least twice, but not in the last 180 days, and may be written to."),
             _rule(_order("count", "gte", 2), _order("last", "older_than", 180), CONSENT)),
    Template("upsell", _("Upsell"), _("Bought lately for less than 100 per order and is looking at products again."),
             _rule(_order("last", "within", 90), _order("average", "lt", 100, window={"days": 90}),
                   _event("kind", "product", 2, window={"days": 14}))),
    Template("first_purchase", _("First purchase"), _("Ordered for the first time in the last 14 days."),
             _rule(_order("first", "within", 14))),
    Template("many_returns", _("Many returns"), _("Sent back at least half of what they ordered in the last 365 days."),
             _rule(_order("return_rate", "gte", 50, window={"days": 365}), _order("count", "gte", 2, window={"days": 365}))),
)  # fmt: skip
BY_KEY = {template.key: template for template in TEMPLATES}
