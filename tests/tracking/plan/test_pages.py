"""The pages of the plan as a marketer uses them."""

import json
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse

from mops.lib import clock
from tests.tracking.plan.plans import ORDER, arrive, order, plan
from tests.tracking.sending import a_source
from tracking.models import PlanVersion
from tracking.plan import versions
from tracking.plan.schema import Property
from tracking.source_pages import live
from workspaces.models import AuditEvent, Role, User, Workspace

FORM: dict[str, Any] = {
    "type": "track", "name": "Lead", "owner": "Sales", "description": "A form was sent.", "closed": "on", "number": "0",
    "path": ["value", "kind"], "kind": ["number", "string"], "demand": ["required", ""], "note": ["", ""],
    "values": ["", "demo | offer"], "pattern": ["", ""], "empty": ["", "yes"],
}  # fmt: skip


def url(name: str, *args: object) -> str:
    return reverse(f"plan:{name}", args=["nordlicht", *args])


def planned(workspace: Workspace) -> dict[str, Any]:
    return {event.name: event for event in versions.planned(versions.current(workspace)).values()}


def test_it_says_how_to_begin(mia: Client) -> None:
    assert "No plan yet" in mia.get(url("index")).content.decode()
    assert "counted from the first version" in mia.get(url("violations")).content.decode()
    assert "No events yet" in mia.get(url("quality")).content.decode()
    assert "No version yet" in mia.get(url("history")).content.decode()


def test_a_plan_begins_with_the_events_that_came(mia: Client, workspace: Workspace) -> None:
    old: dict[str, Any] = {"timestamp": (clock.now() - timedelta(days=8)).isoformat(), "event": "Long ago"}
    arrive(a_source(workspace), order(1, {"total": 5}), order(2, {"coupon": "AB", "paid_at": "2026-11-01T10:00:00Z"}),
           order(3, {"tags": ["a"], "anna@example.org": 1, "address": {"city": "Ulm"}}), order(4, **old),
           order(5, event="anna@example.org"))  # fmt: skip
    page = mia.get(url("index")).content.decode()
    assert "Begin with what arrives" in page
    assert "Long ago" not in page
    assert "anna@example.org" not in page
    mia.post(url("adopt"), {"name": ["Order Completed", "never seen"]})
    found = planned(workspace)["Order Completed"].properties
    assert {(one.path, one.type, one.required, one.nullable) for one in found} == {
        ("order_id", "string", True, False), ("total", "number", True, False), ("currency", "string", True, False),
        ("coupon", "string", True, True), ("products", "array", True, False), ("products[].price", "number", True, False),
        ("paid_at", "date-time", False, False), ("tags", "array", False, False), ("tags[]", "string", False, False),
        ("address", "object", False, False), ("address.city", "string", True, False),
    }  # fmt: skip
    assert PlanVersion.objects.get().origin == "proposal"


def test_an_unknown_event_is_taken_in_with_one_click_and_valid_from_then_on(mia: Client, workspace: Workspace) -> None:
    plan(workspace)
    source = a_source(workspace)
    arrive(source, order(1, event="Lead"))
    assert "Not in the plan" in mia.get(url("index")).content.decode()
    mia.post(url("adopt"), {"name": "Lead"})
    arrive(source, order(2, event="Lead"), order(3, {"total": "1"}, event="Lead"))
    assert set(planned(workspace)) == {"Order Completed", "Lead"}
    lines = [line for line, _ticket in mia.get(url("violations"), {"event": "Lead"}).context["lines"]]
    assert [(line.kind, line.number, line.version) for line in lines if line.kind == "event"] == [("event", 1, 1)]
    assert [(line.path, line.number, line.version) for line in lines if line.kind == "type"] == [("total", 1, 2)]


def test_a_new_event_is_planned_by_hand(mia: Client, workspace: Workspace) -> None:
    assert mia.post(url("edit"), FORM).status_code == 302
    event = planned(workspace)["Lead"]
    assert event.properties == (
        Property("value", "number", required=True), Property("kind", "string", nullable=True, enum=("demo", "offer")),
    )  # fmt: skip
    assert (event.owner, event.closed) == ("Sales", True)
    assert AuditEvent.objects.get(action="plan.changed").details == {"changes": ["added: Lead"]}
    assert "demo | offer" in mia.get(url("edit"), {"type": "track", "name": "Lead"}).content.decode()
    assert "Sales" in mia.get(url("index")).content.decode()


def test_it_explains_what_cannot_be_planned(mia: Client, workspace: Workspace) -> None:
    plan(workspace)
    for wrong, said in (
        ({"name": ""}, "Name the event"),
        ({"name": "Order Completed"}, "planned already"),
        ({"path": ["a.b.c", "kind"]}, "no name of a property"),
        ({"path": ["value", "value"]}, "there twice"),
        ({"pattern": ["", "(a)\\1"]}, "cannot be used"),
        ({"values": ["many", ""]}, "does not fit the type"),
    ):
        page = mia.post(url("edit"), FORM | wrong)
        assert page.status_code == 200
        assert said in page.content.decode(), said
    assert PlanVersion.objects.count() == 1


def test_of_two_who_change_the_same_event_the_second_is_told(mia: Client, workspace: Workspace) -> None:
    mia.post(url("edit"), FORM)
    there = "?type=track&name=Lead"
    mia.post(url("edit") + there, FORM | {"number": "1", "owner": "Web team"})
    assert "meanwhile" in mia.post(url("edit") + there, FORM | {"number": "1", "owner": "Shop team"}).content.decode()
    assert planned(workspace)["Lead"].owner == "Web team"
    plan(workspace, *planned(workspace).values(), ORDER)  # a change of another event stands in nobody's way
    assert mia.post(url("edit") + there, FORM | {"number": "2", "owner": "Shop team"}).status_code == 302
    assert set(planned(workspace)) == {"Lead", "Order Completed"}


def test_an_event_is_renamed_and_taken_out(mia: Client, workspace: Workspace) -> None:
    mia.post(url("edit"), FORM)
    mia.post(url("edit") + "?type=track&name=Lead", FORM | {"number": "1", "name": "Lead Sent"})
    assert set(planned(workspace)) == {"Lead Sent"}
    mia.post(url("remove"), {"type": "track", "name": "Lead Sent"})
    assert planned(workspace) == {}
    assert [one.changes for one in PlanVersion.objects.order_by("number")] == [
        [["added", "Lead"]], [["removed", "Lead"], ["added", "Lead Sent"]], [["removed", "Lead Sent"]],
    ]  # fmt: skip


def test_an_old_version_comes_back_as_a_new_one(mia: Client, workspace: Workspace) -> None:
    first = plan(workspace)
    mia.post(url("edit"), FORM)
    shown = mia.get(url("version", first.pk)).content.decode()
    assert "Web team" in shown
    assert "Bring back" in shown
    mia.post(url("restore", first.pk))
    newest = versions.current(workspace)
    assert newest
    assert (newest.number, newest.events, newest.origin) == (3, first.events, "restored")
    assert "Mia Muster" in mia.get(url("history")).content.decode()


def test_what_is_exported_is_imported_without_a_change(mia: Client, workspace: Workspace) -> None:
    plan(workspace)
    text = mia.get(url("export")).content.decode()
    rule = json.loads(text)["rules"][0]
    assert (rule["type"], rule["key"], rule["jsonSchema"]["labels"]) == ("TRACK", "Order Completed", {"owner": "Web team"})
    assert "nothing changes" in mia.post(url("import"), {"text": text}).content.decode()


def test_an_import_shows_what_it_would_change_before_it_does(mia: Client, workspace: Workspace) -> None:
    plan(workspace)
    schema = {"title": "Lead", "type": "object", "properties": {"value": {"type": "number", "minimum": 0}}, "required": ["value"]}
    sent = {"text": json.dumps(schema), "mode": "replace"}
    page = mia.post(url("import"), sent)
    assert page.context["changes"] == [("added", "Lead"), ("removed", "Order Completed")]
    assert "Lead: value: minimum" in page.content.decode()
    assert PlanVersion.objects.count() == 1
    mia.post(url("import"), sent | {"step": "take"})
    assert set(planned(workspace)) == {"Lead"}
    assert "no JSON" in mia.post(url("import"), {"text": "{"}).content.decode()


def test_a_manager_reads_and_changes_nothing(client: Client, workspace: Workspace) -> None:
    plan(workspace)
    boss = User.objects.create_user("max@example.org", name="Max Muster", language="en")
    boss.memberships.create(workspace=workspace, role=Role.MANAGER)
    client.force_login(boss)
    assert "New event" not in client.get(url("index")).content.decode()
    assert client.get(url("export")).status_code == 200
    assert client.post(url("adopt"), {"name": "Lead"}).status_code == 403


def test_the_live_view_of_a_source_names_the_violations(workspace: Workspace) -> None:
    plan(workspace)
    source = a_source(workspace)
    arrive(source, order(1), order(2, {"total": "1", "extra": 1}))
    assert {line.message_id: sorted(line.violations) for line in live.arrivals(source)} == {
        "o-1": [], "o-2": [("Unknown property", "extra"), ("Wrong type", "total")],
    }  # fmt: skip
