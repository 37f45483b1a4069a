"""Bodies are packed in the database and nowhere else: what comes back is what was sent, byte for byte."""

import gzip
from hashlib import sha256
from importlib import import_module

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from mops.lib import clock
from tests.tracking.sending import a_source, send, track
from tracking.models import RawBody
from tracking.packing import LONG, MAGIC, MOST, pack, unpack
from workspaces.models import Workspace

BODIES = st.builds(
    lambda start, rest, times: start + rest * times,
    st.sampled_from([b"", MAGIC, gzip.compress(b"sent as it is"), gzip.compress(b"broken")[:-1]]),
    st.binary(max_size=100),
    st.sampled_from([1, 1, 100]),
)


@given(BODIES)
@example(MAGIC)
@example(b"a" * LONG)
@example(b"{" + b" " * MOST)
@example(pack(b"a" * LONG))
@example(pack(MAGIC) * 2)
def test_what_is_packed_comes_back(body: bytes) -> None:
    assert unpack(pack(body)) == body
    assert len(body) > MOST or (pack(body) == body) == (len(body) < LONG and not body.startswith(MAGIC))


@given(st.binary(max_size=200))
@example(gzip.compress(b"0" * (MOST + 1)))
@example(gzip.compress(b"whole")[:-1])
@example(gzip.compress(b"one") + b"tail")
def test_what_was_kept_before_and_only_begins_like_gzip_is_given_back(kept: bytes) -> None:
    assert unpack(MAGIC + kept.removeprefix(MAGIC)) == MAGIC + kept.removeprefix(MAGIC)


def stored() -> list[bytes]:
    """What the database holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM tracking_rawbody ORDER BY id")
        return [bytes(body) for (body,) in cursor.fetchall()]


def test_a_long_batch_is_stored_packed_and_read_as_it_was_sent(workspace: Workspace) -> None:
    source = a_source(workspace)
    assert send(source, "batch", {"batch": [track(f"m-{n}") for n in range(100)]}).status_code == 200
    assert send(source, "track", track("alone")).status_code == 200
    (batch, alone), (packed, plain) = RawBody.objects.order_by("pk"), stored()
    assert len(packed) < len(batch.body) / 4
    assert gzip.decompress(packed) == batch.body
    assert plain == alone.body
    assert [bytes(one.sha256) for one in (batch, alone)] == [sha256(one.body).digest() for one in (batch, alone)]


def test_broken_gzip_that_was_sent_is_kept_as_it_was_sent(workspace: Workspace) -> None:
    broken, twice = gzip.compress(b"{}")[:-1], gzip.compress(b"{}")
    assert send(a_source(workspace), "track", broken).status_code == 400
    assert send(a_source(workspace, name="twice"), "track", gzip.compress(twice)).status_code == 400
    assert [raw.body for raw in RawBody.objects.order_by("pk")] == [broken, twice]


@pytest.fixture
def raw(workspace: Workspace) -> RawBody:
    return RawBody.objects.create(
        workspace=workspace, source=a_source(workspace), received_at=clock.now(), endpoint="batch", body=b"", sha256=b"",
        state="whole", received=0, accepted=0, duplicate=0, rejected=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"short", b"long" * LONG, MAGIC + b"short", pack(b"gzip" * LONG)], ids=["short", "long", "magic", "gzip"]
)
def test_every_way_of_writing_packs_once(raw: RawBody, body: bytes) -> None:
    RawBody.objects.filter(pk=raw.pk).update(body=memoryview(body))
    assert stored() == [pack(body)]
    raw.body = body
    raw.save()
    assert stored() == [pack(body)]
    RawBody.objects.bulk_update([raw], ["body"])
    assert stored() == [pack(body)]
    raw.pk += 1
    RawBody.objects.bulk_create([raw])
    assert stored() == [pack(body), pack(body)]
    assert set(RawBody.objects.exclude(body=b"").filter(body=body).values_list("body", flat=True)) == {body}


def test_going_back_unpacks_what_the_code_before_could_not_read(raw: RawBody) -> None:
    migration = import_module("tracking.migrations.0017_packed_bodies")
    bodies = [b"", b"short", b"long" * LONG, MAGIC + b"short"] * 100
    for body in bodies:
        raw.body = body
        raw.save()
        raw.pk += 1
    with connection.schema_editor() as editor:
        migration.unpack_all(None, editor)
    assert stored() == bodies


def test_bodies_kept_before_are_read_as_they_are(raw: RawBody) -> None:
    for kept in (b"", b"old" * LONG, MAGIC, gzip.compress(b"broken")[:-1]):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tracking_rawbody SET body = %s", [kept])
        raw.refresh_from_db()
        assert raw.body == kept
