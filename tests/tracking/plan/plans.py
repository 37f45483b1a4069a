"""Short ways to plan and send events in tests."""

from typing import Any

from tests.tracking.sending import send
from tracking.ingest import run
from tracking.models import PlanVersion, PlanViolation, Source
from tracking.plan import versions
from tracking.plan.schema import PlannedEvent, Property
from workspaces.models import Workspace

ORDER = PlannedEvent(
    "track", "Order Completed", "Web team", "Somebody paid.",
    (
        Property("order_id", "string", required=True),
        Property("total", "number", required=True),
        Property("currency", "string", enum=("EUR", "CHF")),
        Property("coupon", "string", nullable=True, pattern="^[A-Z]{2,8}$"),
        Property("paid_at", "date-time"),
        Property("products", "array"),
        Property("products[].price", "number", required=True),
    ),
)  # fmt: skip
VALID = {"order_id": "A-1", "total": 12.5, "currency": "EUR", "coupon": None, "products": [{"price": 1}]}


def plan(workspace: Workspace, *events: PlannedEvent) -> PlanVersion:
    version = versions.save(workspace, None, events or (ORDER,))
    assert version
    return version


def order(number: int | str, properties: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "userId": "u-1", "messageId": f"o-{number}",
            "properties": {**VALID, **(properties or {})}, **fields}  # fmt: skip


def arrive(source: Source, *events: dict[str, Any]) -> None:
    """Send and take through all steps."""
    assert send(source, "batch", {"batch": list(events)}).status_code == 200
    while run.run_batch():
        pass


def broken() -> dict[tuple[str, str, str], int]:
    """(event, kind, property) → number."""
    return {(one.event, one.kind, one.property): one.number for one in PlanViolation.objects.all()}
