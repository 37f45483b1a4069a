"""The shop's visitors: what they send follows from the market, and the collector stores it once."""

from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import httpx
import pytest

from sandbox.browsing import LONGEST, events
from sandbox.clock import FixedClock
from sandbox.server import Sandbox
from sandbox.visitors import Visitors
from tests.sandbox_fixtures import NOW
from tests.tracking.sending import a_source, send
from tracking.ingest import run
from tracking.models import Event, Order, Rejection, Session
from workspaces.models import Workspace

DAY = timedelta(days=1)


def visitors(sandbox: Sandbox, home: Path) -> Visitors:
    return Visitors(sandbox.market, FixedClock(NOW), home)


def sent_between(sandbox: Sandbox, home: Path, since: Any, until: Any) -> list[dict[str, Any]]:
    return list(visitors(sandbox, home)._between(since, until))


def test_the_same_visitors_send_the_same_events_however_the_time_is_cut(sandbox: Sandbox, tmp_path: Path) -> None:
    whole = sent_between(sandbox, tmp_path, NOW - DAY, NOW)
    cut = NOW - timedelta(hours=7, minutes=13)
    pieces = sent_between(sandbox, tmp_path, NOW - DAY, cut) + sent_between(sandbox, tmp_path, cut, NOW)
    assert sorted(event["messageId"] for event in whole) == sorted(event["messageId"] for event in pieces)
    assert {event["messageId"]: event for event in whole} == {event["messageId"]: event for event in pieces}
    assert len({event["messageId"] for event in whole}) == len(whole) > 100


def test_a_visit_ends_before_another_would_begin(sandbox: Sandbox) -> None:
    orders = {order.order_id: order for order in sandbox.market.orders(NOW - 3 * DAY, NOW, NOW)}
    visits = list(sandbox.market.visits(NOW - 3 * DAY, NOW - DAY))
    for visit in visits:
        sent = events(visit, orders.get(visit.order_id))
        assert sent == sorted(sent, key=lambda one: one.at)
        assert not sent or sent[-1].at - visit.at < LONGEST
    bought = [events(visit, orders[visit.order_id])[-1] for visit in visits if visit.order_id and visit.consent]
    assert bought
    assert {one.event["event"] for one in bought} == {"Order Completed"}
    assert all(one.at == orders[one.event["properties"]["order_id"]].ordered_at for one in bought)


def test_only_who_agreed_is_heard_with_the_marks_of_the_click(sandbox: Sandbox) -> None:
    visits = list(sandbox.market.visits(NOW - 2 * DAY, NOW))
    for visit in visits:
        sent = events(visit, None)
        agreed = {one.event["context"]["consent"]["purposes"]["analytics"] for one in sent}
        assert agreed <= {visit.consent}
        if visit.consent:
            landing = httpx.URL(sent[0].event["context"]["page"]["url"]).params
            assert (landing.get("utm_id", ""), landing.get("gclid", "")) == (visit.utm_id, visit.gclid)
    unasked = [visit for visit in visits if not visit.consent and events(visit, None)]
    assert 0 < len(unasked) < 0.2 * sum(not visit.consent for visit in visits)


class Wire:
    """`Visitors._post` through Django's test client: the real collector without a server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, lose: int = -1) -> None:
        self.calls, self.lose = 0, lose
        monkeypatch.setattr(Visitors, "_post", lambda _, to, key, batch: self.post(key, batch))

    def post(self, key: str, batch: list[dict[str, Any]]) -> None:
        self.calls += 1
        assert send(key, "batch", {"batch": batch, "sentAt": NOW.isoformat()}).status_code == 200
        if self.calls == self.lose:
            raise OSError("the answer is lost")


def test_the_collector_stores_every_event_once_though_an_answer_was_lost(
    sandbox: Sandbox, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = a_source(workspace, "browser")
    there = visitors(sandbox, tmp_path)
    there.told_until = NOW - timedelta(hours=10)
    Wire(monkeypatch, lose=2)
    with pytest.raises(OSError, match="lost"):
        there.tell("", source.write_key, NOW)
    there.tell("", source.write_key, NOW)
    sent = sent_between(sandbox, tmp_path, NOW - timedelta(hours=10), NOW)
    agreed = [event for event in sent if event["context"]["consent"]["purposes"]["analytics"]]
    assert set(Event.objects.values_list("message_id", flat=True)) == {event["messageId"] for event in agreed}
    assert Rejection.objects.filter(reason="no_consent", payload=b"").count() >= len(sent) - len(agreed)
    assert there.told_until == NOW


def test_it_goes_on_where_it_stopped_and_begins_anew_for_another_source(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Visitors, "_post", lambda *_: None)
    there = visitors(sandbox, tmp_path)
    there.told_until = NOW - timedelta(hours=1)
    there.tell("", "key", NOW)
    again = visitors(sandbox, tmp_path)
    assert again._left_off("key") == NOW
    assert again._left_off("another key") is None


def test_visits_and_orders_are_those_of_the_market(
    sandbox: Sandbox, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracking.collector.door.now", lambda: NOW)
    source = a_source(workspace, "browser")
    Wire(monkeypatch)
    since = NOW - timedelta(hours=12)
    there = visitors(sandbox, tmp_path)
    there.told_until = since
    there.tell("", source.write_key, NOW)
    while run.run_batch():
        pass
    visits = [visit for visit in sandbox.market.visits(since, NOW - LONGEST) if visit.consent]
    stored = Session.objects.filter(started_at__gte=since, started_at__lt=NOW - LONGEST).count()
    assert abs(stored - len(visits)) <= 0.05 * len(visits)  # midnight cuts some, a quick return joins some
    bought = {visit.order_id for visit in visits if visit.order_id}
    assert bought <= set(Order.objects.values_list("order_id", flat=True))


def test_the_controls_open_the_website(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Flag()
    monkeypatch.setattr(Visitors, "tell", lambda *_: told.set())
    url = f"{sandbox.addresses.http}/sandbox/visitors"
    assert httpx.post(url, json={"to": "http://127.0.0.1:9"}).status_code == 400
    state = httpx.post(url, json={"to": "http://127.0.0.1:9", "key": "k", "days": 2}).json()
    assert state["told_until"].startswith("2026-11-18T10:30")
    assert told.wait(5)
    sandbox.visitors.close()
