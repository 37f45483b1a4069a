"""Contacts and events from files: one way to profiles and books, nothing doubled, every bad line told."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

from mops.lib import clock
from tests.tracking.importing import drain, import_source, numbers, run, upload
from tests.tracking.profiles.seeing import people
from tracking import ledger
from tracking.consent import purposes
from tracking.imports import columns, kinds, tables
from tracking.imports.forms import ColumnsForm
from tracking.imports.kind import Reading
from tracking.invariants import broken
from tracking.models import (
    ConsentEvent,
    ConsentState,
    Event,
    ImportFile,
    Profile,
    RawBody,
    RefusedRow,
    Rejection,
    Session,
    Source,
)
from tracking.profiles.traits import of_profile
from workspaces.models import Workspace

CONTACTS = (
    "E-Mail;Telefon;Kundennummer;Vorname;Nachname;Straße;PLZ;Ort;Umsatz;Tarif\n"
    "Erika@Example.org;0151 23456789;K-1;Erika;Muster;Musterweg 1;01067;Dresden;1.234,50;Gold\n"
    "max@example.org;;;Max;Muster;;;;7;\n"
    ";;;Niemand;;;;;;\n"
    "kein-at;;K-3;;;;;;;\n"
    "otto@example.org;12;;;;;;;;\n"
)
EVENTS = (
    "Ereignis;Zeitpunkt;E-Mail;Client ID;Wert;utm_source;utm_medium\n"
    "Termin gebucht;01.10.2026 09:30;erika@example.org;;19,90;;\n"
    "Seite besucht;01.10.2026 09:00;;c-1;;newsletter;email\n"
    ";01.10.2026 09:00;;c-1;;;\n"
    "Termin gebucht;31.02.2026;;c-1;;;\n"
    "Termin gebucht;01.10.2026 09:00;;;;;\n"
)


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return import_source(workspace)


def test_a_contact_becomes_a_profile_with_its_identifiers_and_traits(workspace: Workspace, source: Source) -> None:
    file = run(upload(workspace, "contacts", CONTACTS, source))
    assert numbers(file) == (2, 0, 0, 3)
    assert [row.line for row in RefusedRow.objects.order_by("line")] == [4, 5, 6]
    assert drain() == 2
    assert people(workspace) == {
        frozenset({"K-1", "erika@example.org", "+4915123456789"}), frozenset({"max@example.org"}),
    }  # fmt: skip
    erika = Profile.objects.get(identities__kind="user_id")
    said = {trait.name: trait.value for trait in of_profile(workspace, list(erika.identities.all()), clear=True)}
    assert said["address"] == "Musterweg 1, 01067, Dresden"
    assert (said["first_name"], said["Umsatz"], said["Tarif"]) == ("Erika", 1234.5, "Gold")


def test_a_telephone_number_is_read_as_people_write_it_in_the_country_of_the_line(workspace: Workspace, source: Source) -> None:
    text = "Telefon;Land\n0664 1234567;Österreich\n079 123 45 67;CH\n0171 1234567;\n0171 7654321;Atlantis\n"
    assert numbers(run(upload(workspace, "contacts", text, source))) == (4, 0, 0, 0)
    drain()
    assert people(workspace) == {
        frozenset({number}) for number in ("+436641234567", "+41791234567", "+491711234567", "+491717654321")
    }  # fmt: skip


def test_the_books_of_the_source_balance(workspace: Workspace, source: Source) -> None:
    run(upload(workspace, "contacts", CONTACTS, source))
    run(upload(workspace, "events", EVENTS, source))
    drain()
    total = ledger.total(ledger.of_source(source))
    assert (total.received, total.stored, total.duplicate, total.rejected, total.pending) == (4, 4, 0, 0, 0)
    assert broken(clock.now().replace(year=2020)) == []


@pytest.mark.parametrize(("kind", "text", "stored"), [("contacts", CONTACTS, 2), ("events", EVENTS, 2)])
def test_the_same_file_twice_doubles_nothing(workspace: Workspace, source: Source, kind: str, text: str, stored: int) -> None:
    for expected in ((stored, 0, 0, 3), (0, 0, stored, 3)):
        assert numbers(run(upload(workspace, kind, text, source))) == expected
        drain()
    assert Event.objects.count() == stored
    assert Profile.objects.count() == 2


def test_an_event_keeps_its_time_its_person_and_its_origin(workspace: Workspace, source: Source) -> None:
    file = run(upload(workspace, "events", EVENTS, source))
    assert numbers(file) == (2, 0, 0, 3)
    drain()
    booked, visited = Event.objects.order_by("-occurred_at")
    assert (booked.name, booked.properties) == ("Termin gebucht", {"Wert": 19.9})
    assert booked.occurred_at == datetime(2026, 10, 1, 7, 30, tzinfo=UTC)
    assert people(workspace) == {frozenset({"erika@example.org"}), frozenset({"c-1"})}
    assert (visited.visitor, Session.objects.get().channel) == ("c-1", "email")


def test_a_name_for_all_lines_stands_in_for_the_column(workspace: Workspace, source: Source) -> None:
    text = "time,user id\n2026-10-01T09:00:00Z,u-1\n"
    assert numbers(run(upload(workspace, "events", text, source))) == (0, 0, 0, 1)
    assert numbers(run(upload(workspace, "events", text, source, event_name="Branch visited"))) == (1, 0, 0, 0)
    assert Event.objects.get().name == "Branch visited"


def test_a_line_with_an_id_of_its_own_is_that_event(workspace: Workspace, source: Source) -> None:
    text = "event,time,user id,message id,value\nA,2026-10-01T09:00:00Z,u-1,{},1\nA,2026-10-01T09:00:00Z,u-1,{},1\n"
    assert numbers(run(upload(workspace, "events", text.format("m-1", "m-2"), source))) == (2, 0, 0, 0)
    assert numbers(run(upload(workspace, "events", text.format("m-2", "m-3"), source))) == (1, 0, 1, 0)


def test_a_source_that_needs_consent_takes_only_lines_that_say_so(workspace: Workspace) -> None:
    source = import_source(workspace, consent_mode="required", legal_basis="")
    text = "event,time,user id,analytics consent\nA,2026-10-01,u-1,yes\nA,2026-10-01,u-2,no\nA,2026-10-01,u-3,\n"
    file = run(upload(workspace, "events", text, source))
    assert numbers(file) == (1, 0, 0, 2)
    assert [row.line for row in RefusedRow.objects.order_by("line")] == [3, 4]
    assert {(refusal.reason, bytes(refusal.payload)) for refusal in Rejection.objects.all()} == {("no_consent", b"")}
    assert [sent["userId"] for sent in json.loads(bytes(RawBody.objects.get().body))["batch"]] == ["u-1"]


CONSENTS = (
    "email,consent at,text version,text language,consent url,mechanism\n"
    "a@example.org,2026-01-05T10:00:00Z,1,de,https://shop.example/newsletter,checkbox\n"
    "b@example.org,2026-01-05T10:00:00Z,,,,\n"
    "c@example.org,2026-01-05T10:00:00Z,9,de,https://shop.example/newsletter,checkbox\n"
    "d@example.org,,,,,\n"
)


def test_a_consent_counts_with_its_whole_proof_only(workspace: Workspace, source: Source) -> None:
    purpose = purposes.purposes_of(workspace, ["email"])["email"]
    with time_machine.travel("2026-01-01T00:00:00Z"):
        purposes.publish(purpose, "de", "Ja, ich möchte Post.", by=None)
    for _ in range(2):
        file = run(upload(workspace, "contacts", CONSENTS, source, purpose="email"))
    assert ConsentEvent.objects.filter(source="import").count() == 3
    assert sorted(ConsentState.objects.values_list("decision", flat=True)) == ["granted", "unproven", "unproven"]
    assert ConsentEvent.objects.get(decision="granted").proof["line"] == 2
    assert numbers(file) == (0, 0, 4, 0)
    first = ImportFile.objects.earliest("pk")
    assert (first.consents, first.unproven, file.consents) == (1, 2, 0)


def test_a_consent_from_before_our_texts_counts_by_its_wording(workspace: Workspace, source: Source) -> None:
    text = (
        "email,consent at,wortlaut,consent url,mechanism\n"
        "a@example.org,2024-01-05T10:00:00Z,Ja. Mehr unter info@shop.example,https://shop.example/n,checkbox\n"
    )
    run(upload(workspace, "contacts", text, source, purpose="email"))
    event = ConsentEvent.objects.get(decision="granted")
    assert event.proof["wording"] == "Ja. Mehr unter info@shop.example"


def test_a_consent_for_an_unknown_purpose_refuses_its_line(workspace: Workspace, source: Source) -> None:
    text = "email,purpose\na@example.org,mind_reading\n"
    assert numbers(run(upload(workspace, "contacts", text, source))) == (0, 0, 0, 1)
    assert "mind_reading" in RefusedRow.objects.get().reason
    assert not Event.objects.exists()


def test_an_empty_decision_says_nothing_and_a_strange_one_tells_what_is_understood(workspace: Workspace, source: Source) -> None:
    text = "email,purpose,decision\na@example.org,email,Nein\nb@example.org,email,\nc@example.org,email,vielleicht\n"
    assert numbers(run(upload(workspace, "contacts", text, source))) == (2, 0, 0, 1)
    assert [event.decision for event in ConsentEvent.objects.all()] == ["denied"]
    assert all(word in RefusedRow.objects.get().reason for word in ("vielleicht", "erteilt", "ja", "nein"))


def test_codes_stay_texts_and_numbers_become_numbers(workspace: Workspace) -> None:
    table = tables.read(b"email;code;score;share\na@example.org;00123;12;1,5\nb@example.org;00456;7;2,25\n")
    proposal = columns.propose(workspace, kinds.of("contacts"), table)
    assert proposal.further == {"code": "text", "score": "number", "share": "number"}
    assert proposal.reading["decimal_sign"] == ","


def test_columns_nobody_asked_for_are_left_out_until_somebody_chooses_them(workspace: Workspace, source: Source) -> None:
    text = b"E-Mail;Geburtstag;Einwilligung Newsletter;Guthaben\na@example.org;01.02.1990;ja;12,50\n"
    proposal = columns.propose(workspace, kinds.of("contacts"), tables.read(text))
    form = ColumnsForm(kind=kinds.of("contacts"), workspace=workspace, headers=tables.read(text).headers, proposal=proposal,
                       consents=True)  # fmt: skip
    assert {str(field.label): field.value() for field in form.extra_fields()} == dict.fromkeys(
        ("Geburtstag", "Einwilligung Newsletter", "Guthaben"), ""
    )
    assert form["extra_3"].field.choices[1][0] == "number"  # type: ignore[attr-defined]
    assert form["decimal_sign"].value() == ","


@pytest.mark.parametrize(
    ("text", "reading"),
    [("Vorname;E-Mail\nErika;a@example.org\n", (",", "dmy")), ("first name;email\nErika;a@example.org\n", (".", "ymd"))],
)
def test_german_headers_make_numbers_and_days_german(workspace: Workspace, text: str, reading: tuple[str, str]) -> None:
    proposal = columns.propose(workspace, kinds.of("contacts"), tables.read(text.encode()))
    assert (proposal.reading["decimal_sign"], proposal.reading["date_order"]) == reading


def test_it_remembers_the_columns_per_kind(workspace: Workspace) -> None:
    table = tables.read(b"email,x\na@example.org,1\n")
    contacts, events = kinds.of("contacts"), kinds.of("events")
    columns.save(workspace, contacts, table.headers, {"email": "x"}, Reading())
    assert columns.propose(workspace, contacts, table).columns == {"email": "x"}
    assert columns.propose(workspace, events, table).columns == {"email": "email"}
