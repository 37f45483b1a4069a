"""Twelve standard rules in three forms: the rule language, SQL as a specialist writes it, and person by person, as Mautic does.

All three name the same people. {now}, {workspace} are parameters; the forms by hand return profile ids.
"""

from typing import Any, NamedTuple


class Standard(NamedTuple):
    name: str
    where: dict[str, Any]
    by_hand: str
    per_person: str  # a condition on tracking_profile p


def did(
    name: str, operator: str = "gte", value: int = 1, days: int | None = None, measure: str = "count", **more: Any
) -> dict[str, Any]:
    """An event condition; `name` "" is any page."""
    event = {"type": "track", "name": name} if name else {"type": "page"}
    window = {"days": days} if days else None
    return {"kind": "event", "event": event, "measure": measure, "operator": operator, "value": value, "window": window, **more}


def bought(measure: str, operator: str, value: int, days: int | None = None) -> dict[str, Any]:
    windowed = {} if measure in ("first", "last") else {"window": {"days": days} if days else None}
    return {"kind": "order", "measure": measure, "operator": operator, "value": value, **windowed}


def of_person(name: str, days: int | None, more: str = "") -> str:
    """The events of person p, as a FROM and WHERE."""
    kind = f"e.type = 'track' AND e.name = '{name}'" if name else "e.type = 'page'"
    window = f"AND e.occurred_at > %(now)s - interval '{days} days'" if days else ""
    return (f"FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.profile_id = p.id AND e.state = 'stored' AND {kind}"
            f" AND e.occurred_at <= %(now)s {window} {more}")  # fmt: skip


def events(name: str, days: int | None, more: str = "") -> str:
    """The events of everybody."""
    return of_person(name, days, more).replace("e.profile_id = p.id", "e.profile_id IS NOT NULL")


ORDERS = """FROM tracking_order o JOIN tracking_customer c ON c.id = o.customer_id
WHERE o.workspace_id = %(workspace)s AND o.ordered_at <= %(now)s"""
MINE = ORDERS + " AND c.profile_id = p.id"
ORDERED = f"SELECT c.profile_id {ORDERS} AND c.profile_id IS NOT NULL"
TOTAL = "sum(o.net)"
COUNTRY = """SELECT i.profile_id FROM tracking_trait t JOIN tracking_identity i ON i.id = t.identity_id
WHERE t.workspace_id = %(workspace)s AND t.name = 'country' AND t.value = '"DE"'"""
CONSENT = """SELECT i.profile_id FROM tracking_consentstate s JOIN tracking_identity i ON i.workspace_id = s.workspace_id
    AND i.kind = s.subject_kind AND i.index = s.subject JOIN tracking_purpose u ON u.id = s.purpose_id
WHERE s.workspace_id = %(workspace)s AND u.key = 'email' AND s.decision = 'granted' AND s.expires_at > %(now)s"""


def standard() -> list[Standard]:
    none = {"value": 0, "operator": "eq"}
    product = [{"property": "product_id", "operator": "one_of", "value": ["1", "2", "3"]}]
    of_product = "AND e.properties->>'product_id' IN ('1', '2', '3')"
    german = {"kind": "trait", "name": "country", "operator": "is", "value": "DE"}
    agreed = {"kind": "consent", "purpose": "email", "state": "granted"}
    return [
        Standard("cart abandoned, 7 days", {"all": [did("Cart Updated", days=7), did("Order Completed", days=7, **none)]},
                 f"SELECT profile_id {events('Cart Updated', 7)} EXCEPT SELECT profile_id {events('Order Completed', 7)}",
                 f"EXISTS (SELECT {of_person('Cart Updated', 7)}) AND NOT EXISTS (SELECT {of_person('Order Completed', 7)})"),
        Standard("high value, revenue ≥ 500", bought("revenue", "gte", 500),
                 f"{ORDERED} GROUP BY 1 HAVING {TOTAL} >= 500", f"(SELECT {TOTAL} {MINE}) >= 500"),
        Standard("inactive for 30 days", {"all": [did("Product Viewed"), did("Product Viewed", days=30, **none)]},
                 f"SELECT profile_id {events('Product Viewed', None)} GROUP BY 1"
                 " HAVING max(e.occurred_at) <= %(now)s - interval '30 days'",
                 f"EXISTS (SELECT {of_person('Product Viewed', None)}) AND NOT EXISTS (SELECT {of_person('Product Viewed', 30)})"),
        Standard("new lead, 7 days, no order", {"all": [did("Signed Up", days=7), bought("count", "eq", 0)]},
                 f"SELECT profile_id {events('Signed Up', 7)} EXCEPT {ORDERED}",
                 f"EXISTS (SELECT {of_person('Signed Up', 7)}) AND NOT EXISTS (SELECT {MINE})"),
        Standard("≥ 3 visits in 7 days", did("", "gte", 3, 7, "visits"),
                 f"SELECT profile_id {events('', 7)} GROUP BY 1 HAVING count(DISTINCT e.session_id) >= 3",
                 f"(SELECT count(DISTINCT e.session_id) {of_person('', 7)}) >= 3"),
        Standard("last purchase > 30 days ago", bought("last", "older_than", 30),
                 f"{ORDERED} GROUP BY 1 HAVING max(o.ordered_at) <= %(now)s - interval '30 days'",
                 f"(SELECT max(o.ordered_at) {MINE}) <= %(now)s - interval '30 days'"),
        Standard("≥ 2 orders in 90 days, not seen for 30",
                 {"all": [bought("count", "gte", 2, 90), did("Product Viewed", days=30, **none)]},
                 f"{ORDERED} AND o.ordered_at > %(now)s - interval '90 days' GROUP BY 1 HAVING count(*) >= 2"
                 f" EXCEPT SELECT profile_id {events('Product Viewed', 30)}",
                 f"(SELECT count(*) {MINE} AND o.ordered_at > %(now)s - interval '90 days') >= 2"
                 f" AND NOT EXISTS (SELECT {of_person('Product Viewed', 30)})"),
        Standard("country with consent", {"all": [german, agreed]}, f"{COUNTRY} INTERSECT {CONSENT}",
                 f"EXISTS ({COUNTRY} AND i.profile_id = p.id) AND EXISTS ({CONSENT} AND i.profile_id = p.id)"),
        Standard("revenue > 150, country, consent", {"all": [bought("revenue", "gt", 150), german, agreed]},
                 f"{ORDERED} GROUP BY 1 HAVING {TOTAL} > 150 INTERSECT {COUNTRY} INTERSECT {CONSENT}",
                 f"(SELECT {TOTAL} {MINE}) > 150 AND EXISTS ({COUNTRY} AND i.profile_id = p.id)"
                 f" AND EXISTS ({CONSENT} AND i.profile_id = p.id)"),
        Standard("≥ 2 views in 7 days, never ordered", {"all": [did("Product Viewed", "gte", 2, 7), bought("count", "eq", 0)]},
                 f"SELECT profile_id {events('Product Viewed', 7)} GROUP BY 1 HAVING count(*) >= 2 EXCEPT {ORDERED}",
                 f"(SELECT count(*) {of_person('Product Viewed', 7)}) >= 2 AND NOT EXISTS (SELECT {MINE})"),
        Standard("viewed certain products, 30 days", did("Product Viewed", days=30, where=product),
                 f"SELECT DISTINCT profile_id {events('Product Viewed', 30, of_product)}",
                 f"EXISTS (SELECT {of_person('Product Viewed', 30, of_product)})"),
        Standard("average order ≥ 150", bought("average", "gte", 150),
                 f"{ORDERED} GROUP BY 1 HAVING avg(o.net) >= 150", f"(SELECT avg(o.net) {MINE}) >= 150"),
    ]  # fmt: skip


def many(number: int) -> list[dict[str, Any]]:
    """So many different rules: the standard ones with other thresholds and windows."""
    found: list[dict[str, Any]] = []
    names = ("Product Viewed", "Cart Updated", "Signed Up", "Order Completed")
    while len(found) < number:
        step = len(found) // 5
        found += [
            did(names[step % 4], "gte", 1 + step % 7, 3 + step % 60),
            {"all": [did(names[(step + 1) % 4], days=7 + step % 20), did("Order Completed", "eq", 0, 7 + step % 20)]},
            bought("revenue", "gte", 100 + 10 * step),
            {"all": [bought("count", "gte", 1 + step % 3, 30 + step), did("Product Viewed", "eq", 0, 10 + step % 30)]},
            did("", "gte", 1 + step % 5, 7 + step % 14, "visits"),
        ]
    return found[:number]
