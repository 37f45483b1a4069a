"""What a visit looks like to the shop's own tag: page views, products, cart, checkout and the order, in Segment's words.

Everything follows from the visit: asked twice, a visitor sends the same events under the same message ids.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID, uuid5
from zlib import crc32
from zoneinfo import ZoneInfo

from sandbox.market.catalogue import PROPERTY
from sandbox.market.rows import ShopOrder, Visit
from sandbox.market.shop import PRODUCTS

SITE = "https://www.alpenkiste.example"
NAMESPACE = UUID("0f6f2b0e-2f0b-4c52-8d3f-2b4f0a6c9e11")
ZONE = ZoneInfo(PROPERTY.time_zone)
LONGEST = timedelta(minutes=30)  # from the first to the last event of a visit, so that it stays one visit
UNASKED = 12  # one in so many visitors without consent meets an old landing page whose tag fires before the choice
CART_STEPS = (18, 6)  # of 100 visits without an order that look around, so many fill a cart; of those so many begin a checkout
FAULTY = 3  # every third release tells the price of an added product as a text, as real releases do
PAGES = ("/", "/zelte", "/rucksaecke", "/schuhe", "/bekleidung", "/ratgeber/huettentour", "/sale")
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 "
    "Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
)


class Sent(NamedTuple):
    """An event and when it happened."""

    at: datetime
    event: dict[str, Any]


class Act(NamedTuple):
    """Something a visitor does on a page: an event name, "" for the page view itself."""

    name: str
    path: str
    properties: Mapping[str, Any] = MappingProxyType({})


def events(visit: Visit, order: ShopOrder | None) -> list[Sent]:
    """What the tag sends of a visit, oldest first; nothing where nobody agreed, as the banner has it.

    `order` is the one placed in this visit. The last event happens less than LONGEST after the first.
    """
    if not visit.consent and _draw(visit, "unasked", UNASKED):
        return []
    acts = list(_acts(visit, order)) if visit.consent else [Act("", _landing(visit))]
    moments = _moments(visit, order, len(acts))
    return [Sent(at, _event(visit, act, at, number)) for number, (act, at) in enumerate(zip(acts, moments, strict=True))]


def _acts(visit: Visit, order: ShopOrder | None) -> Iterator[Act]:
    yield Act("", _landing(visit))
    carts = order is None and visit.engaged and _draw(visit, "cart", 100) < CART_STEPS[0]
    lines = [_line(*item) for item in order.items] if order else [_chosen(visit, 0)] if carts else []
    for number in range(1, max(visit.pages - len(lines) - (2 if order else 0), 1)):
        yield from _look(visit, number)
    for line in lines:
        path = _product_path(line["product_id"])
        yield from (Act("", path), Act("Product Viewed", path, line), Act("Product Added", path, _added(visit, line)))
    if order or (lines and _draw(visit, "checkout", CART_STEPS[0]) < CART_STEPS[1]):
        yield Act("", "/kasse")
        yield Act("Checkout Started", "/kasse", {"value": _total(lines), "currency": "EUR", "products": lines})
    if order:
        yield Act("Order Completed", "/kasse/danke", _placed(order, lines))


def _look(visit: Visit, number: int) -> Iterator[Act]:
    """Another page: every second one is a product."""
    if number % 2:
        yield Act("", PAGES[_draw(visit, f"page {number}", len(PAGES))])
    else:
        line = _chosen(visit, number)
        path = _product_path(line["product_id"])
        yield from (Act("", path), Act("Product Viewed", path, line))


def _chosen(visit: Visit, number: int) -> dict[str, Any]:
    sku, name, cents, _share = PRODUCTS[_draw(visit, f"product {number}", len(PRODUCTS))]
    return {"product_id": sku, "name": name, "price": cents / 100, "quantity": 1, "currency": "EUR"}


def _line(sku: str, name: str, quantity: int, unit: Any) -> dict[str, Any]:
    return {"product_id": sku, "name": name, "price": float(unit), "quantity": quantity, "currency": "EUR"}


def _added(visit: Visit, line: dict[str, Any]) -> dict[str, Any]:
    faulty = visit.at.isocalendar().week % FAULTY == 0
    return {**line, "price": f"{line['price']:.2f}".replace(".", ",")} if faulty else line


def _total(lines: Sequence[Mapping[str, Any]]) -> float:
    return float(round(sum(line["price"] * line["quantity"] for line in lines), 2))


def _placed(order: ShopOrder, lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "order_id": order.order_id, "total": float(order.gross), "revenue": float(order.net), "tax": float(order.gross - order.net),
        "currency": order.currency, "products": lines,
    }  # fmt: skip


def _landing(visit: Visit) -> str:
    """The first page's path with the marks of the click."""
    marks = {name: getattr(visit, name) for name in ("utm_source", "utm_medium", "utm_campaign", "utm_id", "gclid", "fbclid")}
    query = urlencode({name: value for name, value in marks.items() if value})
    path = PAGES[_draw(visit, "landing", len(PAGES))]
    return f"{path}?{query}" if query else path


def _product_path(sku: str) -> str:
    return f"/produkt/{sku.lower()}"


def _moments(visit: Visit, order: ShopOrder | None, count: int) -> list[datetime]:
    """One moment per act; the last is that of the order. Other visits hurry to end on the day they began, as they are counted."""
    if order and count > 1:
        step = (order.ordered_at - visit.at) / (count - 1)
        return [*(visit.at + step * number for number in range(count - 1)), order.ordered_at]
    room = min(LONGEST, _midnight(visit.at) - visit.at)
    pause = min(timedelta(seconds=15 + _draw(visit, "pause", 60)), room / (count + 1))
    return [visit.at + pause * number for number in range(count)]


def _midnight(at: datetime) -> datetime:
    """When the shop's day of `at` ends."""
    return datetime.combine(at.astimezone(ZONE).date() + timedelta(days=1), time(), ZONE).astimezone(UTC)


def _event(visit: Visit, act: Act, at: datetime, number: int) -> dict[str, Any]:
    key = f"{visit.shopper_key}-{int(visit.at.timestamp())}"
    page = {"url": SITE + act.path, "path": act.path.partition("?")[0]}
    if number == 0 and visit.referrer:
        page["referrer"] = visit.referrer
    return {
        "type": "track" if act.name else "page",
        **({"event": act.name} if act.name else {}),
        "messageId": f"web-{key}-{number}",
        "anonymousId": str(uuid5(NAMESPACE, visit.shopper_key)),
        **({"userId": visit.customer_key} if visit.customer_key else {}),
        "originalTimestamp": at.isoformat(),
        "properties": dict(act.properties),
        "context": {
            "page": page,
            "userAgent": AGENTS[_draw(visit, "agent", len(AGENTS), per_visitor=True)],
            "app": {"name": "alpenkiste-web", "version": release(visit.at)},
            "consent": {"purposes": {"analytics": visit.consent}},
        },
    }


def release(at: datetime) -> str:
    """The version of the shop's pages: a new one every Monday."""
    year, week, _ = at.isocalendar()
    return f"{year % 100}.{week}.0"


def _draw(visit: Visit, what: str, faces: int, *, per_visitor: bool = False) -> int:
    """A number from 0 up to `faces` that this visit always draws."""
    when = "" if per_visitor else str(int(visit.at.timestamp()))
    return crc32(f"{visit.shopper_key}/{when}/{what}".encode()) % faces
