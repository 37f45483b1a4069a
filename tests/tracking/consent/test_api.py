"""The consents API: a sign-up only asks, a withdrawal counts at once, and no answer tells who is known."""

import re
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from tests.tracking.consent.people import leave, say, someone
from tracking.consent import purposes, suppression
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, DoubleOptIn, Suppression
from workspaces import api_keys
from workspaces.models import User, Workspace

SIGN_UP = {
    "action": "subscribe",
    "identifier": "Erika@example.org",
    "purposes": ["email"],
    "language": "de",
    "page": "https://shop.example/newsletter?mail=erika@example.org#form",
    "text_version": 1,
}


@pytest.fixture(autouse=True)
def _text(workspace: Workspace) -> None:
    purposes.publish(purposes.purposes_of(workspace, ["email"])["email"], "de", "Ja, Nordlicht darf mir mailen.", by=None)


@pytest.fixture
def api(workspace: Workspace, alice: User) -> Client:
    _key, secret = api_keys.create(workspace, alice, name="Shop", scopes=["consents:write"], expires="0")
    return Client(headers={"Authorization": f"Bearer {secret}"})


def post(api: Client, content: Any, path: str = "consents") -> Any:
    return api.post(f"/api/v1/{path}", content, content_type="application/json")


def test_a_sign_up_is_granted_by_the_click_in_the_mail_only(
    api: Client, workspace: Workspace, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    response = post(api, SIGN_UP)
    assert (response.status_code, response.json()["state"]) == (202, "pending")
    assert not leave(workspace, someone(workspace)).allowed
    found = re.search(r"https?://[^/]+(/consent/confirm/\S+)", mailoutbox[0].body)
    assert found
    client.post(found[1])
    assert leave(workspace, someone(workspace), job="job-2").allowed
    request = ConsentEvent.objects.get(decision="granted").proof["double_opt_in"]["request"]
    assert (request["url"], request["text_version"]) == ("https://shop.example/newsletter", "de 1")
    assert request["mechanism"].startswith("API: Shop · mops_key_")


def test_the_answer_gives_the_ways_to_change_ones_mind(api: Client, workspace: Workspace, client: Client) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    answer = post(api, SIGN_UP).json()
    assert "Ja, Nordlicht darf mir mailen." in client.get(answer["preferences"]).text
    assert answer["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert client.post(answer["headers"]["List-Unsubscribe"].strip("<>")).status_code == 200
    assert not leave(workspace, someone(workspace)).allowed


def test_whether_somebody_is_known_is_not_told(api: Client, workspace: Workspace, mailoutbox: list[EmailMessage]) -> None:
    say(workspace, someone(workspace, "known"), Decision.GRANTED)
    suppression.suppress(workspace, someone(workspace, "bounced"), Suppression.Reason.BOUNCE)
    answers = [post(api, SIGN_UP | {"identifier": f"{name}@example.org"}) for name in ("new", "known", "bounced", "new")]
    assert {(answer.status_code, answer.json()["state"], *answer.json()) for answer in answers} == {
        (202, "pending", "state", "preferences", "headers")
    }
    assert [mail.to for mail in mailoutbox] == [["new@example.org"], ["known@example.org"]]


def test_a_withdrawal_counts_at_once(api: Client, workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    withdrawal = {"action": "withdraw", "identifier": "erika@example.org", "purposes": ["email"]}
    response = post(api, withdrawal | {"page": "https://shop.example/leave/erika%40example.org"})
    assert (response.status_code, response.json()["state"]) == (200, "withdrawn")
    assert not leave(workspace, someone(workspace)).allowed
    event = ConsentEvent.objects.get(decision="withdrawn")
    assert (event.source, event.proof["url"]) == ("api", "https://shop.example/leave/…")
    assert "erika" not in f"{event.proof} {event.actor}"


def test_it_tells_what_holds(api: Client, workspace: Workspace) -> None:
    say(workspace, someone(workspace), Decision.GRANTED)
    say(workspace, someone(workspace), Decision.DENIED, "phone")
    states = post(api, {"identifier": " ERIKA@example.org"}, "consents/states").json()["states"]
    assert [(s["purpose"], s["decision"], s["is_allowed"]) for s in states] == [
        ("email", "granted", True), ("phone", "denied", False),
    ]  # fmt: skip
    on_list = {"subject_kind": "email", "subject": someone(workspace).index, "reason": "bounce", "at": timezone.now()}
    Suppression.objects.create(workspace=workspace, **on_list)
    states = post(api, {"identifier": "erika@example.org"}, "consents/states").json()["states"]
    assert not any(state["is_allowed"] for state in states)
    assert post(api, {"identifier": "nobody@example.org"}, "consents/states").json()["states"] == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"identifier": "erika"}, "identifier"),
        ({"kind": "phone", "identifier": "+4915155501234"}, "kind"),
        ({"purposes": ["email", "phone"]}, "purposes"),
        ({"purposes": ["fax"]}, "purposes"),
        ({"purposes": ["phone"], "text_version": None}, "purposes"),  # without a text nobody can be asked
        ({"purposes": []}, "purposes"),
        ({"text_version": 2}, "text_version"),
        ({"language": "fr"}, "language"),
        ({"page": "javascript:alert(1)"}, "page"),
        ({"action": "grant"}, "action"),
    ],
)
def test_it_names_the_field_that_is_wrong(api: Client, changed: dict[str, Any], field: str, mailoutbox: list[EmailMessage]) -> None:
    response = post(api, SIGN_UP | changed)
    assert (response.status_code, list(response.json())) == (400, [field])
    assert not mailoutbox
    assert not ConsentEvent.objects.exists()


def test_a_mail_that_did_not_leave_may_be_asked_for_again_at_once(api: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens
    assert post(api, SIGN_UP).status_code == 503
    assert not DoubleOptIn.objects.exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert post(api, SIGN_UP).status_code == 202
    assert DoubleOptIn.objects.exists()


def test_one_key_cannot_send_mails_without_end(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys.ApiKeyThrottle, "THROTTLE_RATES", {"api_key": "2/min"})
    answers = [post(api, SIGN_UP | {"identifier": f"a{n}@example.org"}).status_code for n in range(3)]
    assert answers == [202, 202, 429]


def test_it_speaks_for_its_own_workspace_only(api: Client, workspace: Workspace, other: Workspace) -> None:
    say(other, someone(other), Decision.GRANTED)
    post(api, {"action": "withdraw", "identifier": "erika@example.org", "purposes": ["email"], "workspace": other.pk})
    assert leave(other, someone(other)).allowed
    assert post(api, {"identifier": "erika@example.org"}, "consents/states").json()["states"][0]["decision"] == "withdrawn"
