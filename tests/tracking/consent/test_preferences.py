"""The preference centre: by a signed link, withdrawing as easy as granting."""

import re
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from tests.tracking.consent.people import leave, say, someone
from tracking.consent import preferences, purposes
from tracking.consent_models import Decision
from tracking.models import ConsentEvent
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


def test_everything_is_withdrawn_by_one_button(workspace: Workspace, page: str, client: Client) -> None:
    for purpose in ("email", "phone", "analytics"):
        say(workspace, someone(workspace), Decision.GRANTED, purpose)
    client.post(page, {"everything": "1"})
    assert ConsentEvent.objects.filter(decision="withdrawn").count() == 3


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
