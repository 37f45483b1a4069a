"""Double opt-in: opening the link changes nothing, the button confirms, once, for seven days."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from tests.tracking.consent.people import leave, say, someone
from tracking.consent import double_opt_in, purposes, suppression
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentText, DoubleOptIn, Suppression
from workspaces.models import Workspace

TEXT = "Ja, Nordlicht darf mir jeden Monat Neuigkeiten über Zelte mailen. Ich kann das jederzeit widerrufen."
PROOF = {"url": "https://shop.example/newsletter", "mechanism": "unticked box"}


@pytest.fixture
def text(workspace: Workspace) -> ConsentText:
    return purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", TEXT, by=None)


@pytest.fixture
def link(workspace: Workspace, text: ConsentText, mailoutbox: list[EmailMessage]) -> str:
    assert double_opt_in.request(workspace, " Erika@Example.org ", "email", language="de", proof=PROOF)
    found = re.search(r"https?://[^/]+(/consent/confirm/\S+)", mailoutbox[0].body)
    assert found
    return found[1]


def test_the_mail_asks_and_does_not_advertise(link: str, mailoutbox: list[EmailMessage]) -> None:
    (mail,) = mailoutbox
    assert mail.to == ["erika@example.org"]
    assert mail.subject == "Bitte bestätigen: Nordlicht Outdoor (sample)"
    assert len(re.findall(r"https?://", mail.body)) == 1, "the only link is the confirmation"
    assert TEXT in mail.body
    asked = DoubleOptIn.objects.get()
    assert asked.message_id == mail.extra_headers["Message-ID"]
    assert asked.sent_at
    assert len(asked.mail_sha256) == 64
    assert link.rsplit("/", 1)[1] not in str(DoubleOptIn.objects.values())


def test_a_scanner_that_opens_the_link_confirms_nothing(workspace: Workspace, link: str, client: Client) -> None:
    for method in (client.get, client.head, client.get):
        assert method(link).status_code == 200
    assert leave(workspace, someone(workspace)).allowed == []
    assert not ConsentEvent.objects.filter(decision=Decision.GRANTED).exists()


def test_the_button_confirms_once(workspace: Workspace, link: str, client: Client, text: ConsentText) -> None:
    assert client.post(link).status_code == 200
    event = ConsentEvent.objects.get(decision=Decision.GRANTED)
    story = event.proof["double_opt_in"]
    assert (event.text, event.source, story["request"]) == (text, "double_opt_in", PROOF)
    assert story["mail_sha256"] == DoubleOptIn.objects.get().mail_sha256
    assert leave(workspace, someone(workspace)).allowed == [someone(workspace)]
    assert client.post(link).status_code == 404
    assert ConsentEvent.objects.filter(decision=Decision.GRANTED).count() == 1


def test_it_needs_the_page_not_a_blind_post(link: str) -> None:
    assert Client(enforce_csrf_checks=True).post(link).status_code == 403


def test_the_link_ends_after_seven_days(link: str, client: Client) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        assert client.post(link).status_code == 404
        assert double_opt_in.forget_unconfirmed() == 1
    assert not ConsentEvent.objects.filter(decision=Decision.GRANTED).exists()


def test_a_withdrawal_in_between_ends_the_link(workspace: Workspace, link: str, client: Client) -> None:
    say(workspace, someone(workspace), Decision.WITHDRAWN)
    assert client.post(link).status_code == 404
    assert leave(workspace, someone(workspace)).allowed == []


@pytest.mark.parametrize("reason", ["objection", "complaint", "bounce"])
def test_an_objection_in_between_ends_the_link(workspace: Workspace, link: str, client: Client, reason: Suppression.Reason) -> None:
    suppression.suppress(workspace, someone(workspace), Suppression.Reason(reason))
    assert client.get(link).status_code == client.post(link).status_code == 404
    assert suppression.entry(workspace, someone(workspace))
    assert leave(workspace, someone(workspace)).allowed == []


def test_who_asks_anew_after_an_objection_ends_it_by_the_button(
    workspace: Workspace, text: ConsentText, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    suppression.suppress(workspace, someone(workspace), Suppression.Reason.OBJECTION)
    double_opt_in.request(workspace, "erika@example.org", "email", language="de", proof=PROOF)
    assert suppression.entry(workspace, someone(workspace))
    found = re.search(r"(/consent/confirm/\S+)", mailoutbox[0].body)
    assert found
    assert client.post(found[1]).status_code == 200
    assert leave(workspace, someone(workspace)).allowed == [someone(workspace)]


def test_an_address_cannot_be_flooded(workspace: Workspace, link: str, mailoutbox: list[EmailMessage]) -> None:
    assert double_opt_in.request(workspace, "erika@example.org", "email", language="de", proof=PROOF) is None
    for hours in (1, 2, 3):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            double_opt_in.request(workspace, "erika@example.org", "email", language="de", proof=PROOF)
    assert len(mailoutbox) == double_opt_in.MOST_A_DAY


def test_who_complained_is_not_even_asked(workspace: Workspace, text: ConsentText, mailoutbox: list[EmailMessage]) -> None:
    suppression.suppress(workspace, someone(workspace), Suppression.Reason.COMPLAINT)
    assert double_opt_in.request(workspace, "erika@example.org", "email", language="de", proof=PROOF) is None
    assert mailoutbox == []


def test_it_asks_nothing_without_a_published_text(workspace: Workspace) -> None:
    with pytest.raises(double_opt_in.UnableToAsk):
        double_opt_in.request(workspace, "erika@example.org", "phone", language="de", proof=PROOF)
