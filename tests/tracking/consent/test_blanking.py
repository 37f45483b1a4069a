"""The ledger forgets nothing: what is written into it names nobody."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.people import ClientFor
from tests.tracking.plan.plans import arrive
from tests.tracking.sending import a_source
from tracking.consent import blanking, double_opt_in, imports, noting, purposes
from tracking.models import ConsentEvent, DoubleOptIn
from workspaces.models import AuditEvent, Role, Workspace

WORDS = st.sampled_from(
    ["rief an", "am 22.11.2026", "um 08:30 Uhr", "(Brief)", "Ticket 4711", "2026-01-02T08:00:00+01:00", "Box 1/2"]
)
WHO = [
    "erika.muster@example.org", "ERIKA@example.org", "erika%40example.org", "<erika@example.org>", "mailto:erika@example.org",
    "+49 30 5550100", "030/555 01 00", "(030) 5550100", "0049-30-5550100", "+49 (0)30 5550100", "0170.1234567",
]  # fmt: skip


@given(before=st.lists(WORDS, max_size=3), who=st.sampled_from(WHO), after=st.lists(WORDS, max_size=3))
def test_addresses_and_numbers_are_blanked_and_nothing_else(before: list[str], who: str, after: list[str]) -> None:
    found = blanking.text(" , ".join([*before, who, *after]))
    assert not any(telling in found.lower() for telling in ("erika", "555", "1234567"))
    assert all(word in found for word in [*before, *after])


@pytest.mark.parametrize(
    ("identifier", "text", "blanked"),
    [
        ("c-17", "customer C-17, not c-170", "customer …, not c-170"),
        ("+49 30 5550100", "number 30 555 0100 called", "number … called"),
        ("", "unticked box", "unticked box"),
    ],
)
def test_the_persons_own_identifier_is_blanked_however_it_is_spelled(identifier: str, text: str, blanked: str) -> None:
    assert blanking.text(text, identifier) == blanked


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://shop.example/2026/01/15/form?mail=erika@example.org#anna", "https://shop.example/2026/01/15/form"),
        ("https://erika:secret@shop.example/a%20b", "https://shop.example/a%20b"),
        ("https://shop.example/leave/erika%40example.org/now", "https://shop.example/leave/…/now"),
        ("https://shop.example/crm/%43-4711", "https://shop.example/crm/…"),
    ],
)
def test_of_a_page_only_what_names_nobody_is_kept(page: str, kept: str) -> None:
    assert blanking.address(page, "C-4711") == kept


def stored() -> str:
    return str(
        list(ConsentEvent.objects.values_list("proof", flat=True)) + list(DoubleOptIn.objects.values_list("requested", flat=True))
    )


def test_a_note_of_a_member_names_nobody(client_for: ClientFor, workspace: Workspace) -> None:
    said = {
        "kind": "email",
        "identifier": "erika@example.org",
        "action": "suppress",
        "reason": "mail from Erika@Example.org, by phone",
    }
    client_for(Role.PRIVACY).post(reverse("consent:refuse", args=[workspace.slug]), said)
    assert "mail from …, by phone" in stored()


def test_an_import_names_nobody(client_for: ClientFor, workspace: Workspace) -> None:
    line = "erika@example.org;email;https://shop.example/a?m=erika@example.org;box erika@example.org"
    file = SimpleUploadedFile("for erika@example.org.csv", f"identifier;purpose;url;mechanism\n{line}\n".encode())
    client_for(Role.OWNER).post(reverse("consent:import", args=[workspace.slug]), {"file": file})
    assert "https://shop.example/a" in stored()
    assert "erika" not in stored()
    assert AuditEvent.objects.get(action="consent.imported").target == "for …"


def test_a_request_by_mail_names_nobody(workspace: Workspace) -> None:
    purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "en", "May we write to you?", by=None)
    proof = {"url": "https://shop.example/n?mail=erika@example.org", "ip_hmac": "0123456789abcdef"}
    double_opt_in.request(workspace, "erika@example.org", "email", language="en", proof=proof)
    assert DoubleOptIn.objects.get().requested == {"url": "https://shop.example/n", "ip_hmac": "0123456789abcdef"}
    assert "erika" not in stored()


def test_a_wording_stays_as_everybody_was_shown_it(workspace: Workspace) -> None:
    lines = "identifier;purpose;wording\nanna@example.org;email;anna@example.org, may we? Else write to news@shop.example.\n"
    imports.store(workspace, lines.encode(), "old.csv", by=None)
    assert ConsentEvent.objects.get().proof["wording"] == "…, may we? Else write to news@shop.example."


def test_a_visitors_address_never_enters_the_ledger_with_the_choice(workspace: Workspace) -> None:
    context = {
        "consent": {"purposes": {"analytics": True}, "note": "erika@example.org", "cmp": "erika@example.org", "text": "of C-4711"},
        "page": {"url": "https://shop.example/konto/erika@example.org/C-4711/danke"},
    }
    event = {"type": "page", "anonymousId": "a-1", "userId": "C-4711", "messageId": "erika@example.org 1", "context": context}
    arrive(a_source(workspace, "browser"), event)
    noting.note_waiting()
    proof = ConsentEvent.objects.get().proof
    assert proof["url"] == "https://shop.example/konto/…/…/danke"
    assert not any(name in str(proof).lower() for name in ("erika", "c-4711"))


@pytest.mark.parametrize("long", ["7" * 60_000, "a" * 60_000, "1 " * 2_000, "+" * 60_000, "a@" * 30_000])
def test_long_words_are_looked_through_once(long: str) -> None:
    assert len(blanking.text(long)) <= len(long)
