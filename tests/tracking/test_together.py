"""Group commit: what waits together is stored by one commit, and nobody suffers from what another one sent."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.sending import a_source, track
from tracking import invariants, partitions
from tracking.arrays import array
from tracking.collector import door
from tracking.collector.sources import known
from tracking.collector.store import Receipt, Request
from tracking.collector.together import Together
from tracking.models import Event, EventKey, RawBody, Rejection
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def together(workspace: Workspace) -> Iterator[Together]:
    partitions.ensure_ahead()
    queue = Together()
    yield queue
    queue.close()


def request(workspace: Workspace, *events: dict[str, Any]) -> Request:
    source = known(a_source(workspace, name=events[0]["messageId"]))
    return door.prepared("batch", source, b"{}", {"batch": list(events)}, list(events))


def at_once(together: Together, requests: list[Request]) -> dict[int, Any]:
    """Store all of them while somebody else is writing, so that they wait together. What became of each."""
    results: dict[int, Any] = {}

    def store(number: int) -> None:
        try:
            results[number] = together.store(requests[number])
        except OperationalError as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=store, args=(number,)) for number in range(len(requests))]
    with together._turn:
        for thread in threads:
            thread.start()
        wait_until(lambda: len(together._queue) == len(requests))
    for thread in threads:
        thread.join()
    return results


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        threading.Event().wait(0.01)


def test_requests_that_wait_together_are_stored_by_one_commit(workspace: Workspace, together: Together) -> None:
    requests = [request(workspace, track(f"a-{n}"), track("same"), track("same"), {"type": "?"}) for n in range(6)]
    results = at_once(together, requests)
    assert sorted(receipt[1:] for receipt in results.values()) == [(4, 1, 2, 1)] * 5 + [(4, 2, 1, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM tracking_rawbody")
        assert cursor.fetchone() == (1,)
    assert Event.objects.count() == EventKey.objects.count() == 7
    assert Rejection.objects.count() == RawBody.objects.count() == 6
    assert invariants.broken(RawBody.objects.earliest("received_at").received_at) == []


def test_each_gets_its_own_receipt(workspace: Workspace, other: Workspace, together: Together) -> None:
    requests = [
        request(place, *[track(f"{place.slug}-{n}-{k}") for k in range(n)]) for n in (1, 2, 3) for place in (workspace, other)
    ]
    results = at_once(together, requests)
    for number, sent in enumerate(requests):
        receipt = results[number]
        assert isinstance(receipt, Receipt)
        assert receipt.accepted == len(sent.events)
        stored = Event.objects.filter(raw_id=receipt.raw_id).values_list("source_id", "message_id")
        assert set(stored) == {(sent.source.id, event.message_id) for _, event in sent.events}


def test_an_event_the_database_refuses_harms_no_other_request(workspace: Workspace, together: Together) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_event ADD CONSTRAINT no_bad CHECK (properties->>'a' IS DISTINCT FROM 'bad')")
    try:
        bad = request(workspace, track("bad", properties={"a": "bad"}), track("beside"))
        results = at_once(together, [request(workspace, track("m-1")), bad, request(workspace, track("m-2"))])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tracking_event DROP CONSTRAINT no_bad")
    assert [results[n][1:] for n in range(3)] == [(1, 1, 0, 0), (2, 1, 0, 1), (1, 1, 0, 0)]
    assert set(Event.objects.values_list("message_id", flat=True)) == {"m-1", "m-2", "beside"}


def test_all_of_them_hear_that_the_database_is_away(
    workspace: Workspace, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [request(workspace, track(f"m-{n}")) for n in range(3)]
    with monkeypatch.context() as patch:
        patch.setitem(together._connection.settings_dict, "HOST", "/nowhere")
        assert {type(result) for result in at_once(together, requests).values()} == {OperationalError}
    assert {type(result) for result in at_once(together, requests).values()} == {Receipt}
    assert Event.objects.count() == 3


def test_a_month_that_is_missing_is_made_for_the_whole_group(workspace: Workspace, together: Together) -> None:
    with connection.cursor() as cursor:
        for name in partitions.existing():
            cursor.execute(f"DROP TABLE {name}")
    results = at_once(together, [request(workspace, track(f"m-{n}")) for n in range(3)])
    assert {type(result) for result in results.values()} == {Receipt}


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.django_db(transaction=False)
@given(st.lists(TEXT | st.none()), st.lists(st.binary()))
def test_the_database_reads_arrays_as_they_were_meant(texts: list[str | None], contents: list[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[], %s::bytea[]", [array(texts), array(contents)])
        assert cursor.fetchone() == (texts, contents)
