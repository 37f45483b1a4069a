"""Orders as shops and browsers tell of them, and what the books say then."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.tracking.sending import a_source, send
from tests.tracking.test_collector_faults import SHOPIFY, WOO
from tracking.goals import computing
from tracking.ingest import run
from tracking.models import Order, Refund, Source
from workspaces.models import Workspace

TEN = datetime(2026, 11, 1, 10, tzinfo=UTC)
AGREED = {"consent": {"purposes": {"analytics": True}}}
TIMES = {"shopify": ("created_at", "updated_at"), "woocommerce": ("date_created_gmt", "date_modified_gmt")}
SALE: dict[str, Any] = {"order_id": "O", "total": 119, "tax": 19}
REFUND = {
    "id": 1,
    "order_id": 4711,
    "created_at": "2026-11-03T10:00:00Z",
    "transactions": [{"amount": "119.00", "currency": "EUR"}],
}


def drain() -> None:
    while run.run_batch():
        pass
    while computing.run_waiting():
        pass


def state(dialect: str, minutes: int, total: str = "119.00", **said: Any) -> dict[str, Any]:
    """An order placed at ten, as it is some minutes later."""
    created, changed = TIMES[dialect]
    like, name = (SHOPIFY, "total_price") if dialect == "shopify" else (WOO, "total")
    times = {created: TEN.isoformat(), changed: (TEN + timedelta(minutes=minutes)).isoformat()}
    return {**like, "id": 4711, name: total, "refunds": [], **times, **said}


def browser(workspace: Workspace) -> Source:
    return a_source(workspace, "browser")


def placed(source: Source, order_id: str = "4711", at: datetime = TEN, query: str = "", referrer: str = "") -> None:
    """A visit, and the order at its end."""
    thanks = {"page": {"url": "https://shop.example/thanks", "referrer": referrer}}
    page = {"type": "page", "anonymousId": "a-1", "timestamp": (at - timedelta(minutes=2)).isoformat(),
            "context": {**AGREED, "page": {"url": f"https://shop.example/{query}"}}}  # fmt: skip
    order = {"type": "track", "event": "Order Completed", "anonymousId": "a-1", "timestamp": at.isoformat(),
             "context": {**AGREED, **thanks},
             "properties": {"order_id": order_id, "total": 119, "tax": 19, "currency": "EUR"}}  # fmt: skip
    assert send(source, "batch", {"batch": [page, order]}).status_code == 200


def tell(source: Source, name: str, at: datetime = TEN, **properties: Any) -> None:
    event = {"event": name, "userId": "u-1", "timestamp": at.isoformat(), "properties": {"currency": "EUR", **properties},
             "context": AGREED}  # fmt: skip
    assert send(source, "track", event).status_code == 200


def books() -> list[tuple[str, Decimal, Decimal]]:
    return list(Order.objects.order_by("order_id").values_list("order_id", "gross", "net"))


def given_back() -> list[tuple[Decimal, Decimal]]:
    return list(Refund.objects.order_by("gross").values_list("gross", "net"))
