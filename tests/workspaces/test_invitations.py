"""Invitations: by mail, bound to one address, once, for seven days."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.people import ClientFor, person
from workspaces.models import AuditEvent, Invitation, Member, Role, User, Workspace

NEW_ACCOUNT = {"name": "Dora", "password": "a long enough secret"}


def invite(client: Client, workspace: Workspace, email: str = "dora@example.org", role: str = "marketer") -> str:
    """Invite through the page and return the path in the mail."""
    client.post(reverse("workspaces:members", args=[workspace.slug]), {"email": email, "role": role})
    found = re.search(r"https?://[^/]+(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.fixture
def owner(client_for: ClientFor) -> Client:
    return client_for(Role.OWNER)


def test_it_opens_an_account_and_joins(owner: Client, workspace: Workspace, client: Client) -> None:
    path = invite(owner, workspace, role="manager")
    response = client.post(path, NEW_ACCOUNT)
    assert response.status_code == 302
    dora = User.objects.get(email="dora@example.org")
    assert Member.objects.get(user=dora).role == Role.MANAGER
    assert client.get(reverse("profile")).status_code == 200
    assert AuditEvent.objects.filter(action="member.joined", actor=dora).exists()


def test_it_works_once(owner: Client, workspace: Workspace) -> None:
    path = invite(owner, workspace)
    Client().post(path, NEW_ACCOUNT)
    assert Client().get(path).status_code == 404
    assert Client().post(path, NEW_ACCOUNT).status_code == 404


def test_it_expires_after_seven_days(owner: Client, workspace: Workspace, client: Client) -> None:
    path = invite(owner, workspace)
    lifetime = Invitation.objects.get().expires_at - timezone.now()
    assert timedelta(days=6, hours=23) < lifetime <= timedelta(days=7)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(path).status_code == 404


def test_it_is_bound_to_the_address(owner: Client, workspace: Workspace, client_for: ClientFor, charlie: User) -> None:
    path = invite(owner, workspace)
    response = client_for("stranger").post(path, NEW_ACCOUNT)
    assert "sent to another address" in response.text
    assert not Member.objects.filter(user=charlie, workspace=workspace).exists()


def test_it_lets_a_known_person_join_after_login_only(owner: Client, workspace: Workspace, client: Client) -> None:
    dora = person("Dora")
    path = invite(owner, workspace)
    response = client.post(path, NEW_ACCOUNT)
    assert not Member.objects.filter(user=dora).exists()
    assert f"{reverse('account_login')}?next={path}" in response.text
    client.force_login(dora, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post(path)
    assert Member.objects.filter(user=dora, workspace=workspace).exists()


def test_it_never_shows_the_link_to_the_inviter(owner: Client, workspace: Workspace) -> None:
    path = invite(owner, workspace)
    members = reverse("workspaces:members", args=[workspace.slug])
    assert path.rsplit("/", 1)[1] not in owner.get(members).text


def test_it_ends_when_withdrawn(owner: Client, workspace: Workspace, client: Client) -> None:
    path = invite(owner, workspace)
    owner.post(reverse("workspaces:revoke_invitation", args=[workspace.slug, Invitation.objects.get().pk]))
    assert client.get(path).status_code == 404


def test_it_ends_when_sent_again(owner: Client, workspace: Workspace, client: Client) -> None:
    old = invite(owner, workspace)
    owner.post(reverse("workspaces:resend_invitation", args=[workspace.slug, Invitation.objects.get().pk]))
    assert len(mail.outbox) == 2
    assert client.get(old).status_code == 404


def test_it_refuses_a_role_above_the_inviters(client_for: ClientFor, workspace: Workspace) -> None:
    members = reverse("workspaces:members", args=[workspace.slug])
    client_for(Role.ADMIN).post(members, {"email": "dora@example.org", "role": "owner"})
    assert not Invitation.objects.exists()


def test_it_refuses_a_weak_password(owner: Client, workspace: Workspace, client: Client) -> None:
    path = invite(owner, workspace)
    response = client.post(path, {"name": "Dora", "password": "password"})
    assert "is-invalid" in response.text
    assert not User.objects.filter(email="dora@example.org").exists()


@pytest.mark.parametrize(("language", "subject"), [("de", "Einladung zu Nordlicht"), ("en", "Invitation to Nordlicht")])
def test_it_writes_in_the_language_of_the_workspace(owner: Client, workspace: Workspace, language: str, subject: str) -> None:
    Workspace.objects.update(language=language)
    invite(owner, workspace)
    message = mail.outbox[-1]
    assert message.subject == subject
    assert message.to == ["dora@example.org"]
    assert message.alternatives[0].mimetype == "text/html"  # type: ignore[attr-defined]
