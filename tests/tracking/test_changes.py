"""Whose data changed is said in the transaction that changes it, and customers are the people who have their key."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.tracking.rows import order, refund
from tests.tracking.sending import a_source, send, track
from tests.tracking.test_ingest import drain
from tracking import buyers, changes, orders, refunds
from tracking.blind_index import Subject
from tracking.changes import people_changed
from tracking.consent import suppression
from tracking.models import Customer, Event, Identity, Profile, Source
from workspaces.models import Workspace


@pytest.fixture
def told() -> Iterator[list[tuple[int, str]]]:
    said: list[tuple[int, str]] = []

    def listen(*, changes: list[tuple[int, str]], **_: Any) -> None:
        assert transaction.get_connection().in_atomic_block
        said.extend(changes)

    people_changed.connect(listen)
    yield said
    people_changed.disconnect(listen)


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return a_source(workspace)


def arrive(source: Source, *events: dict[str, Any]) -> None:
    send(source, "batch", {"batch": list(events)})
    drain()


def the_profile() -> int:
    return Profile.objects.get(merged_into=None).pk


def test_it_tells_of_a_new_person_and_of_each_event(workspace: Workspace, source: Source, told: list[tuple[int, str]]) -> None:
    arrive(source, track("m-1"))
    assert set(told) == {(the_profile(), "person"), (the_profile(), "track:Product Viewed")}
    told.clear()
    arrive(source, track("m-2"), track("m-3"))
    assert told == [(the_profile(), "track:Product Viewed")]


def test_it_tells_of_traits(workspace: Workspace, source: Source, told: list[tuple[int, str]]) -> None:
    arrive(source, {"type": "identify", "userId": "u-1", "messageId": "i-1", "traits": {"plan": "gold"}})
    assert (the_profile(), "trait") in told


def test_it_tells_of_both_sides_of_a_merge_and_moves_the_events(
    workspace: Workspace, source: Source, told: list[tuple[int, str]]
) -> None:
    arrive(source, track("m-1", userId="", anonymousId="a-1"), track("m-2"))
    one, other = sorted(Profile.objects.values_list("pk", flat=True))
    told.clear()
    arrive(source, track("m-3", anonymousId="a-1"))
    assert {(one, "person"), (other, "person")} <= set(told)
    assert set(Event.objects.values_list("profile_id", flat=True)) == {the_profile()}


@pytest.mark.parametrize("person_first", [True, False])
def test_a_customer_is_the_person_with_its_key_whoever_comes_first(
    workspace: Workspace, source: Source, told: list[tuple[int, str]], person_first: bool
) -> None:
    steps = [lambda: arrive(source, track(userId="c-1")), lambda: orders.store(workspace, [order()], "api")]
    for step in steps if person_first else reversed(steps):
        step()
    assert Customer.objects.get().profile_id == the_profile()
    assert (the_profile(), "order") in told


def test_a_crm_id_is_a_customers_key_where_no_user_has_it(workspace: Workspace, source: Source) -> None:
    orders.store(workspace, [order()], "api")
    arrive(source, {"type": "identify", "userId": "u-1", "messageId": "i-1", "traits": {"crm_id": "c-1"}})
    by_crm = Customer.objects.get().profile_id
    arrive(source, track("m-9", userId="c-1"))
    assert by_crm
    assert Customer.objects.get().profile_id == Identity.objects.get(kind="user_id", profile__gt=by_crm).profile_id


def test_a_customer_follows_a_merge(workspace: Workspace, source: Source) -> None:
    arrive(source, track("m-1", userId="", anonymousId="a-1"), track("m-2", userId="c-1"))
    orders.store(workspace, [order()], "api")
    arrive(source, track("m-3", userId="c-1", anonymousId="a-1"))
    assert Customer.objects.get().profile_id == the_profile()


def test_it_tells_of_a_refund(workspace: Workspace, source: Source, told: list[tuple[int, str]]) -> None:
    arrive(source, track(userId="c-1"))
    orders.store(workspace, [order()], "api")
    told.clear()
    refunds.store(workspace, [refund()])
    assert told == [(the_profile(), "order")]


def test_it_tells_of_a_suppression(workspace: Workspace, source: Source, told: list[tuple[int, str]]) -> None:
    arrive(source, {"type": "identify", "userId": "u-1", "messageId": "i-1", "traits": {"email": "jana@example.org"}})
    told.clear()
    index = Identity.objects.get(kind="email").index
    suppression.suppress(workspace, Subject("email", index), "objection")  # type: ignore[arg-type]
    assert (the_profile(), "consent:*") in told


def test_the_sweep_finds_what_two_transactions_could_not_see(workspace: Workspace, source: Source) -> None:
    arrive(source, track(userId="c-1"))
    orders.store(workspace, [order()], "api")
    Customer.objects.update(profile=None)
    assert (buyers.relink(workspace.pk), buyers.relink(workspace.pk)) == (1, 0)
    assert Customer.objects.get().profile_id == the_profile()


def test_where_no_customer_is_somebody_else_nobody_waits_for_the_orders(workspace: Workspace, source: Source) -> None:
    orders.store(workspace, [order()], "api")
    arrive(source, track(userId="c-1"))
    with CaptureQueriesContext(connection) as queries:
        assert buyers.relink(workspace.pk) == 0
    assert not [query for query in queries if "advisory" in query["sql"]]


def test_it_says_nothing_when_nothing_changed(workspace: Workspace, told: list[tuple[int, str]]) -> None:
    changes.tell(workspace.pk, [])
    changes.tell_of_buyers(workspace.pk, [None])
    assert told == []
