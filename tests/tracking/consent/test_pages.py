"""The team's pages: look up, prove, refuse, publish, import."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.people import ClientFor
from tests.tracking.consent.people import leave, say, someone
from tracking.consent import differences, preferences, purposes
from tracking.consent_models import Decision
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
