"""Group commit: what waits together is stored by one commit, and nobody suffers from what another one sent."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
import pytest
from django.db import OperationalError, connection
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.sending import a_source, track
from tracking import invariants, partitions
from tracking.arrays import Byteas, Texts, array, take_binary
from tracking.collector import door
from tracking.collector.sources import known
from tracking.collector.store import WITHOUT_REFUSALS, Receipt, Request, _parameters
from tracking.collector.together import Together
from tracking.models import Event, EventKey, RawBody, Rejection
from workspaces.models import Workspace

T = TypeVar("T")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def months(transactional_db: None) -> None:
    partitions.ensure_ahead()


def request(workspace: Workspace, *events: dict[str, Any]) -> Request:
    source = known(a_source(workspace, name=events[0]["messageId"]))
    return door.prepared("batch", source, b"{}", {"batch": list(events)}, list(events))


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the browser's library keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def at_once(requests: list[Request], **connected: str) -> list[Any]:
    """Store all of them while somebody else is writing, so that they wait together. What became of each."""

    async def wait_together() -> list[Any]:
        together = Together(asyncio.get_running_loop())
        together._connection.settings_dict = {**together._connection.settings_dict, **connected}
        together._writing = True
        waiting = [asyncio.ensure_future(together.store(request)) for request in requests]
        await asyncio.sleep(0)
        together._write_next()
        try:
            return await asyncio.gather(*waiting, return_exceptions=True)
        finally:
            together.close()

    return in_a_loop(wait_together())


def test_requests_that_wait_together_are_stored_by_one_commit(workspace: Workspace) -> None:
    requests = [request(workspace, track(f"a-{n}"), track("same"), track("same"), {"type": "?"}) for n in range(6)]
    results = at_once(requests)
    assert sorted(receipt[1:] for receipt in results) == [(4, 1, 2, 1)] * 5 + [(4, 2, 1, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM tracking_rawbody")
        assert cursor.fetchone() == (1,)
    assert Event.objects.count() == EventKey.objects.count() == 7
    assert Rejection.objects.count() == RawBody.objects.count() == 6
    assert invariants.broken(RawBody.objects.earliest("received_at").received_at) == []


def test_each_gets_its_own_receipt(workspace: Workspace, other: Workspace) -> None:
    requests = [
        request(place, *[track(f"{place.slug}-{n}-{k}") for k in range(n)]) for n in (1, 2, 3) for place in (workspace, other)
    ]
    results = at_once(requests)
    for number, sent in enumerate(requests):
        receipt = results[number]
        assert isinstance(receipt, Receipt)
        assert receipt.accepted == len(sent.events)
        stored = Event.objects.filter(raw_id=receipt.raw_id).values_list("source_id", "message_id")
        assert set(stored) == {(sent.source.id, event.message_id) for _, event in sent.events}


def test_an_event_the_database_refuses_harms_no_other_request(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_event ADD CONSTRAINT no_bad CHECK (properties->>'a' IS DISTINCT FROM 'bad')")
    try:
        bad = request(workspace, track("bad", properties={"a": "bad"}), track("beside"))
        results = at_once([request(workspace, track("m-1")), bad, request(workspace, track("m-2"))])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tracking_event DROP CONSTRAINT no_bad")
    assert [result[1:] for result in results] == [(1, 1, 0, 0), (2, 1, 0, 1), (1, 1, 0, 0)]
    assert set(Event.objects.values_list("message_id", flat=True)) == {"m-1", "m-2", "beside"}


def test_all_of_them_hear_that_the_database_is_away(workspace: Workspace) -> None:
    requests = [request(workspace, track(f"m-{n}")) for n in range(3)]
    assert {type(result) for result in at_once(requests, HOST="/nowhere")} == {OperationalError}
    assert {type(result) for result in at_once(requests)} == {Receipt}
    assert Event.objects.count() == 3


def test_a_month_that_is_missing_is_made_for_the_whole_group(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        for name in partitions.existing():
            cursor.execute(f"DROP TABLE {name}")
    results = at_once([request(workspace, track(f"m-{n}")) for n in range(3)])
    assert {type(result) for result in results} == {Receipt}


def test_who_went_away_leaves_the_others_their_answers(workspace: Workspace) -> None:
    async def one_leaves() -> Receipt:
        together = Together(asyncio.get_running_loop())
        first = asyncio.ensure_future(together.store(request_of["first"]))
        gone, stays = (asyncio.ensure_future(together.store(request_of[name])) for name in ("gone", "stays"))
        await asyncio.sleep(0)
        gone.cancel()
        await first
        receipt = await stays
        together.close()
        return receipt

    request_of = {name: request(workspace, track(name)) for name in ("first", "gone", "stays")}
    assert in_a_loop(one_leaves()).accepted == 1
    assert set(Event.objects.values_list("message_id", flat=True)) == {"first", "gone", "stays"}  # sent is stored


def test_new_ids_are_looked_up_and_not_compared_each_with_each(workspace: Workspace) -> None:
    sent = request(workspace, *[track(f"m-{n}") for n in range(400)])
    take_binary(connection.connection)
    planned = psycopg.Cursor(connection.connection).execute(f"EXPLAIN {WITHOUT_REFUSALS}", _parameters([sent]))
    plan = "\n".join(line for (line,) in planned)
    assert "hashed SubPlan" in plan
    assert plan.count("CTE Scan on fresh") == 1


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.mark.django_db(transaction=False)
@given(st.lists(TEXT | st.none()), st.lists(st.binary()))
def test_the_database_reads_arrays_as_they_were_meant(texts: list[str | None], contents: list[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[], %s::bytea[]", [array(texts), array(contents)])
        assert cursor.fetchone() == (texts, contents)


@pytest.mark.django_db(transaction=False)
@given(st.lists(TEXT), st.lists(st.binary()))
def test_the_database_reads_binary_arrays_as_they_were_meant(texts: list[str], contents: list[bytes]) -> None:
    take_binary(connection.connection)
    sent = psycopg.Cursor(connection.connection).execute("SELECT %s::text[], %s::bytea[]", [Texts.of(texts), Byteas.of(contents)])
    assert sent.fetchone() == (texts, contents)
