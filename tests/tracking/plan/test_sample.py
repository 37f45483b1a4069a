"""The plan of the sample shop against what the sandbox's shop really sends."""

from datetime import timedelta

from mops.demo import tracking_plan
from sandbox.browsing import events
from sandbox.server import Sandbox
from tests.sandbox_fixtures import NOW
from tracking.models import PlanVersion
from tracking.plan.compiled import Compiled
from workspaces.models import Workspace


def test_the_sample_shop_breaks_its_plan_only_where_it_is_meant_to(sandbox: Sandbox) -> None:
    check = Compiled(tracking_plan.EVENTS)
    since = NOW - timedelta(days=21)
    orders = {order.order_id: order for order in sandbox.market.orders(since, NOW, NOW)}
    found, checked = set(), 0
    for visit in sandbox.market.visits(since, NOW):
        for _at, event in events(visit, orders.get(visit.order_id)):
            name = event.get("event", "")
            broken = check.violations(event["type"], name, event["properties"])
            assert broken is not None
            found |= {(name, *one) for one in broken}
            checked += 1
    assert checked > 1_000
    meant = {("Checkout Started", "event", ""), ("Order Completed", "missing", "shipping"), ("Product Added", "type", "price")}
    assert found == meant


def test_it_is_planned_once(workspace: Workspace) -> None:
    tracking_plan.create(workspace)
    tracking_plan.create(workspace)
    assert PlanVersion.objects.count() == 1
