"""The team's pages: look up, prove, refuse, publish, import."""

import re
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation

from tests.people import ClientFor
from tests.tracking.consent.people import leave, say, someone
from tracking.blind_index import subject_of
from tracking.consent import differences, preferences, proof, purposes, suppression
from tracking.consent.merging import merge_subjects
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ConsentEvent, ConsentText, Suppression
from workspaces.models import AuditEvent, Role, Workspace

ERIKA = {"kind": "email", "identifier": "Erika@example.org"}


def url(workspace: Workspace, name: str, *more: object) -> str:
    return reverse(f"consent:{name}", args=[workspace.slug, *more])


def test_the_privacy_officer_finds_a_person_by_identifier(client_for: ClientFor, workspace: Workspace) -> None:
    event = say(workspace, someone(workspace), Decision.GRANTED, proof={"url": "https://shop.example/newsletter"})
    leave(workspace, someone(workspace))
    page = client_for(Role.PRIVACY).post(url(workspace, "person"), ERIKA).text
    for wanted in ("https://shop.example/newsletter", event.hash[:16], "newsletter", "Proof as PDF"):
        assert wanted in page
    viewed = AuditEvent.objects.get(action="consent.person_viewed")
    assert "erika" not in str(vars(viewed)).lower()


def test_a_marketer_sees_nobody(client_for: ClientFor, workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    for name in ("person", "proof", "refuse"):
        assert client_for(Role.MARKETER).post(url(workspace, name), ERIKA).status_code == 403


def test_who_manages_consent_can_copy_the_persons_link(client_for: ClientFor, workspace: Workspace) -> None:
    page = client_for(Role.PRIVACY).post(url(workspace, "person"), ERIKA).text
    found = re.search(r'id="preference-link" hidden>\S+/consent/preferences/(\S+)</span>', page)
    assert found
    assert preferences.read(found[1]) == (workspace, someone(workspace))
    assert "preference-link" not in client_for(Role.PRIVACY).get(url(workspace, "person")).text


def test_it_prints_the_proof(client_for: ClientFor, workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    response = client_for(Role.PRIVACY).post(url(workspace, "proof"), ERIKA)
    assert response.content.startswith(b"%PDF")
    assert "erika" not in response["Content-Disposition"]
    assert client_for(Role.PRIVACY).post(url(workspace, "proof"), {"kind": "email", "identifier": "erika"}).status_code == 400


def test_a_refusal_by_telephone_closes_the_gate(client_for: ClientFor, workspace: Workspace) -> None:
    for purpose in ("email", "phone"):
        say(workspace, someone(workspace), Decision.GRANTED, purpose)
    client = client_for(Role.PRIVACY)
    client.post(url(workspace, "refuse"), ERIKA | {"action": "withdraw", "purposes": ["email"], "reason": "called at noon"})
    assert not leave(workspace, someone(workspace)).allowed
    assert leave(workspace, someone(workspace), purpose="phone", job="job-2").allowed
    client.post(url(workspace, "refuse"), ERIKA | {"action": "suppress", "reason": "letter"})
    assert not leave(workspace, someone(workspace), purpose="phone", job="job-3").allowed
    assert Suppression.objects.get().reason == "objection"
    assert ConsentEvent.objects.filter(source="objection", proof__reason="letter").exists()


def test_a_withdrawal_of_nothing_is_not_noted(client_for: ClientFor, workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    for said, problem in (
        ({"reason": "letter"}, "Tick at least one purpose."),
        ({"purposes": ["email"]}, "This field is required."),
    ):
        answer = client_for(Role.PRIVACY).post(url(workspace, "refuse"), ERIKA | {"action": "withdraw"} | said)
        assert answer.status_code == 400
        assert problem in answer.text
        assert "Noted." not in answer.text
    assert leave(workspace, someone(workspace)).allowed


def test_somebody_the_ledger_does_not_know_can_object_too(client_for: ClientFor, workspace: Workspace) -> None:
    client = client_for(Role.PRIVACY)
    assert "Never reach again" in client.post(url(workspace, "person"), ERIKA).text
    page = client.post(url(workspace, "refuse"), ERIKA | {"action": "suppress", "reason": "letter"}).text
    assert "Nothing may reach this person" in page
    assert Suppression.objects.get().subject == someone(workspace).index


def test_a_new_text_is_a_new_version_with_its_difference(client_for: ClientFor, workspace: Workspace) -> None:
    client = client_for(Role.OWNER)
    client.post(url(workspace, "begin"))
    pk = purposes.purposes_of(workspace, ["email"])["email"].pk
    for text in ("Mails once a month.", "Mails once a week.", "Mails once a week."):
        client.post(url(workspace, "purpose", pk), {"language": "en", "text": text})
    assert list(ConsentText.objects.order_by("version").values_list("version", "text")) == [
        (1, "Mails once a month."),
        (2, "Mails once a week."),
    ]
    page = " ".join(client.get(url(workspace, "purpose", pk)).text.split())
    assert "Mails once a <del>month.</del> <ins>week.</ins>" in page
    assert client_for(Role.MARKETER).get(url(workspace, "purpose", pk)).status_code == 403


def test_the_overview_counts_people_per_purpose(client_for: ClientFor, workspace: Workspace) -> None:
    for name, decision in (
        ("one", Decision.GRANTED),
        ("two", Decision.GRANTED),
        ("three", Decision.DENIED),
        ("four", Decision.UNPROVEN),
    ):
        say(workspace, someone(workspace, name), decision)
    page = client_for(Role.PRIVACY).get(url(workspace, "overview")).text
    row = re.search(r"<code[^>]*>email</code>.*?</tr>", page, re.DOTALL)
    assert row
    assert re.findall(r'class="num">(\d+)<', row[0]) == ["2", "1", "0", "1"]


def test_an_import_says_what_became_of_every_line(client_for: ClientFor, workspace: Workspace) -> None:
    file = SimpleUploadedFile("old.csv", b"identifier;purpose\nerika@example.org;email\nnobody;email\n")
    page = client_for(Role.OWNER).post(url(workspace, "import"), {"file": file}).text
    assert "Line 3" in page
    assert 'href="data:text/csv' in page
    unreadable = SimpleUploadedFile("old.csv", b"name;purpose\nerika;email\n")
    assert "no column" in client_for(Role.OWNER).post(url(workspace, "import"), {"file": unreadable}).text


def test_differences_name_added_and_removed_words() -> None:
    assert [tuple(piece) for piece in differences.words("a b c", "a x c d")] == [
        ("same", "a"), ("removed", "b"), ("added", "x"), ("same", "c"), ("added", "d"),
    ]  # fmt: skip


def test_the_page_is_of_the_person_by_every_identifier_as_the_proof_is(client_for: ClientFor, workspace: Workspace) -> None:
    phone, device = subject_of(workspace.pk, "phone", "+4915155501234"), subject_of(workspace.pk, "device", "a-device")
    say(workspace, someone(workspace), Decision.GRANTED)
    said = say(workspace, device, Decision.GRANTED, "analytics", proof={"url": "https://shop.example/banner"})
    for other in (phone, device):
        merge_subjects(workspace, someone(workspace), other)
    client = client_for(Role.PRIVACY)
    page = client.post(url(workspace, "person"), {"kind": "phone", "identifier": "+49 151 55501234"}).text
    for wanted in ("https://shop.example/banner", said.hash[:16], "2 · Device", "3 · E-mail address", 'value="email"'):
        assert wanted in page
    assert page.count('value="analytics"') == 1
    suppression.suppress(workspace, device, Suppression.Reason.OBJECTION)
    assert "Nothing may reach this person" in client.post(url(workspace, "person"), ERIKA).text


def test_who_is_never_to_be_reached_again_is_asked_for_first(client_for: ClientFor, workspace: Workspace) -> None:
    page = client_for(Role.PRIVACY).post(url(workspace, "person"), ERIKA).text
    assert re.search(r'value="suppress"\s+data-confirm="[^"]*only the person can', page)


@pytest.mark.parametrize(("language", "said"), [("en", "Feb. 1, 2026 10:15:00"), ("de", "1. Februar 2026 10:15:00")])
def test_proofs_are_read_in_words_and_local_time(workspace: Workspace, language: str, said: str) -> None:
    raw = {
        "given_at": "2026-02-01 09:15:00+00:00", "kind": "email", "import": 7, "mechanism": "objection",
        "received": '{"purposes": {"analytics": true}}', "doi_sent_at": "soon", "taken_back": 3, "language": "de",
    }  # fmt: skip
    with translation.override(language):
        labels = dict(proof.details(raw, ZoneInfo("Europe/Berlin")))
        shown = dict(zip(sorted(raw), labels.values(), strict=True))
        assert shown["given_at"] == f"{said} (UTC+01:00)"
        assert shown["doi_sent_at"] == "soon"
        assert (shown["kind"], shown["mechanism"]) == (SubjectKind.EMAIL.label, Suppression.Reason.OBJECTION.label)
    assert not set(raw) & set(labels)
