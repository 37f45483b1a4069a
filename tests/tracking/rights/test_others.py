"""Nothing of others is handed out or erased: whose identifier merely holds the person's, who names them, whose order they name."""

import json
from typing import Any

import pytest

from mops.lib import clock
from tests.tracking.rights.planting import EMAIL, Planted
from tests.tracking.rights.test_access import hooked
from tests.tracking.sending import a_source, send
from tracking import partitions
from tracking.ingest import run
from tracking.models import Customer, Event, ImportFile, Order, RawBody, RefusedRow, Session, Ticket
from tracking.rights import access, erasure, person
from workspaces.models import Workspace

ANNA = "anna@web.example"
GRANTED = {"consent": {"purposes": {"analytics": True}}}


def told(workspace: Workspace, *items: dict[str, Any], kind: str = "server") -> None:
    """One batch of a source of this kind, worked through."""
    partitions.ensure_ahead()
    send(a_source(workspace, kind, name=f"{kind} {clock.now().timestamp()}"), "batch", {"batch": list(items)})
    while run.run_batch():
        pass


def identify(user_id: Any, message_id: Any, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "userId": user_id, "messageId": message_id, "traits": traits}


def bodies() -> list[str]:
    return [bytes(row.body).decode() for row in RawBody.objects.order_by("pk")]


def test_an_identifier_that_holds_the_persons_is_somebody_elses(workspace: Workspace) -> None:
    told(workspace, identify("customer-1", "m-anna", email=ANNA))
    others = (
        identify("u-2", "m-johanna", email=f"joh{ANNA}", phone="+491701234567", street="Secret Way 1"),
        identify("customer-17", "m-17", birthday="1980-01-01", manager="customer-17", page=f"/?to=joh%C3%A4{ANNA}.org"),
    )
    told(workspace, *others)
    before = (bodies()[1], list(Event.objects.exclude(message_id="m-anna").order_by("pk").values_list("message_id", "traits")))
    whose = person.find(workspace, "email", ANNA)
    bundle = access.bundle(whose)
    text = json.dumps(bundle)
    assert [row["body"] for row in bundle["data"]["tracking.RawBody"]] == [[identify("customer-1", "m-anna", email=ANNA)]]
    assert not [told for told in ("Secret", "customer-17", "johanna", "1980") if told in text]
    erasure.erase(whose)
    assert bodies()[0] == ""
    kept = Event.objects.filter(message_id__in=["m-johanna", "m-17"]).order_by("pk").values_list("message_id", "traits")
    assert (bodies()[1], list(kept)) == before


def test_of_an_event_that_names_the_person_only_the_naming_texts_are_theirs(workspace: Workspace) -> None:
    bob = identify("bob-77", "m-bob", recommended_by=ANNA, street="Bob Way 2")
    told(workspace, identify("bob-78", "m-more"), bob)
    bundle = access.bundle(person.find(workspace, "email", ANNA))
    assert [row["body"] for row in bundle["data"]["tracking.RawBody"]] == [[{"traits.recommended_by": ANNA}]]
    assert "Bob Way" not in json.dumps(bundle)


def test_on_a_device_of_two_the_event_of_the_other_stays_theirs(workspace: Workspace) -> None:
    told(workspace, identify("anna-4711", "m-anna", email=ANNA) | {"anonymousId": "a-of-both"})
    told(workspace, identify("bob-4711", "m-bob", street="Bob Way 2") | {"anonymousId": "a-of-both"})
    assert "Bob Way" not in json.dumps(access.bundle(person.find(workspace, "email", ANNA)))


def test_the_entry_page_of_somebody_else_stays(planted: Planted) -> None:
    at = clock.now()
    visit = Session.objects.create(workspace=planted.workspace, source=planted.source, day=at.date(), started_at=at, ended_at=at,
                                   events=1, pages=1, channel="direct", visitor="v-2", entry_page=f"/?mail=x{EMAIL}")  # fmt: skip
    erasure.erase(person.find(planted.workspace, "email", EMAIL))
    visit.refresh_from_db()
    assert visit.entry_page == f"/?mail=x{EMAIL}"


def test_of_a_ticket_that_names_the_person_the_addressee_stays_somebody_elses(planted: Planted) -> None:
    rows = [
        Ticket.objects.create(workspace=planted.workspace, number=number, source=planted.source, event=f"Lead {number}",
                              kind="event", made_at=planted.at, sent_to="bob@example.org", note=f"ask {name}")
        for number, name in ((2, EMAIL), (3, f"x{EMAIL}"))
    ]  # fmt: skip
    whose = person.find(planted.workspace, "email", EMAIL)
    assert [(row["sent_to"], row["note"][:4]) for row in access.bundle(whose)["data"]["tracking.Ticket"]] == [
        (EMAIL, "cana"), ("", "ask "),
    ]  # fmt: skip
    erasure.erase(whose)
    for row in rows:
        row.refresh_from_db()
    assert [(row.sent_to, row.note) for row in rows] == [("bob@example.org", ""), ("bob@example.org", f"ask x{EMAIL}")]


def order(order_id: str, message_id: str, **said: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "messageId": message_id, "context": GRANTED,
            "properties": {"order_id": order_id, "total": 9, "currency": "EUR"}, **said}  # fmt: skip


def test_whoever_names_an_order_in_a_browser_does_not_own_it(workspace: Workspace) -> None:
    told(workspace, order("4711", "m-shop", userId="victim-4711"))
    told(workspace, order("4712", "m-guest", anonymousId="a-victim", timestamp="2026-01-02T10:00:00Z"), kind="browser")
    mine = {"userId": "anna-4711", "anonymousId": "a-anna"}
    told(workspace, identify("anna-4711", "m-anna", email=ANNA) | {"context": GRANTED}, order("4711", "m-1", **mine),
         order("4712", "m-2", timestamp="2026-01-01T10:00:00Z", **mine), kind="browser")  # fmt: skip
    whose = person.find(workspace, "email", ANNA)
    data = access.bundle(whose)["data"]
    assert (data["tracking.Order"], data["tracking.Customer"]) == ([], [])
    erasure.erase(whose)
    assert "victim-4711" in Customer.objects.values_list("key", flat=True)


def test_an_order_that_follows_the_persons_own_browser_is_theirs(workspace: Workspace) -> None:
    told(workspace, identify(None, "m-anna", email=ANNA) | {"anonymousId": "a-anna", "context": GRANTED},
         order("4713", "m-1", anonymousId="a-anna"), kind="browser")  # fmt: skip
    assert Order.objects.get().source == "website"
    data = access.bundle(person.find(workspace, "email", ANNA))["data"]
    assert [row["order_id"] for row in data["tracking.Order"]] == ["4713"]


@pytest.mark.parametrize("message_id", [["a"], {"a": 1}, "a\0b", "\ud800", True, 1.5])
@pytest.mark.parametrize("extra", [{}, {"properties": {"note": "\ud800"}}])
def test_no_message_id_blocks_the_rights_of_the_person_it_names(workspace: Workspace, message_id: Any, extra: Any) -> None:
    bad = {"type": "track", "event": "x", "userId": "u-9", "messageId": message_id, "traits": {"email": ANNA}, **extra}
    told(workspace, bad, identify("u-1", "m-1", email=ANNA), identify("u-2", "m-2", email="bob@web.example"))
    whose = person.find(workspace, "email", ANNA)
    bundle = access.bundle(whose)
    assert bad in bundle["data"]["tracking.RawBody"][0]["body"]
    access.as_zip(bundle)
    erasure.erase(whose)
    assert ANNA not in bodies()[0]
    assert "bob@web.example" in bodies()[0]


@pytest.mark.parametrize("bob", [
    {"id": "bob-1", "recommended_by": ANNA, "street": "Bob Way 2"},
    {"mail": "bob@web.example", "friend": {"x": 1}, "gift_for": ANNA, "phone": "+4917012345", "street": "Bob Way 2"},
    {"email": "bob@web.example", "mail": ANNA, "street": "Bob Way 2"},
])  # fmt: skip
def test_an_object_of_a_webhook_that_names_the_person_beside_somebody_else_is_not_theirs(workspace: Workspace, bob: Any) -> None:
    hooked(workspace, {"contacts": [bob, {"E-Mail": ANNA, "street": "Anna Way 1"}]})
    text = json.dumps(access.bundle(person.find(workspace, "email", ANNA)))
    assert "Bob Way" not in text
    assert "Anna Way" in text


def test_of_a_line_of_a_file_about_somebody_else_only_the_naming_cells_are_theirs(planted: Planted) -> None:
    cells = ["bob@example.org", "Bob Way 2", f"friend of {EMAIL}"]
    file = ImportFile.objects.create(workspace=planted.workspace, name="friends.csv", created_at=planted.at,
                                     content=("email;street;note\n" + ";".join(cells)).encode())  # fmt: skip
    RefusedRow.objects.create(workspace=planted.workspace, file=file, line=2, cells=cells, reason="none")
    data = access.bundle(person.find(planted.workspace, "email", EMAIL))["data"]
    (shown,) = [row["lines"] for row in data["tracking.ImportFile"] if row["name"] == "friends.csv"]
    assert shown == [[f"friend of {EMAIL}"]]
    assert "Bob Way" not in json.dumps(data["tracking.RefusedRow"])
