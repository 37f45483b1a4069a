"""The tracking API: stored before acknowledged, first write wins, one bad event never blocks its batch."""

import gzip
import json

import pytest
from django.db import connection
from django.test import Client

from tests.tracking.sending import a_source, basic, send, track
from tracking import partitions
from tracking.collector import limits, sources
from tracking.ingest.run import run_batch
from tracking.models import Event, EventKey, RawBody, Rejection
from workspaces.models import Workspace

TYPES = ["identify", "track", "page", "screen", "group", "alias"]


def reasons() -> list[str]:
    return list(Rejection.objects.order_by("raw_id", "index").values_list("reason", flat=True))


@pytest.mark.parametrize("kind", TYPES)
def test_it_stores_every_type_of_event(workspace: Workspace, kind: str) -> None:
    fields = {"userId": "u-1", "previousId": "a-1", "event": "Signed Up", "groupId": "g-1"}
    for endpoint in (kind, kind[0]):
        assert send(a_source(workspace, name=endpoint), endpoint, fields).json() == {"success": True}
    assert set(Event.objects.values_list("type", "user_id", "state")) == {(kind, "u-1", "pending")}
    assert Event.objects.count() == 2


def test_it_takes_the_write_key_from_the_body_as_beacons_send_it(workspace: Workspace) -> None:
    source = a_source(workspace)
    assert send("", "t", track(writeKey=source.write_key), Content_Type="text/plain").status_code == 200
    assert Event.objects.get().message_id == "m-1"


def test_it_keeps_the_first_of_several_events_with_one_id(workspace: Workspace) -> None:
    source = a_source(workspace)
    send(source, "track", track(properties={"n": 1}))
    send(source, "batch", {"batch": [track(properties={"n": 2}), track("m-2"), track("m-2", properties={"n": 3})]})
    assert list(Event.objects.order_by("message_id").values_list("message_id", "properties")) == [("m-1", {"n": 1}), ("m-2", {})]
    assert RawBody.objects.order_by("-id").values_list("received", "accepted", "duplicate", "rejected")[0] == (3, 1, 2, 0)


def test_it_tells_two_workspaces_events_with_one_id_apart(workspace: Workspace, other: Workspace) -> None:
    send(a_source(workspace), "track", track())
    send(a_source(other), "track", track())
    assert EventKey.objects.count() == Event.objects.count() == 2


def test_it_gives_an_event_sent_again_without_an_id_the_same_one(workspace: Workspace) -> None:
    source, event = a_source(workspace), {"userId": "u-1", "event": "Signed Up", "timestamp": "2026-11-01T10:00:00Z"}
    send(source, "track", {**event, "sentAt": "2026-11-01T10:00:01Z"})
    send(source, "track", {**event, "sentAt": "2026-11-01T10:00:09Z"})
    assert Event.objects.count() == 1


BAD = [
    ("no_object", "text"),
    ("unknown_type", track(type="purchase")),
    ("no_name", track(event="")),
    ("no_identity", track(userId=None)),
    ("bad_id", track(userId={"id": 1})),
    ("bad_id", track(userId="u" * 300)),
    ("bad_text", track(userId="u\0")),
    ("bad_text", track(properties={"a": "\ud800"})),
    ("bad_text", track(properties={"a\0": 1})),
    ("bad_field", track(properties=[1])),
    ("bad_number", track(properties={"a": 1e999})),
    ("too_large", track(properties={"a": "x" * 40_000})),
    ("too_deep", track(properties=json.loads('{"a":' * 40 + "1" + "}" * 40))),
]


def test_it_refuses_bad_events_with_a_reason_and_takes_the_others(workspace: Workspace) -> None:
    bad = [dict(event, messageId=f"b-{n}") if isinstance(event, dict) else event for n, (_reason, event) in enumerate(BAD)]
    body = json.dumps({"batch": [track("first"), *bad, track("last")]}).replace("Infinity", "1e999").encode()
    assert send(a_source(workspace), "batch", body).json() == {"success": True}
    assert reasons() == [reason for reason, _event in BAD]
    assert set(Event.objects.values_list("message_id", flat=True)) == {"first", "last"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bad", [{1}, {0, 7, 8, 40}, set(range(41))])
def test_it_finds_the_events_the_database_refuses(workspace: Workspace, bad: set[int]) -> None:
    """jsonb takes exponents up to 131,072 digits: no check of ours knows every limit of the database."""
    events = [track(f"m-{n}", properties={"a": "xxxxxxxxxx"} if n in bad else {}) for n in range(41)]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tracking_event ADD CONSTRAINT no_x CHECK (properties->>'a' IS DISTINCT FROM 'xxxxxxxxxx')")
    try:
        assert send(a_source(workspace), "batch", {"batch": [{"type": "track"}, *events]}).status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tracking_event DROP CONSTRAINT no_x")
    refused = Rejection.objects.filter(reason="refused").values_list("index", flat=True)
    assert sorted(refused) == [n + 1 for n in sorted(bad)]
    assert set(Event.objects.values_list("message_id", flat=True)) == {f"m-{n}" for n in range(41) if n not in bad}
    receipt = RawBody.objects.get()
    assert (receipt.received, receipt.accepted, receipt.rejected) == (42, 41 - len(bad), 1 + len(bad))


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"{", 400), (b"\xff\xfe", 400), (b"", 400), (b"[" * 100_000, 400), (b"null", 200),
     (b'{"batch": 3}', 400), (b'{"batch": []}', 200),
     (b'{"batch": [' + b"1," * 2_500 + b"1]}", 413),
     (b'{"batch": ["' + b"x" * 600_000 + b'"]}', 413), (b"x" * 1_100_000, 413)],
)  # fmt: skip
def test_it_answers_what_it_cannot_read(workspace: Workspace, content: bytes, status: int) -> None:
    assert send(a_source(workspace), "batch", content).status_code == status


def test_a_context_that_each_of_many_events_would_have_is_refused_once(workspace: Workspace) -> None:
    source, context = a_source(workspace), {"page": {"title": "x" * 200_000}}
    answer = send(source, "batch", {"batch": [track(f"m-{n}") for n in range(50)], "context": context})
    assert (answer.status_code, "8192 KB" in answer.content.decode()) == (413, True)
    assert (reasons(), Event.objects.count()) == (["too_large"], 0)
    context = {"page": {"title": "x" * 20_000}}
    assert send(source, "batch", {"batch": [track(f"m-{n}") for n in range(50)], "context": context}).status_code == 200
    assert Event.objects.count() == 50


def test_a_batch_of_as_many_events_as_the_libraries_send_is_stored_and_worked_through(workspace: Workspace) -> None:
    source = a_source(workspace)
    most = {"batch": [track(f"m-{n}", userId=f"u-{n % 7}") for n in range(2_500)]}
    assert send(source, "batch", most).status_code == 200
    while run_batch():
        pass
    assert Event.objects.filter(state="stored").count() == 2_500
    most["batch"].append(track("one-more"))
    answer = send(source, "batch", most)
    assert (answer.status_code, "2,500 events" in answer.content.decode()) == (413, True)


def test_it_keeps_a_body_it_cannot_read(workspace: Workspace) -> None:
    send(a_source(workspace), "track", b'{"event": "Signed Up"')
    kept = Rejection.objects.get()
    assert (kept.reason, bytes(kept.payload)) == ("malformed", b'{"event": "Signed Up"')
    assert RawBody.objects.values_list("received", "rejected").get() == (1, 1)


def test_it_unpacks_gzip(workspace: Workspace) -> None:
    batch = gzip.compress(json.dumps({"batch": [track(f"m-{n}") for n in range(100)]}).encode())
    assert send(a_source(workspace), "batch", batch, **{"Content-Encoding": "gzip"}).status_code == 200
    assert Event.objects.count() == 100


@pytest.mark.parametrize("bomb", [gzip.compress(b"0" * 50_000_000), gzip.compress(gzip.compress(b"0" * 50_000_000) * 900)])
def test_it_stops_unpacking_a_bomb(workspace: Workspace, bomb: bytes) -> None:
    assert send(a_source(workspace), "batch", bomb, **{"Content-Encoding": "gzip"}).status_code in (400, 413)
    assert RawBody.objects.filter(received__gt=1).count() == 0


@pytest.mark.parametrize("key", ["", "unknown", "mops_src_\0", "ü" * 500])
def test_it_does_not_know_a_wrong_key(db: None, key: str) -> None:
    assert send(key or "nobody", "track", track()).status_code == 401
    assert RawBody.objects.count() == 0


def test_a_paused_source_takes_nothing(workspace: Workspace) -> None:
    assert send(a_source(workspace, state="paused"), "track", track()).status_code == 401


def test_a_webhooks_key_does_not_open_the_unsigned_door(workspace: Workspace) -> None:
    assert send(a_source(workspace, "shop", dialect="shopify"), "track", track()).status_code == 401


def test_it_slows_a_sender_that_sends_too_much(workspace: Workspace) -> None:
    source = a_source(workspace, rate_per_minute=10)
    answers = [send(source, "track", track(f"m-{n}")) for n in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert 1 <= int(answers[-1]["Retry-After"]) <= 12


def test_a_bucket_refills(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: at[0])
    bucket = limits.RateLimit()
    assert [bucket.wait(1, 60, 60), bucket.wait(1, 30, 60), bucket.wait(2, 1, 60)] == [0, 30, 0]
    at[0] = 30.0
    assert bucket.wait(1, 30, 60) == 0


def test_a_page_may_send_where_its_website_is_listed(workspace: Workspace) -> None:
    source, listed, stranger = (
        a_source(workspace, allowed_origins=["https://shop.example"]),
        "https://shop.example",
        "https://evil.example",
    )
    for origin in (listed, stranger):  # a browser would hide the reason of a refused preflight, also from the developer
        assert Client().options("/v1/t", headers={"Origin": origin})["Access-Control-Allow-Origin"] == origin
    assert Client().options("/v1/t").json()["kind"] == "no_origin"
    assert send(source, "t", track(), Origin=listed)["Access-Control-Allow-Origin"] == listed
    refused = send(source, "t", track("m-2"), Origin=stranger)
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (403, stranger)  # else its script sends for ever
    assert (refused.json()["kind"], stranger in refused.json()["message"]) == ("origin", True)
    assert reasons() == ["origin"]
    assert (Rejection.objects.get().detail, bytes(Rejection.objects.get().payload)) == (stranger, b"")


@pytest.mark.parametrize(
    ("text", "origin"),
    [("https://Shop.Example/path?x", "https://shop.example"), ("shop.example", "https://shop.example"),
     ("http://localhost:8080", "http://localhost:8080"), ("https://shop.example:443", "https://shop.example")],
)  # fmt: skip
def test_it_reads_a_website_as_browsers_name_it(text: str, origin: str) -> None:
    assert sources.normal_origin(text) == origin


@pytest.mark.parametrize("text", ["*", "https://*.example", "ftp://x", "https://u@shop.example", "//"])
def test_it_takes_no_wildcards_for_websites(text: str) -> None:
    with pytest.raises(ValueError):
        sources.normal_origin(text)


def test_it_makes_the_month_it_writes_to(workspace: Workspace) -> None:
    for name in partitions.existing():
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {name}")
    assert send(a_source(workspace), "track", track()).status_code == 200
    assert len(partitions.existing()) == 1
    assert partitions.ensure_ahead() == 3
    assert partitions.ensure_ahead() == 0


@pytest.mark.django_db(transaction=True)
def test_it_asks_to_come_back_when_the_database_is_away(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    source = a_source(workspace)
    send(source, "track", track())
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    answer = send(source, "track", track("m-2"))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    monkeypatch.undo()
    connection.close()
    assert send(source, "track", track("m-2")).status_code == 200


def test_the_key_may_also_stand_in_the_body_of_a_batch(workspace: Workspace) -> None:
    source = a_source(workspace)
    assert send("", "batch", {"batch": [track()], "writeKey": source.write_key}).status_code == 200
    assert basic("k") == "Basic azo="


AGREED = {"consent": {"purposes": {"analytics": True}}}


def test_a_website_without_consent_leaves_nothing_but_a_number(workspace: Workspace) -> None:
    source = a_source(workspace, "browser")
    for n, consent in enumerate([{}, {"consent": {"purposes": {"analytics": False}}}, {"consent": "yes"}, {"consent": None}]):
        assert send(source, "track", track(f"secret-{n}", context=consent)).json() == {"success": True}
    send(source, "track", b"secret-x")
    assert reasons() == ["no_consent"] * 4 + ["malformed"]
    assert not Event.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT raw::text || rejection::text FROM tracking_rawbody raw, tracking_rejection rejection")
        assert "secret" not in str(cursor.fetchall())


def test_it_cuts_events_without_consent_out_of_a_batch(workspace: Workspace) -> None:
    source = a_source(workspace, "browser")
    assert send(source, "batch", {"batch": [track("secret"), track("open", context=AGREED), "?"]}).status_code == 200
    raw = RawBody.objects.get()
    assert (raw.state, b"secret" in bytes(raw.body), b"open" in bytes(raw.body)) == ("trimmed", False, True)
    assert (raw.received, raw.accepted, raw.rejected, Event.objects.get().message_id) == (3, 1, 2, "open")


def test_no_address_of_a_visitor_is_logged(workspace: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        send(a_source(workspace), "track", track(), X_Forwarded_For="203.0.113.77")
    assert "/v1/track" in caplog.text
    assert "203.0.113.77" not in caplog.text
    assert "127.0.0.1" not in caplog.text


def test_the_context_of_a_batch_counts_for_its_events(workspace: Workspace) -> None:
    send(a_source(workspace, "browser"), "batch", {"context": AGREED, "batch": [track(context={"locale": "de"})]})
    assert Event.objects.get().context == {**AGREED, "locale": "de"}
