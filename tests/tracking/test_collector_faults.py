"""What the collector survives: hostile bodies, everybody at once, refusals tried again; and books that always balance."""

import base64
import hmac
import json
import threading
import time
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client

from tests.chaos import hostile
from tests.tracking.sending import a_source, send, track
from tracking import invariants, ledger, replay
from tracking.collector import door, hooks, mapping
from tracking.collector.body import Unreadable
from tracking.collector.body import read as read_body
from tracking.collector.shops import NotUnderstood
from tracking.collector.sources import known
from tracking.ingest import run
from tracking.models import Event, Order, RawBody, Refund, Rejection, Session, Source, SourceDay
from workspaces.models import Workspace

EVER = datetime(2000, 1, 1, tzinfo=UTC)


def drain() -> int:
    return sum(iter(run.run_batch, 0))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [1, 2])
def test_hostile_bodies_break_nothing_and_cost_no_good_event(workspace: Workspace, seed: int) -> None:
    source = a_source(workspace, rate_per_minute=1_000_000)
    answers, good = hostile.attack(hostile.through_the_door, source.write_key, 1_000, seed)
    assert max(answers) < 500
    stored = set(Event.objects.filter(message_id__startswith="good-").values_list("message_id", flat=True))
    assert good <= stored
    assert invariants.broken(EVER) == []
    drain()
    assert invariants.broken(EVER) == []
    assert all(line.received == line.stored + line.duplicate + line.rejected + line.pending for line in ledger.count(EVER.date()))


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_the_same_events_store_each_once(workspace: Workspace) -> None:
    source = a_source(workspace)
    batches = [[track(f"m-{(n * 7 + k) % 60}") for k in range(30)] for n in range(8)]
    statuses: list[int] = []

    def client(batch: list[Any]) -> None:
        for _ in range(5):
            statuses.append(send(source, "batch", {"batch": batch}).status_code)
        connections.close_all()

    threads = [threading.Thread(target=client, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 40
    assert Event.objects.count() == 60
    assert invariants.broken(EVER) == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_events_and_the_visits(workspace: Workspace) -> None:
    source = a_source(workspace)
    for start in range(0, 1500, 500):
        pages = [{"type": "page", "anonymousId": f"a-{n % 7}", "messageId": str(n)} for n in range(start, start + 500)]
        send(source, "batch", {"batch": pages})

    def worker() -> None:
        drain()
        connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Event.objects.filter(state="stored").count() == 1500
    assert sorted(Session.objects.values_list("events", flat=True)) == [214] * 5 + [215] * 2


def test_the_books_balance_and_are_written_down(workspace: Workspace, time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 10, 12, tzinfo=UTC))
    source = a_source(workspace)
    send(source, "batch", {"batch": [track(), track(), track("m-2"), {"type": "x"}]})
    assert ledger.of_source(source)[0][2:] == (4, 0, 1, 1, 2)
    drain()
    assert ledger.of_source(source)[0][2:] == (4, 2, 1, 1, 0)
    time_machine.move_to(datetime(2026, 11, 20, 12, tzinfo=UTC))
    assert (ledger.close_days(), ledger.close_days()) == (1, 1)
    assert [line[2:] for line in ledger.of_source(source)] == [(4, 2, 1, 1, 0)]
    assert SourceDay.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_finds_what_breaks_an_invariant(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    send(a_source(workspace), "batch", {"batch": [track(), track("m-2")]})
    call_command("verify_invariants")
    assert "hold" in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event WHERE message_id = 'm-1'")
        cursor.execute("DELETE FROM tracking_eventkey WHERE message_id = 'm-2'")
    with pytest.raises(CommandError):
        call_command("verify_invariants")
    lines = capsys.readouterr().out
    assert [line.split(" ")[0] for line in lines.splitlines()] == ["I2", "I3"]


# refusals tried again
def test_a_refused_event_can_be_tried_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    source = a_source(workspace)
    send(source, "batch", {"batch": [track("long", userId="u" * 300), track("m-2")]})
    refused = Rejection.objects.get()
    assert replay.replay(refused.pk) == (0, 0)
    monkeypatch.setattr("tracking.collector.parse.ID_CHARACTERS", 1_000)
    assert replay.replay(refused.pk) == (1, 0)
    assert replay.replay(refused.pk) == (0, 0)
    drain()
    assert Event.objects.get(message_id="long").received_at == refused.received_at
    assert ledger.of_source(source)[0][2:] == (2, 2, 0, 0, 0)
    assert invariants.broken(EVER) == []


def test_an_event_set_aside_by_a_step_can_be_tried_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    source = a_source(workspace)
    send(source, "track", track(context={"userAgent": "AhrefsBot/7.0"}, properties={"price": 1}))
    drain()
    monkeypatch.setattr("tracking.ingest.bots.why", lambda agent: "")
    assert replay.replay_all(source, "bot") == (1, 0)
    drain()
    assert Event.objects.get().properties == {"price": 1}
    assert ledger.of_source(source)[0][2:] == (1, 1, 0, 0, 0)
    assert invariants.broken(EVER) == []


# webhooks
def shop_hook(source: Any, content: Any, topic: str, delivery: str = "d-1", secret: str = "geheim") -> int:
    raw = json.dumps(content).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), raw, sha256).digest()).decode()
    names = {"shopify": ("X-Shopify-Hmac-Sha256", "X-Shopify-Topic", "X-Shopify-Webhook-Id"),
             "woocommerce": ("X-WC-Webhook-Signature", "X-WC-Webhook-Topic", "X-WC-Webhook-Delivery-ID")}  # fmt: skip
    headers = dict(zip(names[source.dialect], (signature, topic, delivery), strict=True))
    return Client().post(f"/v1/hooks/{source.write_key}", raw, content_type="application/json", headers=headers).status_code


def a_shop(workspace: Workspace, dialect: str) -> Any:
    source = a_source(workspace, "webhook" if dialect == "mapped" else "shop", dialect=dialect, legal_basis="contract")
    source.secret = "geheim"
    source.save()
    return source


SHOPIFY = {
    "id": 4711, "created_at": "2026-11-01T10:00:00+01:00", "total_price": "119.00", "total_tax": "19.00", "currency": "EUR",
    "customer": {"id": 7}, "landing_site": "/?utm_source=google&utm_medium=cpc", "referring_site": "https://google.de",
    "line_items": [{"product_id": 1, "title": "Zelt", "price": "119.00", "quantity": 1}],
}  # fmt: skip
WOO = {
    "id": 4712, "date_created_gmt": "2026-11-01T10:00:00", "date_modified_gmt": "2026-11-02T10:00:00", "total": "59.50",
    "total_tax": "9.50", "currency": "EUR", "customer_id": 0, "refunds": [{"id": 3, "total": "-9.50"}],
    "meta_data": [{"key": "_wc_order_attribution_utm_source", "value": "newsletter"},
                  {"key": "_wc_order_attribution_utm_medium", "value": "email"}],
}  # fmt: skip


SHOPIFY_REFUND = {
    "id": 1, "order_id": 4711, "created_at": "2026-11-03T10:00:00Z", "transactions": [{"amount": "119.00", "currency": "EUR"}],
    "refund_line_items": [{"total_tax": 15}], "order_adjustments": [{"kind": "shipping_refund", "tax_amount": "-4.00"}],
}  # fmt: skip
CUSTOMER = {"id": 7, "email": "jana@example.org", "phone": "+49301234", "first_name": "Jana", "updated_at": "2026-11-01T10:00:00Z",
            "date_modified_gmt": "2026-11-01T10:00:00"}  # fmt: skip


def test_a_shopify_order_is_stored_once(workspace: Workspace) -> None:
    source = a_shop(workspace, "shopify")
    assert [shop_hook(source, SHOPIFY, "orders/create") for _ in range(2)] == [200, 200]
    drain()
    order = Order.objects.get()
    assert (order.order_id, order.gross, order.net, order.channel) == ("4711", 119, 100, "paid_search")
    assert order.customer is not None
    assert order.customer.key == "7"
    refund = {
        "id": 1,
        "order_id": 4711,
        "created_at": "2026-11-03T10:00:00Z",
        "transactions": [{"amount": "19.00", "currency": "EUR"}],
    }
    assert shop_hook(source, refund, "refunds/create", "d-2") == 200
    drain()
    assert (Refund.objects.get().gross, Refund.objects.get().order) == (19, order)
    assert not Session.objects.exists()


def test_a_woocommerce_order_brings_its_refunds(workspace: Workspace) -> None:
    assert shop_hook(a_shop(workspace, "woocommerce"), WOO, "order.updated") == 200
    drain()
    assert (Order.objects.get().channel, Order.objects.get().net, Refund.objects.get().gross) == ("email", 50, Decimal("9.50"))


def test_saving_a_webhook_in_woocommerce_succeeds_and_stores_nothing(workspace: Workspace) -> None:
    form = "application/x-www-form-urlencoded; charset=UTF-8"

    woo = a_shop(workspace, "woocommerce")

    def ping(source: Any, body: str, content_type: str = form) -> int:
        return Client().post(f"/v1/hooks/{source.write_key}", body, content_type=content_type).status_code

    assert ping(woo, "webhook_id=12") == 200
    assert not RawBody.objects.exists()
    assert not Rejection.objects.exists()
    for body in ("webhook_id=12&id=4712", "webhook_id=", "webhook_id=12\n", "id=12", ""):
        assert ping(woo, body) == 401
    assert ping(woo, "webhook_id=12", "application/json") == 401
    Source.objects.filter(pk=woo.pk).update(dialect="shopify")
    assert ping(woo, "webhook_id=12") == 401


def test_a_webhook_with_a_wrong_signature_leaves_only_a_trace(workspace: Workspace) -> None:
    source = a_shop(workspace, "shopify")
    assert shop_hook(source, SHOPIFY, "orders/create", secret="falsch") == 401
    source.sealed_secret = b""
    source.save()
    assert shop_hook(source, SHOPIFY, "orders/create", secret="") == 401
    assert list(Rejection.objects.values_list("reason", flat=True)) == ["signature"] * 2
    assert [bytes(raw.body) for raw in RawBody.objects.all()] == [b"", b""]


@pytest.mark.parametrize("content", [{}, [], {"id": 1, "created_at": "gestern"}, {**SHOPIFY, "total_price": "viel"},
    {**SHOPIFY, "total_price": "9e999999", "total_tax": "-9e999999"}, {**SHOPIFY, "created_at": 20261101}])  # fmt: skip
def test_a_webhook_it_cannot_read_is_kept_and_answered(workspace: Workspace, content: Any) -> None:
    assert shop_hook(a_shop(workspace, "shopify"), content, "orders/create") == 200
    assert Rejection.objects.get().reason == "mapping"


@pytest.mark.parametrize(("dialect", "topics", "body"), [
    ("shopify", ("orders/create", "orders/updated", "orders/cancelled"), SHOPIFY), ("shopify", ("refunds/create",), SHOPIFY_REFUND),
    ("shopify", ("customers/create",), CUSTOMER), ("woocommerce", ("order.created", "order.updated"), WOO),
    ("woocommerce", ("customer.updated",), CUSTOMER), ("mapped", ("",), {"each": [WOO, SHOPIFY], **CUSTOMER}),
])  # fmt: skip
def test_types_no_shop_documents_make_events_or_a_refusal(
    workspace: Workspace, dialect: str, topics: tuple[str, ...], body: dict[str, Any]
) -> None:
    random, source, read = Random(dialect), a_shop(workspace, dialect), 0
    source.mapping = {"each": "each", "event": "=E", "userId": "^id", "properties.a": "customer", "properties.a.b": "customer",
                      "traits.all": "^each", "traits.all.one": "meta_data.0.key", "originalTimestamp": "created_at"}  # fmt: skip
    for _ in range(1_000):
        raw = json.dumps(hostile.twisted(body, random)).encode()
        topic = random.choice(topics)
        try:
            events = hooks.translated(source, read_body(raw), raw, {"X-Shopify-Topic": topic, "X-WC-Webhook-Topic": topic})
        except (NotUnderstood, Unreadable):
            continue
        request = door.prepared("hook", known(source), raw, {}, events)
        assert len(request.events) + len(request.refusals) == len(events)
        read += bool(request.events)
    assert read > 50


def test_a_customer_without_a_number_is_nobody(workspace: Workspace) -> None:
    source = a_shop(workspace, "shopify")
    for place, number in enumerate((None, "", [7], True)):
        shop_hook(source, {**CUSTOMER, "id": number}, "customers/create", delivery=f"d-{place}")
    assert not Event.objects.exists()
    assert set(Rejection.objects.values_list("detail", flat=True)) == {"id is missing."}


def test_elements_do_not_share_what_a_mapping_adds_to_the_body_they_share() -> None:
    content = {"leads": [{"id": 1}, {"id": 2}], "site": {"name": "messe"}}
    rules = {"each": "leads", "event": "=E", "properties.site": "^site", "properties.site.lead": "id"}
    assert [event["properties"]["site"]["lead"] for event in mapping.events(rules, content, "x")] == [1, 2]
    assert content["site"] == {"name": "messe"}


def test_a_step_of_a_path_that_only_looks_like_a_number_leads_nowhere() -> None:
    assert (mapping.look_up([7], "²"), mapping.look_up([7], "0")) == (None, 7)


def test_a_mapping_saved_later_reads_what_was_refused(workspace: Workspace) -> None:
    source = a_shop(workspace, "mapped")
    raw = json.dumps({"leads": [{"mail_id": 1, "topic": "Zelte"}, {"mail_id": 2}], "site": "messe"}).encode()
    headers = hooks.sign("geheim", raw, int(time.time()))
    assert Client().post(f"/v1/hooks/{source.write_key}", raw, content_type="application/json", headers=headers).status_code == 200
    source.mapping = {
        "each": "leads",
        "event": "=Lead Generated",
        "userId": "mail_id",
        "properties.topic": "topic",
        "properties.site": "^site",
    }
    source.save()
    assert replay.replay(Rejection.objects.get().pk) == (2, 0)
    drain()
    assert list(Event.objects.order_by("user_id").values_list("user_id", "kind", "properties")) == [
        ("1", "lead", {"topic": "Zelte", "site": "messe"}), ("2", "lead", {"site": "messe"})]  # fmt: skip
    assert invariants.broken(EVER) == []


def test_a_recorded_webhook_cannot_be_sent_again_later(workspace: Workspace) -> None:
    source, raw = a_shop(workspace, "mapped"), b"{}"
    headers = hooks.sign("geheim", raw, int(time.time()) - 400)
    assert Client().post(f"/v1/hooks/{source.write_key}", raw, content_type="application/json", headers=headers).status_code == 401


def test_a_mapping_names_what_it_does_not_know() -> None:
    assert mapping.problems({"each": "a", "event": "=E", "properties.x": "y"}) == []
    assert mapping.problems({"properties": "x", "evnt": "y", "userId": ""}) == ["properties", "evnt", "userId"]
