"""The preference centre: by a signed link, withdrawing as easy as granting."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from tests.tracking.consent.people import leave, say, someone
from tracking.blind_index import subject_of
from tracking.consent import double_opt_in, evidence, merging, preferences, purposes, suppression
from tracking.consent.gate import release
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, DoubleOptIn, Suppression
from workspaces.models import Workspace


@pytest.fixture
def page(workspace: Workspace) -> str:
    """Erika's personal address, with texts for two purposes."""
    for key in ("email", "phone"):
        purpose = purposes.purposes_of(workspace, [key])[key]
        for language in ("de", "en"):
            purposes.publish(purpose, language, f"Text for {key} in {language}", by=None)
    return urlsplit(preferences.link(workspace, someone(workspace))).path


def texts(content: str) -> list[str]:
    return re.findall(r'name="text" value="(\d+)"', content)


def test_it_speaks_both_languages_and_shows_nobodys_data(page: str, client: Client) -> None:
    german = client.get(page + "?language=de").text
    assert "Text for email in de" in german
    assert '<html lang="de"' in german
    assert "Text for phone in en" in client.get(page + "?language=en").text
    assert "erika" not in german


def test_granting_and_withdrawing_take_the_same_clicks(workspace: Workspace, page: str, client: Client) -> None:
    read = texts(client.get(page).text)
    client.post(page, {"purpose": ["email"], "text": read})
    event = ConsentEvent.objects.get()
    assert (event.decision, event.text.text, event.source) == ("granted", "Text for email in en", "preferences")
    assert leave(workspace, someone(workspace)).allowed
    client.post(page, {"text": read})
    assert [e.decision for e in ConsentEvent.objects.order_by("seq")] == ["granted", "withdrawn"]
    assert not leave(workspace, someone(workspace), job="job-2").allowed


def test_a_text_that_changed_meanwhile_must_be_read_first(workspace: Workspace, page: str, client: Client) -> None:
    read = texts(client.get(page + "?language=en").text)
    purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "en", "Another text", by=None)
    assert "Another text" in client.post(page + "?language=en", {"purpose": ["email"], "text": read}).text
    assert not ConsentEvent.objects.exists()


def test_whatever_is_sent_as_the_texts_number_gets_a_page(page: str, client: Client) -> None:
    for number in ("9" * 5_000, "-1", "a"):
        assert client.post(page, {"purpose": "email", "text": number}).status_code == 200


def test_everything_is_withdrawn_by_one_button(workspace: Workspace, page: str, client: Client) -> None:
    for purpose in ("email", "phone", "analytics"):
        say(workspace, someone(workspace), Decision.GRANTED, purpose)
    client.post(page, {"everything": "1"})
    assert ConsentEvent.objects.filter(decision="withdrawn").count() == 3


def test_everything_is_withdrawn_for_every_identifier_of_the_person(workspace: Workspace, page: str, client: Client) -> None:
    device = subject_of(workspace.pk, "device", "browser-1")
    say(workspace, device, Decision.GRANTED, "ads_audience:meta")
    double_opt_in.request(workspace, "erika@example.org", "email", language="en", proof={})
    merging.merge_subjects(workspace, someone(workspace), device)
    client.post(page, {"everything": "1"})
    assert release(workspace, "ads_audience:meta", [device], destination="meta:1", job="job-1", send=len).allowed == []
    assert DoubleOptIn.objects.get().revoked_at


def test_one_click_ends_only_mails(workspace: Workspace) -> None:
    erika, device = someone(workspace), subject_of(workspace.pk, "device", "browser-1")
    for purpose in ("email", "analytics"):
        say(workspace, device, Decision.GRANTED, purpose)
    merging.merge_subjects(workspace, erika, device)
    preferences.unsubscribe(workspace, erika, proof={})
    assert leave(workspace, device).allowed == []
    assert leave(workspace, device, purpose="analytics", job="job-2").allowed == [device]


def switches(content: str) -> list[bool]:
    return ["checked" in found for found in re.findall(r"<input[^>]*name=\"purpose\"[^>]*>", content)]


def test_after_an_objection_every_switch_is_off_and_only_a_new_yes_ends_it(workspace: Workspace, page: str, client: Client) -> None:
    suppression.suppress(workspace, someone(workspace), Suppression.Reason.OBJECTION)
    for purpose in ("email", "phone"):
        say(workspace, someone(workspace), Decision.GRANTED, purpose)  # by a form, afterwards
    shown = client.get(page).text
    assert "You objected on" in shown
    assert not any(switches(shown))
    saved = client.post(page, {"purpose": ["email"], "text": texts(shown)}).text
    assert "Saved" in saved
    assert "You objected on" not in saved
    assert leave(workspace, someone(workspace)).allowed == [someone(workspace)]
    assert leave(workspace, someone(workspace), purpose="phone", job="job-2").allowed == [], "its switch was off"


def test_after_a_complaint_no_switch_claims_to_open_anything(workspace: Workspace, page: str, client: Client) -> None:
    suppression.suppress(workspace, someone(workspace), Suppression.Reason.COMPLAINT)
    answer = client.post(page, {"purpose": ["email"], "text": texts(client.get(page).text)}).text
    assert "nothing may reach you" in answer
    assert "Saved" not in answer
    assert not any(switches(answer))
    assert not ConsentEvent.objects.filter(decision=Decision.GRANTED).exists()


def test_one_click_in_the_mail_program_stops_mails(workspace: Workspace) -> None:
    erika = someone(workspace)
    say(workspace, erika, Decision.GRANTED)
    headers = preferences.unsubscribe_headers(workspace, erika)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = urlsplit(headers["List-Unsubscribe"].strip("<>")).path
    program = Client(enforce_csrf_checks=True)
    assert program.get(address).status_code == 302
    assert leave(workspace, erika).allowed == [erika]
    assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert leave(workspace, erika, job="job-2").allowed == []


def test_a_changed_link_opens_nothing(workspace: Workspace, client: Client) -> None:
    good = preferences.token(workspace, someone(workspace))
    forged = signing.dumps([workspace.pk, "email", "0" * 64], salt="another")
    for token in (good[:-1] + "x", forged, "nonsense"):
        assert client.get(reverse("consent_public:preferences", args=[token])).status_code == 404
        assert client.post(reverse("consent_public:unsubscribe", args=[token])).status_code == 404


def test_the_proof_of_a_choice_names_the_visitors_address_and_not_the_proxys(
    workspace: Workspace, page: str, client: Client, settings: Any
) -> None:
    settings.TRUSTED_PROXIES = 2
    for wanted, forwarded in ((["email"], "203.0.113.7, 10.0.0.2"), ([], "10.0.0.2")):
        read = texts(client.get(page).text)
        client.post(page, {"purpose": wanted, "text": read}, headers={"X-Forwarded-For": forwarded})
    granted, withdrawn = ConsentEvent.objects.order_by("seq")
    assert granted.proof["ip_hmac"] == evidence.address_proof(workspace.pk, "203.0.113.7")["ip_hmac"]
    assert "ip_hmac" not in withdrawn.proof


def test_it_shows_the_wording_that_was_agreed_to_where_it_is_another(workspace: Workspace, page: str, client: Client) -> None:
    another = "You agreed to another wording then"
    client.post(page + "?language=en", {"purpose": ["email"], "text": texts(client.get(page + "?language=en").text)})
    assert another not in client.get(page + "?language=en").text
    purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "en", "Today's text", by=None)
    shown = client.get(page + "?language=en").text
    for wanted in ("Today&#x27;s text", another, "Text for email in en"):
        assert wanted in shown
    say(workspace, someone(workspace), Decision.GRANTED, "phone", source="import", proof={"wording": "May we call?"})
    assert "May we call?" in client.get(page + "?language=en").text
