"""The collector process: the same answers as the views of the pages' process, over a real connection."""

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.test import Client

from tests.chaos import hostile
from tests.chaos.standalone import Collector, database_of_the_test, running
from tests.tracking.sending import a_source, basic, track
from tracking import invariants, partitions
from tracking.models import Event, RawBody, Rejection, Source
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
SHOP = "https://shop.example"
READ = ("access-control-allow-origin", "access-control-allow-headers", "retry-after")  # of the headers, what a browser or SDK reads


class Reply(NamedTuple):
    status: int
    content: bytes
    headers: dict[str, str]


@pytest.fixture
def source(workspace: Workspace) -> Source:
    partitions.ensure_ahead()
    return a_source(workspace, allowed_origins=[SHOP])


@pytest.fixture(scope="module")
def collector(tmp_path_factory: Any, django_db_setup: None) -> Iterator[Collector]:
    """One for all these tests: whatever the one before did to it, it goes on."""
    home = tmp_path_factory.mktemp("collector")
    with running(Collector(home, {"DATABASE_URL": database_of_the_test(), "MOPS_HOME": str(home)})) as server:
        yield server


def ask(collector: Collector, path: str, body: Any = b"", method: str = "POST", **headers: str) -> Reply:
    """`body` may be an iterable of parts, which is sent in chunks without a length."""
    sending = http.client.HTTPConnection("127.0.0.1", collector.port, timeout=30)
    try:
        sending.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = sending.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, answer.read(), named)
    finally:
        sending.close()


def calls(key: str) -> list[tuple[str, bytes, dict[str, str]]]:
    """Requests of every kind: (path, body, headers)."""
    event, batch = json.dumps(track()).encode(), json.dumps({"batch": [track("m-2"), track("m-2"), {"type": "?"}]}).encode()
    many = json.dumps({"batch": [track(f"many-{n}", properties={"note": "x" * 300}) for n in range(200)]}).encode()
    mine = {"Authorization": basic(key)}
    return [
        ("/v1/track", event, {**mine, "Origin": SHOP}),
        ("/v1/t/", event, mine),
        ("/v1/batch", gzip.compress(batch), {**mine, "Content-Encoding": "GZIP"}),
        ("/v1/batch", many, mine),
        ("/v1/batch", json.dumps({"writeKey": key, "batch": []}).encode(), {}),
        ("/v1/track", event, {**mine, "Origin": "https://elsewhere.example"}),
        ("/v1/track", b"{", mine),
        ("/v1/track", b"", mine),
        ("/v1/track", b'{"type": "track"}', mine),
        ("/v1/batch", b"\x1f\x8bno gzip", mine),
        ("/v1/track", event, {"Authorization": basic("unknown")}),
        ("/v1/track", b"x" * 1_100_000, mine),
        ("/v1/m", b"{}", {}),
    ]


def test_it_answers_as_the_views_do(source: Source, collector: Collector) -> None:
    for path, body, headers in calls(source.write_key):
        ours = ask(collector, path, body, **headers)
        views = Client().post(path, body, content_type="application/json", headers=headers)
        assert (ours.status, ours.content) == (views.status_code, views.content), path
        assert {name: ours.headers.get(name) for name in READ} == {name: views.headers.get(name) for name in READ}, path
    books = list(RawBody.objects.order_by("id").values_list("endpoint", "state", "received", "rejected"))
    assert books[0::2] == books[1::2]
    assert Event.objects.count() == 202
    assert Rejection.objects.count() == 12
    assert invariants.broken(RawBody.objects.earliest("received_at").received_at) == []


def test_a_preflight_is_answered(source: Source, collector: Collector) -> None:
    ours = ask(collector, "/v1/batch", method="OPTIONS", Origin=SHOP)
    views = Client().options("/v1/batch", headers={"Origin": SHOP})
    assert ours.status == views.status_code == 204
    assert {name: ours.headers.get(name) for name in READ} == {name: views.headers.get(name) for name in READ}


def test_what_is_not_the_tracking_api_is_said_to_be_elsewhere(source: Source, collector: Collector) -> None:
    assert ask(collector, "/healthz", method="GET").status == 200
    assert ask(collector, "/login/", method="GET").status == 404
    assert (reply := ask(collector, "/v1/batch", method="GET")).status == 405
    assert reply.headers["allow"] == "POST, OPTIONS"


def test_a_body_without_a_length_is_read_within_the_bound(source: Source, collector: Collector) -> None:
    body = json.dumps(track()).encode()
    mine = {"Authorization": basic(source.write_key)}
    assert ask(collector, "/v1/track", [body[:10], body[10:]], **mine).status == 200
    assert ask(collector, "/v1/track", [b" " * 100_000] * 11, **mine).status == 413
    assert [bytes(raw.body) for raw in RawBody.objects.all()] == [body]


def test_who_hangs_up_in_the_middle_of_a_body_disturbs_nobody(source: Source, collector: Collector) -> None:
    body, logged = json.dumps(track()).encode(), len(collector.log.read_text())
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", collector.port)) as cut:
            cut.sendall(f"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:20])
    assert ask(collector, "/v1/track", body, Authorization=basic(source.write_key)).status == 200
    assert "Traceback" not in collector.log.read_text()[logged:]
    assert RawBody.objects.count() == 1


def test_it_finds_back_to_a_database_that_ended_its_connections(source: Source, collector: Collector) -> None:
    mine = {"Authorization": basic(source.write_key)}
    assert ask(collector, "/v1/track", json.dumps(track("before")).encode(), **mine).status == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                       " AND pid <> pg_backend_pid()")  # fmt: skip
        assert cursor.rowcount >= 1
    assert ask(collector, "/v1/track", json.dumps(track("after")).encode(), **mine).status == 200
    Source.objects.filter(pk=source.pk).update(allowed_origins=[])  # and the thread that looks sources up does so too
    assert {ask(collector, "/v1/track", b"{}", Authorization=basic(f"k-{n}")).status for n in range(4)} <= {401, 503}
    assert ask(collector, "/v1/track", b"{}", Authorization=basic("k-9")).status == 401
    assert set(Event.objects.values_list("message_id", flat=True)) == {"before", "after"}


def test_hostile_bodies_break_nothing_over_the_wire(source: Source, collector: Collector) -> None:
    assert hostile.run(hostile.over_http(collector.port), 500, seed=3) == 0
