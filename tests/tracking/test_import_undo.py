"""Undo: what a file did is gone, what others did is untouched."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import OperationalError

from mops.lib import clock
from tests.tracking.importing import drain, import_source, run, take_back, upload
from tests.tracking.profiles.seeing import people
from tests.tracking.rows import NOON, order, refund
from tests.tracking.sending import a_source, send, track
from tracking import ledger, orders, refunds
from tracking.consent import purposes
from tracking.goals import computing
from tracking.imports import running
from tracking.invariants import broken
from tracking.models import (
    ChangedDay,
    ConsentState,
    Conversion,
    Customer,
    Event,
    EventKey,
    Goal,
    Identity,
    IdentityLink,
    ImportedRow,
    ImportFile,
    ImportReceipt,
    Merge,
    Order,
    PlanViolation,
    Profile,
    QualityDay,
    RawBody,
    Refund,
    Session,
    SourceDay,
    SubjectLink,
    Trait,
)
from tracking.plan import versions
from tracking.plan.quality import COUNTED
from tracking.plan.schema import PlannedEvent, Property
from tracking.profiles.traits import of_profile
from workspaces.models import AuditEvent, Workspace

ORDERS = (
    "order id,date,gross,net,customer,utm_source,utm_medium\n"
    "A-1,2026-10-01 12:00,50.00,40.00,c-1,google,cpc\n"
    "A-2,2026-10-02 12:00,70.00,60.00,c-2,,\n"
)


def everything(workspace: Workspace) -> list[Any]:
    """All orders, refunds and customers as they are now, without ids."""
    ordered = Order.objects.filter(workspace=workspace).order_by("order_id")
    return [
        list(ordered.values_list("order_id", "customer__key", "ordered_at", "day", "gross", "net", "margin", "currency",
                                 "utm_source", "channel", "channel_rule", "source")),
        list(Refund.objects.order_by("refund_id").values_list("refund_id", "order__order_id", "gross", "net", "day")),
        list(Customer.objects.order_by("key").values_list("key", "first_order_at", "acquisition_channel")),
    ]  # fmt: skip


def test_new_orders_go_and_corrected_ones_are_as_before(workspace: Workspace) -> None:
    orders.store(workspace, [order("A-1", margin=Decimal("3.5"), is_new_customer=True)], "api")
    refunds.store(workspace, [refund("R-1", "A-1"), refund("R-2", "A-2")])
    before = everything(workspace)
    file = run(upload(workspace, "orders", ORDERS))
    assert (file.stored, file.corrected) == (1, 1)
    assert everything(workspace) != before
    assert (take_back(file).state, file.removed, file.restored, file.kept) == ("undone", 1, 1, 0)
    assert everything(workspace) == before
    assert AuditEvent.objects.filter(action="import.undone").exists()


def test_what_somebody_changed_since_stays_and_is_listed(workspace: Workspace) -> None:
    file = run(upload(workspace, "orders", ORDERS))
    orders.store(workspace, [order("A-1", gross=Decimal("99.00"), net=Decimal("90.00"))], "api")
    assert (take_back(file).removed, file.kept) == (1, 1)
    assert [row.key for row in ImportedRow.objects.filter(was_kept=True)] == ["A-1"]
    assert list(Order.objects.values_list("order_id", "gross")) == [("A-1", Decimal("99.00"))]


def test_two_files_are_taken_back_in_the_opposite_order(workspace: Workspace) -> None:
    first = run(upload(workspace, "orders", ORDERS))
    one = everything(workspace)
    second = run(upload(workspace, "orders", ORDERS.replace("50.00", "55.00")))
    take_back(second)
    assert everything(workspace) == one
    take_back(first)
    assert everything(workspace) == [[], [], []]


def test_an_order_named_in_two_chunks_goes_back_to_before_the_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CHUNK", 1)
    orders.store(workspace, [order("A-1")], "api")
    before = everything(workspace)
    file = run(upload(workspace, "orders", ORDERS + "A-1,2026-10-01 12:00,51.00,41.00,c-1,,\n"))
    assert (take_back(file).removed, file.restored) == (1, 1)
    assert everything(workspace) == before


def test_refunds_come_and_go(workspace: Workspace) -> None:
    orders.store(workspace, [order("A-1")], "api")
    refunds.store(workspace, [refund("R-1", "A-1")])
    before = everything(workspace)
    text = "refund id,order id,date,gross\nR-1,A-1,2026-10-02,-23.80\nR-2,A-1,2026-10-03,5.95\nR-3,,2026-10-03,1\n"
    file = run(upload(workspace, "refunds", text))
    assert (file.stored, file.corrected, file.refused) == (1, 1, 1)
    assert Refund.objects.get(refund_id="R-1").net == Decimal("20.00")
    take_back(file)
    assert everything(workspace) == before


def test_it_goes_on_undoing_where_a_lost_worker_stopped(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracking.imports import traces

    monkeypatch.setattr(traces, "CHUNK", 1)
    file = run(upload(workspace, "orders", ORDERS))
    running.start_undo(file, ends_consents=False)
    with monkeypatch.context() as lost:
        lost.setattr(ImportedRow.objects, "filter", broken_after(3))
        with pytest.raises(OperationalError):
            running.run(file.pk)
    assert Order.objects.count() == 1
    ImportFile.objects.filter(pk=file.pk).update(lease_until=clock.now() - timedelta(minutes=1))
    assert running.due() == [file.pk]
    running.run(file.pk)
    file.refresh_from_db()
    assert (file.state, file.removed, Order.objects.count()) == ("undone", 2, 0)


def broken_after(calls: int):  # type: ignore[no-untyped-def]
    found, seen = ImportedRow.objects.filter, []

    def filter_(*args, **kwargs):  # type: ignore[no-untyped-def]
        seen.append(kwargs)
        if len(seen) > calls:
            raise OperationalError("the line broke")
        return found(*args, **kwargs)

    return filter_


def test_it_is_too_late_after_thirty_days(workspace: Workspace) -> None:
    file = run(upload(workspace, "orders", ORDERS))
    ImportFile.objects.filter(pk=file.pk).update(created_at=clock.now() - timedelta(days=31))
    file.refresh_from_db()
    with pytest.raises(running.UnableToImport):
        running.start_undo(file, ends_consents=False)


CONTACTS = (
    "email,phone,user id,city,plan\n"
    "erika@example.org,015123456789,u-1,Bremen,gold\n"
    "max@example.org,,,,\n"
)  # fmt: skip
TABLES = (
    Event, EventKey, RawBody, Session, Identity, IdentityLink, Trait, Profile, Merge, Order, Refund, Customer, Conversion,
    ImportReceipt, SubjectLink,
)  # fmt: skip


def test_contacts_leave_nothing_behind(workspace: Workspace) -> None:
    file = run(upload(workspace, "contacts", CONTACTS, import_source(workspace)))
    drain()
    assert Profile.objects.count() == 2
    ledger.close_days()
    assert (take_back(file).state, file.removed) == ("undone", 2)
    counts = {model.__name__: model._default_manager.count() for model in TABLES if model is not SubjectLink}
    assert set(counts.values()) == {0}, counts
    assert not SubjectLink.objects.filter(ended_at=None).exists()
    assert not SourceDay.objects.exists()
    assert broken(clock.now().replace(year=2020)) == []


def test_what_other_events_say_of_the_same_people_stays(workspace: Workspace) -> None:
    shop = a_source(workspace)
    identify = {"type": "identify", "traits": {"email": "erika@example.org", "city": "Kiel"}, "userId": "u-1"}
    send(shop, "batch", {"batch": [{**identify, "messageId": "i-1", "timestamp": "2026-09-01T00:00:00Z"}, track("m-1")]})
    drain()
    before = people(workspace), seen(), said(workspace)
    text = CONTACTS + "erika@example.org,,u-2,Ulm,\n"  # a second user id: somebody else, says the file
    file = run(upload(workspace, "contacts", text, import_source(workspace)))
    drain()
    assert (people(workspace), seen(), said(workspace)) != before
    take_back(file)
    assert (people(workspace), seen(), said(workspace)) == before
    assert Event.objects.filter(profile_id=Profile.objects.get().pk).count() == 2


def seen() -> list[Any]:
    return list(
        Identity.objects.order_by("kind", "index").values_list("kind", "index", "first_at", "last_at", "users", "others", "leaves")
    )


def said(workspace: Workspace) -> list[Any]:
    found = []
    for profile in Profile.objects.filter(merged_into=None).order_by("pk"):
        traits = of_profile(workspace, list(Identity.objects.filter(profile=profile)), clear=True)
        found.append([(trait.name, trait.value, trait.at) for trait in traits])
    return found


def test_people_a_file_joined_are_two_again(workspace: Workspace) -> None:
    shop = a_source(workspace)
    for number, who in enumerate(({"userId": "u-1"}, {"anonymousId": "a-1"})):
        send(shop, "track", {"event": "Product Viewed", "messageId": f"m-{number}", **who})
    drain()
    assert Profile.objects.count() == 2
    text = "event,time,user id,anonymous id\nSigned Up,2026-10-01T09:00:00Z,u-1,a-1\n"
    file = run(upload(workspace, "events", text, import_source(workspace)))
    drain()
    assert people(workspace) == {frozenset({"u-1", "a-1"})}
    take_back(file)
    assert people(workspace) == {frozenset({"u-1"}), frozenset({"a-1"})}
    assert not Merge.objects.filter(undone_at=None).exists()
    owners = dict(Event.objects.values_list("message_id", "profile_id"))
    assert owners["m-0"] != owners["m-1"]
    assert set(owners.values()) <= set(Profile.objects.filter(merged_into=None).values_list("pk", flat=True))


EVENTS = (
    "event,time,anonymous id,order_id,total,revenue,currency,utm_source\n"
    "Order Completed,2026-10-01T09:00:00Z,a-1,O-1,119,100,EUR,newsletter\n"
    "Order Completed,2026-10-01T09:05:00Z,a-1,O-2,23.8,20,EUR,\n"
)


def test_visits_orders_and_conversions_of_events_go_with_them(workspace: Workspace) -> None:
    Goal.objects.create(workspace=workspace, name="Orders", event="Order Completed")
    file = run(upload(workspace, "events", EVENTS, import_source(workspace)))
    drain()
    computing.run_waiting()
    assert (Order.objects.count(), Session.objects.count(), Conversion.objects.count()) == (2, 1, 2)
    orders.store(workspace, [order("O-2", ordered_at=NOON, gross=Decimal("30.00"), net=Decimal("25.00"))], "api")
    assert (take_back(file).removed, file.kept) == (2, 1)
    computing.run_waiting()
    assert list(Order.objects.values_list("order_id", flat=True)) == ["O-2"]
    assert (Session.objects.count(), Conversion.objects.count(), ChangedDay.objects.count()) == (0, 0, 0)


def test_an_order_another_event_tells_of_is_as_that_one_says(workspace: Workspace) -> None:
    shop = a_source(workspace)
    told = {"order_id": "O-1", "total": 11.9, "revenue": 10, "currency": "EUR"}
    send(shop, "track", track("m-1", event="Order Completed", properties=told, timestamp="2026-09-30T09:00:00Z"))
    drain()
    file = run(upload(workspace, "events", EVENTS, import_source(workspace)))
    drain()
    assert Order.objects.get(order_id="O-1").gross == 119
    take_back(file)
    assert list(Order.objects.values_list("order_id", "gross")) == [("O-1", Decimal("11.9"))]


def test_time_and_origin_only_the_file_told_of_go_with_it(workspace: Workspace) -> None:
    file = run(upload(workspace, "events", EVENTS, import_source(workspace)))
    drain()
    told = {"order_id": "O-1", "total": 11.9, "revenue": 10, "currency": "EUR"}
    send(a_source(workspace), "track", track("m-1", event="Order Updated", properties=told, timestamp="2026-10-05T09:00:00Z"))
    drain()
    assert Order.objects.values_list("day", "channel").get(order_id="O-1") == (date(2026, 10, 1), "email")
    take_back(file)
    assert Order.objects.values_list("day", "channel").get(order_id="O-1") == (date(2026, 10, 5), "direct")


def test_refunds_cut_to_their_order_go_with_their_file(workspace: Workspace) -> None:
    text = "event,time,user id,order_id,refund_id,total\nOrder Completed,2026-10-01T09:00:00Z,u-1,O-1,,119\n"
    text += "".join(f"Order Refunded,2026-10-02T09:00:00Z,u-1,O-1,R-{number},100\n" for number in range(2))
    file = run(upload(workspace, "events", text, import_source(workspace)))
    drain()
    assert sorted(Refund.objects.values_list("gross", flat=True)) == [19, 100]
    take_back(file)
    assert (Order.objects.count(), Refund.objects.count(), file.kept) == (0, 0, 0)


def test_a_file_corrects_a_refund_events_told_of_until_it_is_undone(workspace: Workspace) -> None:
    shop = a_source(workspace)
    for name, total in (("Order Completed", 119), ("Order Refunded", 100)):
        told = {"order_id": "O-1", "refund_id": "R-1", "total": total, "currency": "EUR"}
        send(shop, "track", track(name, event=name, properties=told, timestamp="2026-09-30T09:00:00Z"))
    drain()
    file = run(upload(workspace, "refunds", "refund id,order id,date,gross\nR-1,O-1,2026-10-02,130\n"))
    told = {"order_id": "O-1", "refund_id": "R-1", "total": 90, "currency": "EUR"}
    send(shop, "track", track("again", event="Order Refunded", properties=told, timestamp="2026-10-01T09:00:00Z"))
    drain()
    assert Refund.objects.values_list("gross", "source").get() == (130, "import")
    take_back(file)
    assert Refund.objects.values_list("gross", "source", "told_gross").get() == (100, "shop", 100)


def test_an_order_the_file_cancelled_is_back_with_its_refund(workspace: Workspace) -> None:
    shop = a_source(workspace)
    told = {"order_id": "O-1", "total": 11.9, "revenue": 10, "currency": "EUR"}
    send(shop, "track", track("m-1", event="Order Completed", properties=told, timestamp="2026-09-30T09:00:00Z"))
    send(shop, "track", track("m-2", event="Order Refunded", properties=told, timestamp="2026-09-30T10:00:00Z"))
    drain()
    text = "event,time,user id,order_id\nOrder Cancelled,2026-10-01T09:00:00Z,u-1,O-1\n"
    file = run(upload(workspace, "events", text, import_source(workspace)))
    drain()
    assert (Order.objects.count(), Refund.objects.count()) == (0, 0)
    take_back(file)
    assert Refund.objects.get().order == Order.objects.get(order_id="O-1")


def test_a_refund_named_after_the_longest_message_goes_too(workspace: Workspace) -> None:
    orders.store(workspace, [order("O-1")], "api")
    text = f"event,time,user id,message id,order_id\nOrder Refunded,2026-10-02T09:00:00Z,u-1,{'m' * 200},O-1\n"
    file = run(upload(workspace, "events", text, import_source(workspace)))
    drain()
    assert Refund.objects.count() == 1
    take_back(file)
    assert not Refund.objects.exists()


def test_events_that_still_wait_are_taken_back_too(workspace: Workspace) -> None:
    file = run(upload(workspace, "events", EVENTS, import_source(workspace)))
    take_back(file)
    assert (drain(), Event.objects.count(), EventKey.objects.count()) == (0, 0, 0)
    again = run(upload(workspace, "events", EVENTS, file.source))
    assert again.stored == 2


@pytest.mark.parametrize("ends", [True, False])
def test_consents_of_the_file_end_if_that_is_wanted(workspace: Workspace, ends: bool) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z"):
        purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", "Ja.", by=None)
    text = (
        "email,consent at,text version,text language,consent url,mechanism\n"
        "a@example.org,2026-01-05T10:00:00Z,1,de,https://shop.example/news,checkbox\n"
    )
    file = run(upload(workspace, "contacts", text, import_source(workspace), purpose="email"))
    drain()
    take_back(file, ends_consents=ends)
    assert ConsentState.objects.get().decision == ("expired" if ends else "granted")


def test_a_device_only_the_file_showed_with_many_people_links_again(workspace: Workspace) -> None:
    shop = a_source(workspace)
    send(shop, "batch", {"batch": [track(f"m-{n}", userId=user, anonymousId="a-1") for n, user in enumerate(["u-1", ""])]})
    drain()
    before = people(workspace), seen(), set(Event.objects.values_list("message_id", "profile_id"))
    text = "event,time,user id,anonymous id\n" + "".join(f"Signed Up,2026-10-01T09:00:00Z,u-{n},a-1\n" for n in range(2, 6))
    file = run(upload(workspace, "events", text, import_source(workspace)))
    drain()
    assert people(workspace) == {frozenset({name}) for name in ("u-1", "u-2", "u-3", "u-4", "u-5", "a-1")}
    assert Identity.objects.get(guard="shared").users == 5
    take_back(file)
    assert (people(workspace), seen(), set(Event.objects.values_list("message_id", "profile_id"))) == before
    assert not Identity.objects.exclude(guard="").exists()
    assert Profile.objects.count() == 1


def test_the_counts_of_the_plan_are_as_before(workspace: Workspace) -> None:
    rule = Property("total", "number", required=True)
    versions.save(workspace, None, [PlannedEvent("track", "Order Completed", properties=(rule,))])
    source = import_source(workspace)
    one, other = "event,time,user id,total\n", EVENTS.replace("119", "").replace("O-", "P-")
    drain_of(run(upload(workspace, "events", one + "Signed Up,2026-10-01T09:00:00Z,u-1,\n", source)))
    before = counts()
    assert before[1]
    file = drain_of(run(upload(workspace, "events", other, source)))
    assert counts() != before
    take_back(file)
    assert counts() == before
    take_back(ImportFile.objects.exclude(pk=file.pk).get())
    assert counts() == ([], [])


def drain_of(file: ImportFile) -> ImportFile:
    drain()
    return file


def counts() -> tuple[list[Any], list[Any]]:
    quality = QualityDay.objects.order_by("day", "release")
    violations = PlanViolation.objects.order_by("event", "kind", "property")
    return list(quality.values_list("release", *COUNTED)), list(violations.values_list("event", "kind", "property", "number"))
