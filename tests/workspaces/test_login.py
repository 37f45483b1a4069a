"""Login: no open sign-up, no hint who has an account, second factors sealed at rest, passwords that end other sessions."""

import re

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import reverse

from tests.people import BACKEND
from workspaces.models import User, Workspace

PASSWORD = "correct horse battery"
LOGIN = "/account/login/"


@pytest.fixture
def dora(workspace: Workspace) -> User:
    return User.objects.create_user("dora@example.org", PASSWORD, name="Dora", language="de")


def test_it_logs_in_by_mail_address(client: Client, dora: User) -> None:
    response = client.post(LOGIN, {"login": "dora@example.org", "password": PASSWORD})
    assert response["Location"] == "/"


def test_it_is_not_open_to_strangers(db: None, client: Client) -> None:
    client.post(reverse("account_signup"), {"email": "new@example.org", "password1": "a long enough secret"})
    assert not User.objects.exists()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_it_never_leads_away_after_login(client: Client, dora: User, target: str) -> None:
    response = client.post(LOGIN, {"login": "dora@example.org", "password": PASSWORD, "next": target})
    assert response["Location"] == "/"


def test_it_answers_the_same_whether_the_account_exists(client: Client, dora: User) -> None:
    answers = {
        re.sub(r"\w{64}", "token", client.post(reverse("account_reset_password"), {"email": email}, follow=True).text)
        for email in ("dora@example.org", "nobody@example.org")
    }
    assert len(answers) == 1


def test_it_mails_the_reset_link_in_the_persons_language(client: Client, dora: User) -> None:
    client.post(reverse("account_reset_password"), {"email": "dora@example.org"}, headers={"Accept-Language": "en"})
    assert mail.outbox[0].subject == "Passwort zurücksetzen"
    assert "/account/password/reset/key/" in str(mail.outbox[0].body)


def test_it_ends_other_sessions_with_a_new_password(dora: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.force_login(dora, backend=BACKEND)
    new = {"oldpassword": PASSWORD, "password1": "another long secret", "password2": "another long secret"}
    here.post(reverse("account_change_password"), new)
    assert elsewhere.get(reverse("profile")).status_code == 302


def test_it_asks_for_the_second_factor_and_keeps_its_secret_sealed(client: Client, dora: User) -> None:
    secret = generate_totp_secret()
    TOTP.activate(dora, secret)
    assert secret not in str(Authenticator.objects.get().data)
    assert get_adapter().decrypt(Authenticator.objects.get().data["secret"]) == secret
    response = client.post(LOGIN, {"login": "dora@example.org", "password": PASSWORD})
    assert response["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("profile")).status_code == 302
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post(reverse("mfa_authenticate"), {"code": code})["Location"] == "/"
    assert client.get(reverse("profile")).status_code == 200
