"""The steps: from a stored event to visits, origins and orders, the same in any order of arrival."""

import json
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.sending import a_source, send
from tracking import ledger
from tracking.ingest import acquisition, bots, clock, enrich, kinds, run, sessions
from tracking.models import Event, Order, Refund, Rejection, Session, Source
from workspaces.models import Workspace

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


def drain() -> int:
    return sum(iter(run.run_batch, 0))


def page(n: int, at: datetime, visitor: str = "a-1", url: str = "https://shop.example/", **context: Any) -> dict[str, Any]:
    return {"type": "page", "anonymousId": visitor, "messageId": f"p-{visitor}-{n}", "timestamp": at.isoformat(),
            "context": {"page": {"url": url}, **context}}  # fmt: skip


def visits() -> list[tuple[Any, ...]]:
    return list(Session.objects.order_by("visitor", "started_at").values_list(
        "id", "visitor", "day", "started_at", "ended_at", "events", "pages", "entry_page", "channel", "acquisition"))  # fmt: skip


# the clock
@given(
    st.timedeltas(timedelta(0), timedelta(days=10_000)),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.timedeltas(timedelta(days=-3650), timedelta(days=3650)),
)
def test_a_senders_wrong_clock_cancels_out(since: timedelta, waited: timedelta, skew: timedelta) -> None:
    happened = datetime(2001, 1, 1, tzinfo=UTC) + since
    received = happened + waited
    assert clock.corrected(happened + skew, received + skew, received) == (happened, "")


@pytest.mark.parametrize(
    ("original", "sent", "at", "note"),
    [(None, None, NOW, ""), (NOW + timedelta(days=9), None, NOW, "time in the future"),
     (datetime(1970, 1, 1, tzinfo=UTC), None, NOW, "time before the year 2000"),
     (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), NOW, "time out of range"),
     (NOW - timedelta(days=400), None, NOW - timedelta(days=400), "")],
)  # fmt: skip
def test_an_impossible_time_becomes_the_reception(original: Any, sent: Any, at: datetime, note: str) -> None:
    assert clock.corrected(original, sent, NOW) == (at, note)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/New_York"])
def test_every_hour_of_ten_years_falls_into_exactly_one_day(zone: str) -> None:
    own, hour, days = ZoneInfo(zone), datetime(2020, 1, 1, tzinfo=UTC), {}
    while hour < datetime(2030, 1, 1, tzinfo=UTC):
        day = sessions.day_of(hour, own)
        since, until = sessions.bounds(day, own)
        assert since <= hour < until
        days[day] = (since, until)
        hour += timedelta(hours=1)
    spans = [days[day] for day in sorted(days)]
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert {(until - since) / timedelta(hours=1) for since, until in spans} <= {23, 24, 25}


# bots, origin, meaning, device
@pytest.mark.parametrize(
    "agent",
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "facebookexternalhit/1.1", "AhrefsBot/7.0",
     "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/141.0 Safari/537.36"],
)  # fmt: skip
def test_it_knows_robots(agent: str) -> None:
    assert bots.why(agent)


@pytest.mark.parametrize(
    "agent",
    ["", CHROME, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile Safari/604.1",
     "Mozilla/5.0 (Linux; Android 14; CUBOT P80) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36"],
)  # fmt: skip
def test_it_takes_nobody_else_for_one(agent: str) -> None:
    assert not bots.why(agent)


def test_it_keeps_utm_values_raw_and_normalised() -> None:
    context = {"page": {"url": "https://shop.example/?utm_source=Google&utm_medium=CPC&utm_id=77&gclid=X", "referrer": "https://google.de/"},
               "campaign": {"source": "other", "name": "Herbst"}}  # fmt: skip
    found = acquisition.origin_of(context, {})
    assert found["raw"]["utm_source"] == "Google"
    assert (found["utm_source"], found["utm_medium"], found["utm_campaign"], found["utm_id"]) == ("google", "cpc", "herbst", "77")
    assert (found["gclid"], found["referrer"]) == ("X", "https://google.de/")


def test_a_referrer_that_is_no_origin_stays_where_it_stood() -> None:
    found = acquisition.origin_of({"page": {"url": "https://shop.example/?utm_source=mail", "referrer": PAYPAL}}, {})
    assert found["raw"] == {"utm_source": "mail", "referrer": PAYPAL}
    assert "referrer" not in found


def test_a_referrer_on_the_same_site_says_nothing() -> None:
    assert acquisition.origin_of({"page": {"url": "https://www.shop.example/b", "referrer": "https://shop.example/a"}}, {}) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Order Completed", "order"), ("order_cancelled", "order"), ("order_refunded", "refund"), ("Product Added", "cart"),
     ("Email Link Clicked", "email_click"), ("Something Else", "")],
)  # fmt: skip
def test_it_names_the_meaning_of_an_event(name: str, kind: str) -> None:
    assert kinds.kind_of("track", name) == kind


@pytest.mark.parametrize(
    ("address", "kept"), [("203.0.113.77", "203.0.113.0"), ("2001:db8:1:2::3", "2001:db8:1::"), ("nonsense", "")]
)
def test_it_cuts_addresses_short(address: str, kept: str) -> None:
    assert enrich.shortened(address) == kept


def test_it_reads_the_device() -> None:
    assert dict(enrich.device(CHROME)) == {"browser": "Chrome", "system": "Windows", "kind": "desktop"}


# the whole way
def test_an_event_goes_through_all_steps(workspace: Workspace) -> None:
    url = "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=Herbst"
    send(a_source(workspace), "page", page(1, NOW, url=url, userAgent=CHROME, ip="203.0.113.77"))
    assert drain() == 1
    event, visit = Event.objects.get(), Session.objects.get()
    assert (event.state, event.kind, event.occurred_at, event.channel) == ("stored", "page", NOW, "paid_search")
    assert (event.session_id, visit.channel, visit.pages, visit.entry_page) == (visit.pk, "paid_search", 1, url)
    assert event.context["ip"] == "203.0.113.0"
    assert drain() == 0


def test_a_bot_is_set_aside_with_its_content(workspace: Workspace) -> None:
    source = a_source(workspace)
    send(source, "page", page(1, NOW, userAgent="Googlebot/2.1"))
    drain()
    kept = Rejection.objects.get()
    assert (kept.reason, kept.in_ingest, json.loads(bytes(kept.payload))["messageId"]) == ("bot", True, "p-a-1-1")
    assert not Event.objects.exists()
    assert ledger.of_source(source)[0][2:] == (1, 0, 0, 1, 0)


def test_a_visit_ends_after_half_an_hour_and_at_midnight(workspace: Workspace) -> None:
    midnight = datetime(2026, 10, 31, 23, tzinfo=UTC)  # in Berlin
    times = [midnight - timedelta(minutes=90), midnight - timedelta(minutes=59), midnight - timedelta(minutes=10), midnight]
    send(a_source(workspace), "batch", {"batch": [page(n, at) for n, at in enumerate(times)]})
    drain()
    assert [visit[5] for visit in visits()] == [1, 1, 1, 1]
    send(Source.objects.get(), "page", page(9, midnight - timedelta(minutes=35)))
    drain()
    assert [visit[5] for visit in visits()] == [1, 3, 1]


def test_a_crm_update_and_a_webhook_are_no_visits(workspace: Workspace) -> None:
    send(
        a_source(workspace),
        "batch",
        {"batch": [{"type": "identify", "anonymousId": "a"}, {"type": "track", "event": "E", "userId": "u"}]},
    )
    drain()
    assert visits() == []


def a_busy_month(seed: int) -> list[dict[str, Any]]:
    """Twenty visitors with campaigns, orders that are corrected and cancelled, refunds and wrong clocks."""
    chance, events = random.Random(seed), []
    for number in range(400):
        at = datetime(2026, 10, 10, tzinfo=UTC) + timedelta(minutes=chance.randrange(30 * 24 * 60))
        url = "https://shop.example/" + chance.choice(
            ["", "", "?utm_source=google&utm_medium=cpc", "?utm_source=news&utm_medium=email"]
        )
        event = page(number, at, f"a-{chance.randrange(20)}", url)
        if number % 10 == 0:
            order = {"order_id": f"O-{number % 50}", "total": str(chance.randrange(10, 200)), "currency": "EUR"}
            order |= {"tax": "5"} if number % 30 else {}
            name = "Order Cancelled" if number % 20 == 0 else "Order Completed"
            event |= {"type": "track", "event": name, "properties": order, "userId": "u-1"}
        if number % 25 == 0:
            event |= {"type": "track", "event": "Order Refunded", "properties": {"order_id": f"O-{number % 50 + 10}"}}
            event["properties"] |= {"total": 5 + number % 7 * 9} if number % 100 else {}  # together more than was paid
        skew = timedelta(days=chance.choice([0, 0, 900, -900]))
        events.append({**event, "timestamp": (at + skew).isoformat(), "skew": skew.total_seconds()})
    return events


def facts() -> list[Any]:
    return [
        visits(),
        list(Order.objects.order_by("order_id").values_list("order_id", "ordered_at", "gross", "net", "channel", "utm_source")),
        list(Refund.objects.order_by("refund_id").values_list("order__order_id", "refund_id", "refunded_at", "gross", "net")),
        list(Event.objects.order_by("message_id").values_list("message_id", "occurred_at", "session_id", "channel", "kind")),
    ]


@pytest.mark.django_db(transaction=True)
def test_shuffled_late_and_skewed_events_end_in_the_same_facts(workspace: Workspace, time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 15, 12, tzinfo=UTC), tick=False)
    results = []
    for order in range(3):
        source, events = a_source(workspace, name=f"round {order}"), a_busy_month(1)
        if order:
            random.Random(order).shuffle(events)
        for start in range(0, len(events), 37 + order):
            batch = []
            for event in events[start : start + 37 + order]:
                skew = timedelta(seconds=event.pop("skew"))
                batch.append({**event, "sentAt": (datetime(2026, 11, 15, 12, tzinfo=UTC) + skew).isoformat()})
            assert send(source, "batch", {"batch": batch}).status_code == 200
            if start % 3 == 0:
                drain()
        drain()
        results.append(facts())
        with connection.cursor() as cursor:
            cursor.execute(
                "TRUNCATE tracking_event, tracking_eventkey, tracking_session, tracking_order, tracking_refund,"
                " tracking_rawbody CASCADE"
            )
    assert results[0] == results[1] == results[2]
    assert [row[0] for row in results[0][1]] == ["O-10"]  # the last word about the others is that they were cancelled
    assert sum(row[3] for row in results[0][2] if row[0] == "O-10") == results[0][1][0][2]


def test_an_order_takes_its_origin_from_its_visit(workspace: Workspace) -> None:
    source = a_source(workspace)
    order = {"order_id": "A-1", "total": 119, "tax": 19, "currency": "EUR"}
    send(source, "track", {"event": "Order Completed", "anonymousId": "a-1", "timestamp": NOW.isoformat(), "properties": order})
    drain()
    assert Order.objects.get().channel == "direct"
    send(source, "page", page(1, NOW - timedelta(minutes=5), url="https://shop.example/?utm_source=google&utm_medium=cpc"))
    drain()
    stored = Order.objects.get()
    assert (stored.channel, stored.net, stored.ordered_at) == ("paid_search", Decimal(100), NOW)


PAYPAL = "https://www.paypal.com/"


def test_only_the_beginning_of_a_browsers_name_and_of_an_address_is_looked_at_and_remembered(workspace: Workspace) -> None:
    remembering = (bots.judged, enrich.device, enrich.shortened)
    for one in remembering:
        one.cache_clear()
    source = a_source(workspace)
    for end in "ab":
        context = {"userAgent": f"Mozilla/5.0 {'x ' * 2_000}{end}", "ip": " " * 3_000 + end}
        send(source, "track", {"event": "E", "userId": "u-1", "context": context})
    drain()
    assert [one.cache_info().currsize for one in remembering] == [1, 1, 1]


OWN = {"allowed_origins": ["https://shop.example", "https://konto.example"], "own_referrers": ["bank.example"]}


@pytest.mark.parametrize(
    "referrer", [PAYPAL, "https://3ds.bank.example/acs", "https://kasse.shop.example/pay", "https://konto.example/", "no address"]
)
def test_a_visit_and_its_order_keep_the_campaign_when_the_buyer_comes_back_from_paying(workspace: Workspace, referrer: str) -> None:
    source = a_source(workspace, **OWN)
    order = {"type": "track", "event": "Order Completed", "anonymousId": "a-1", "messageId": "o-1", "userId": "u-1",
             "timestamp": (NOW + timedelta(minutes=9)).isoformat(), "properties": {"order_id": "A-1", "total": 119},
             "context": {"page": {"url": "https://www.shop.example/thanks", "referrer": referrer}}}  # fmt: skip
    entry = page(1, NOW, url="https://www.shop.example/?utm_source=google&utm_medium=cpc")
    assert send(source, "batch", {"batch": [entry, order]}).status_code == 200
    drain()
    assert [(visit.channel, visit.events) for visit in Session.objects.all()] == [("paid_search", 2)]
    assert Order.objects.get().channel == "paid_search"
    assert Event.objects.get(message_id="o-1").context["page"]["referrer"] == referrer


def test_a_direct_visit_stays_direct_when_it_comes_back_from_paying(workspace: Workspace) -> None:
    back = page(2, NOW + timedelta(minutes=9))
    back["context"]["page"]["referrer"] = PAYPAL
    send(a_source(workspace), "batch", {"batch": [page(1, NOW), back]})
    drain()
    assert Session.objects.get().channel == "direct"


def test_it_asks_once_which_sites_are_the_sources_own(workspace: Workspace, django_assert_num_queries: Any) -> None:
    for number, name in enumerate(("blog", "forum", "bank")):
        content = page(number, NOW, name)
        content["context"]["page"]["referrer"] = f"https://{name}.example/"
        send(a_source(workspace, name=name, own_referrers=["bank.example"]), "batch", {"batch": [content]})
    arrivals = run._claim(None)
    with django_assert_num_queries(1):
        acquisition.find_origins(arrivals)
    assert [arrival.channel for arrival in arrivals] == ["referral", "referral", ""]


def test_an_order_that_makes_no_sense_leaves_a_note(workspace: Workspace) -> None:
    send(a_source(workspace), "batch", {"batch": [
        {"type": "track", "event": "Order Completed", "userId": "u", "properties": {"order_id": "A", "total": "viel"}},
        {"type": "track", "event": "Order Completed", "userId": "u", "properties": {}},
    ]})  # fmt: skip
    drain()
    assert [notes[0][0] for notes in Event.objects.values_list("notes", flat=True)] == ["facts", "facts"]
    assert not Order.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_step_that_fails_for_one_event_spares_the_others(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    right = enrich.shortened
    monkeypatch.setattr(enrich, "shortened", lambda address: 1 / 0 if address == "boom" else right(address))
    send(a_source(workspace), "batch", {"batch": [page(1, NOW), page(2, NOW, ip="boom"), page(3, NOW)]})
    drain()
    assert Event.objects.filter(state="stored").count() == 2
    assert Rejection.objects.values_list("reason", "detail").get() == ("step_failed", "enrich: ZeroDivisionError: division by zero")
