"""From a visitor's banner to the ledger: through the door, the steps and, in a transaction of its own, into the chain."""

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.tracking.consent.people import say
from tests.tracking.sending import a_source, send
from tracking import tasks
from tracking.blind_index import Subject, subject_of
from tracking.consent import chain, locking, noting, printing, proof, purposes
from tracking.consent_models import Decision
from tracking.ingest import run
from tracking.models import BannerChoice, ConsentEvent, ConsentState, Event, Identity, Profile, RawBody, Rejection, Source
from tracking.profiles import reading
from tracking.rights import retention
from workspaces.models import Workspace

NUMBERS = count(1)
ALL = {"analytics": True, "ads_measurement:google": True}
LESS = {"analytics": True, "ads_measurement:google": False}
NOTHING = {"analytics": False, "ads_measurement:google": False}


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return a_source(workspace, "browser", name="Shop (sample)")


@pytest.fixture
def device(workspace: Workspace) -> Subject:
    return subject_of(workspace.pk, "device", "a-1")


def now() -> datetime:
    return datetime.now(UTC)


def event(said: dict[str, bool], *, at: datetime | None = None, name: str = "", **consent: Any) -> dict[str, Any]:
    """As t.js sends it."""
    kind = {"type": "track", "event": name} if name else {"type": "page"}
    return {
        **kind, "messageId": f"m-{next(NUMBERS)}", "anonymousId": "a-1", "timestamp": (at or now()).isoformat(),
        "properties": {"secret": "basket"},
        "context": {
            "consent": {"cmp": "cookiebot", "purposes": said, **consent},
            "page": {"url": "https://shop.example/boots?email=mia@example.org#top"},
            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        },
    }  # fmt: skip


def bye(said: dict[str, bool] | None = None, **more: Any) -> dict[str, Any]:
    return event(NOTHING if said is None else said, name="Consent Withdrawn", **more)


def tell(source: Source, *events: dict[str, Any], sent: datetime | None = None) -> None:
    assert send(source, "batch", {"batch": list(events), "sentAt": (sent or now()).isoformat()}).status_code == 200


def work() -> None:
    while run.due():
        tasks.ingest_batch()


def arrive(source: Source, *events: dict[str, Any], sent: datetime | None = None) -> None:
    tell(source, *events, sent=sent)
    work()


def held(device: Subject) -> dict[str, str]:
    states = ConsentState.objects.filter(subject=device.index)
    return dict(states.values_list("purpose__key", "decision"))


def spoken() -> list[tuple[str, str]]:
    return list(ConsentEvent.objects.order_by("seq").values_list("purpose__key", "decision"))


def test_a_grant_stands_in_the_ledger_once_with_everything_that_proves_it(
    workspace: Workspace, source: Source, device: Subject
) -> None:
    analytics = purposes.purposes_of(workspace, ["analytics"])["analytics"]
    text = purposes.publish(analytics, "de", "Wir messen, wie diese Website genutzt wird.", by=None)
    chosen = now() - timedelta(hours=3)
    said: dict[str, Any] = {"given_at": chosen.isoformat(), "text": "de 1"}
    arrive(source, event(LESS, **said), event(LESS, **said))
    arrive(source, event(LESS, **said))
    assert spoken() == [("ads_measurement:google", "denied"), ("analytics", "granted")]
    assert held(device) == {"analytics": "granted", "ads_measurement:google": "denied"}
    noted = ConsentEvent.objects.get(decision="granted")
    assert (noted.subject_kind, noted.source, noted.text, noted.given_at) == ("device", "banner", text, chosen)
    assert noted.proof.items() >= {
        "url": "https://shop.example/boots", "mechanism": "cookiebot", "data_source": "Shop (sample)", "text_version": "de 1",
        "user_agent": "Firefox, Windows", "received": json.dumps({"purposes": LESS}), "event": Event.objects.all()[0].message_id,
    }.items()  # fmt: skip
    assert chain.verify(workspace.pk) is None
    assert not BannerChoice.objects.filter(noted_at=None).exists()
    assert BannerChoice.objects.get().proof == {}  # it stands in the ledger now


def test_a_repeated_choice_costs_one_look_and_writes_nothing(source: Source) -> None:
    arrive(source, event(ALL))
    tell(source, *(event(ALL) for _ in range(50)))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        work()
    about = [query["sql"] for query in queries if "bannerchoice" in query["sql"]]
    assert len([sql for sql in about if "DISTINCT ON" in sql]) == 1
    assert not any("INSERT" in sql or "UPDATE" in sql for sql in about)


def test_the_last_message_withdraws_and_leaves_nothing_but_the_proof(source: Source, device: Subject) -> None:
    arrive(source, event(ALL))
    arrive(source, bye())
    assert held(device) == {"analytics": "withdrawn", "ads_measurement:google": "withdrawn"}
    last = ConsentEvent.objects.order_by("-seq")[0]
    assert last.proof["url"] == "https://shop.example/boots"
    assert "user_agent" not in last.proof
    assert not Event.objects.filter(name="Consent Withdrawn").exists()
    refusal = Rejection.objects.get()
    assert (refusal.reason, bytes(refusal.payload)) == ("no_consent", b"")
    assert bytes(RawBody.objects.order_by("-pk")[0].body) == b""  # its basket and its address were never kept
    receipt = RawBody.objects.order_by("-pk")[0]
    assert (receipt.received, receipt.accepted, receipt.rejected) == (1, 1, 0)
    arrive(source, bye())
    assert len(spoken()) == 4


def test_a_withdrawal_keeps_what_it_names_and_ends_what_it_does_not(source: Source, device: Subject) -> None:
    arrive(source, event({**ALL, "ads_audience:google": True}))
    arrive(source, bye({"analytics": False, "ads_measurement:google": True}))
    assert held(device) == {"analytics": "withdrawn", "ads_measurement:google": "granted", "ads_audience:google": "withdrawn"}


def test_nobody_else_passes_the_door_without_consent(source: Source) -> None:
    refused = [event(NOTHING), event(NOTHING, name="Consent Changed"), {**bye(), "anonymousId": ""}, {**bye(), "context": {}},
               {**bye(), "type": "identify"}]  # fmt: skip
    arrive(source, *refused)
    assert Rejection.objects.filter(reason="no_consent", payload=b"").count() == len(refused)
    assert [table.objects.count() for table in (Event, Profile, BannerChoice, ConsentEvent)] == [0, 0, 0, 0]


def test_who_was_never_heard_of_may_withdraw_and_is_no_profile_by_that(source: Source, device: Subject) -> None:
    arrive(source, bye())
    assert held(device)["analytics"] == "withdrawn"
    assert [table.objects.count() for table in (Event, Profile)] == [0, 0]


def test_a_grant_that_was_overtaken_by_the_withdrawal_does_not_count(source: Source, device: Subject) -> None:
    overtaken = event(ALL)
    arrive(source, bye())
    arrive(source, overtaken)
    arrive(source, event(ALL, given_at=now().isoformat()))
    assert held(device)["analytics"] == "withdrawn"
    assert ("analytics", "granted") not in spoken()
    assert Event.objects.count() == 2  # what was seen with consent may stay


def test_grant_and_withdrawal_of_one_batch_are_both_proven(source: Source, device: Subject) -> None:
    arrive(source, event(ALL), bye({}))
    assert [decision for purpose, decision in spoken() if purpose == "analytics"] == ["granted", "withdrawn"]
    assert set(held(device).values()) == {"withdrawn"}


def test_narrowing_is_noted_and_widening_counts_again(source: Source, device: Subject) -> None:
    begun = now()
    arrive(source, event(ALL, at=begun))
    arrive(source, event(LESS, at=begun + timedelta(milliseconds=1), name="Consent Changed"))
    assert held(device) == {"analytics": "granted", "ads_measurement:google": "withdrawn"}
    arrive(source, event(ALL, at=begun + timedelta(milliseconds=2), name="Consent Changed"))
    assert held(device) == {"analytics": "granted", "ads_measurement:google": "granted"}


def test_an_older_yes_that_comes_late_does_not_widen(source: Source, device: Subject) -> None:
    begun = now()
    arrive(source, event(LESS, at=begun))
    arrive(source, event(ALL, at=begun - timedelta(seconds=1)), sent=now() - timedelta(minutes=9))
    assert held(device)["ads_measurement:google"] == "denied"


def test_an_older_no_that_comes_late_still_restricts(source: Source, device: Subject) -> None:
    begun = now()
    arrive(source, event(ALL, at=begun))
    arrive(source, event(LESS, at=begun - timedelta(seconds=1)))
    assert held(device)["ads_measurement:google"] == "withdrawn"


def test_a_banner_that_goes_on_saying_yes_does_not_lift_a_withdrawal(workspace: Workspace, source: Source, device: Subject) -> None:
    earlier = now() - timedelta(days=9)
    arrive(source, event(ALL, given_at=earlier.isoformat()))
    say(workspace, device, Decision.WITHDRAWN, "analytics", source="preferences")
    arrive(source, event(ALL, given_at=earlier.isoformat()))
    arrive(source, event(ALL))
    assert held(device)["analytics"] == "withdrawn"
    with time_machine.travel(now() + timedelta(hours=1)):
        arrive(source, event(ALL, given_at=now().isoformat()))  # asked once more, the visitor agreed
    assert held(device)["analytics"] == "granted"


def test_a_yes_given_anew_renews_the_consent_and_a_repeated_one_does_not(source: Source) -> None:
    arrive(source, event(ALL, given_at=now().isoformat()))
    later = now() + timedelta(days=300)
    with time_machine.travel(later):
        arrive(source, event(LESS))
        arrive(source, event(ALL, given_at=now().isoformat()))  # the visitor looked at the choice again
    analytics = ConsentState.objects.get(purpose__key="analytics")
    assert abs(analytics.since - later) < timedelta(minutes=1)
    assert spoken().count(("analytics", "granted")) == 2


def test_a_choice_dated_by_a_wrong_clock_lifts_nothing(workspace: Workspace, source: Source, device: Subject) -> None:
    arrive(source, event(ALL))
    say(workspace, device, Decision.WITHDRAWN, "analytics", source="preferences")
    ahead = now() + timedelta(hours=1)
    arrive(source, event(ALL, at=ahead, given_at=ahead.isoformat()), sent=ahead)
    assert held(device)["analytics"] == "withdrawn"


def test_a_wrong_clock_is_put_right_in_the_proof(source: Source) -> None:
    wrong = now() - timedelta(days=4_000)
    arrive(source, event(ALL, at=wrong - timedelta(hours=2)), sent=wrong)
    given = ConsentEvent.objects.filter(decision="granted")[0]
    assert abs(given.given_at - (now() - timedelta(hours=2))) < timedelta(minutes=2)
    assert given.proof["browser_time"] == (wrong - timedelta(hours=2)).isoformat(timespec="milliseconds")


def test_what_waited_when_a_worker_died_is_noted_by_the_next(source: Source, device: Subject) -> None:
    tell(source, event(ALL))
    run.run_batch()  # and the worker dies before it noted anything
    assert held(device) == {}
    tasks.note_choices()
    assert held(device)["analytics"] == "granted"


def test_a_batch_that_is_undone_leaves_no_choice(source: Source) -> None:
    tell(source, event(ALL))
    with transaction.atomic():
        run.run_batch()
        transaction.set_rollback(True)
    assert not BannerChoice.objects.exists()
    work()
    assert len(spoken()) == 2


def test_only_one_notes_at_a_time(workspace: Workspace, source: Source, device: Subject) -> None:
    tell(source, event(ALL))
    run.run_batch()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [locking.number(locking.BANNER), workspace.pk])
        assert noting.note_waiting() == 0
    finally:
        other.close()
    assert noting.note_waiting() == 1
    assert held(device)["analytics"] == "granted"


def test_a_choice_about_nothing_of_ours_ends_with_the_proof(workspace: Workspace, source: Source, device: Subject) -> None:
    arrive(source, event(ALL))
    old = now() - timedelta(days=4 * 365)
    values: dict[str, Any] = {"told_at": old, "given_at": old, "is_dated": False, "is_last": False, "noted_at": old}
    BannerChoice.objects.create(workspace=workspace, subject="of nobody", said={"of_nobody": True}, **values)
    retention.apply(workspace)
    assert [choice.subject for choice in BannerChoice.objects.all()] == [device.index]


def test_profile_and_proof_say_where_it_was_given(workspace: Workspace, source: Source, device: Subject) -> None:
    arrive(source, event(ALL))
    known = list(Identity.objects.all())
    shown = reading.timeline(workspace, Profile.objects.get(), known, with_consents=True)
    assert "Device · Consent banner · Shop (sample) · https://shop.example/boots" in [entry.detail for entry in shown]
    details = dict(proof.timeline(workspace, device)[0].details)
    assert details.items() >= {"Data source": "Shop (sample)", "Mechanism": "cookiebot", "Browser": "Firefox, Windows"}.items()
    assert printing.pdf(workspace, device, "a-1").startswith(b"%PDF")


def test_a_tc_string_is_kept_whole_with_its_manager(source: Source, tc_string: str) -> None:
    arrive(source, event({}, tcString=tc_string, cmp="tcf"))
    kept = ConsentEvent.objects.filter(decision="granted")[0].proof
    assert kept["tc_string"] == tc_string
    assert kept["cmp"] == "300, version 2, vendor list 120"


@pytest.fixture
def tc_string() -> str:
    """By the IAB's own encoder, with purposes 1 and 8."""
    import subprocess

    from mops.nodejs import node
    from tests.tracking.consent.test_intake import VECTORS
    from tracking.consent.intake import signals

    made = subprocess.run([node(), VECTORS, "200", "20261121"], capture_output=True, text=True, check=True, cwd=VECTORS.parent)
    strings: list[str] = [vector["tcString"] for vector in json.loads(made.stdout)]
    return next(string for string in strings if signals({"consent": {"tcString": string}})["analytics"])
