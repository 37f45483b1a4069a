"""Roles: what a person may give, take and lose."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.people import ClientFor, member, person
from workspaces import api_keys
from workspaces.models import ApiKey, AuditEvent, Member, Role, User, Workspace


def url(name: str, workspace: Workspace, user: User) -> str:
    return reverse(f"workspaces:{name}", args=[workspace.slug, Member.objects.get(workspace=workspace, user=user).pk])


def role_of(user: User) -> str:
    return Member.objects.get(user=user).role


@pytest.fixture
def owner(client_for: ClientFor) -> Client:
    return client_for(Role.OWNER)


@pytest.fixture
def admin(client_for: ClientFor) -> Client:
    return client_for(Role.ADMIN)


def test_it_changes_a_role_and_notes_it(owner: Client, workspace: Workspace, bob: User) -> None:
    owner.post(url("change_role", workspace, bob), {"role": "admin"})
    assert role_of(bob) == Role.ADMIN
    event = AuditEvent.objects.get(action="member.role_changed")
    assert (event.target, event.details) == (bob.email, {"before": "marketer", "after": "admin"})


@pytest.mark.parametrize("role", ["owner", "nonsense", ""])
def test_it_refuses_an_admin_a_role_above_their_own(admin: Client, workspace: Workspace, bob: User, role: str) -> None:
    admin.post(url("change_role", workspace, bob), {"role": role})
    assert role_of(bob) == Role.MARKETER


@pytest.mark.parametrize(("name", "data"), [("change_role", {"role": "manager"}), ("remove_member", {})])
def test_it_keeps_an_owner_from_an_admin(admin: Client, workspace: Workspace, alice: User, name: str, data: dict[str, str]) -> None:
    admin.post(url(name, workspace, alice), data)
    assert role_of(alice) == Role.OWNER


@pytest.mark.parametrize(("name", "data"), [("change_role", {"role": "admin"}), ("remove_member", {})])
def test_it_keeps_the_last_owner(owner: Client, workspace: Workspace, alice: User, name: str, data: dict[str, str]) -> None:
    response = owner.post(url(name, workspace, alice), data, follow=True)
    assert role_of(alice) == Role.OWNER
    assert "Make somebody else owner first" in response.text


def test_it_lets_an_owner_go_when_there_is_another(owner: Client, workspace: Workspace, alice: User, bob: User) -> None:
    owner.post(url("change_role", workspace, bob), {"role": "owner"})
    response = owner.post(url("remove_member", workspace, alice))
    assert response["Location"] == "/"
    assert not Member.objects.filter(user=alice).exists()


def test_it_takes_access_away_with_the_next_request(owner: Client, client_for: ClientFor, workspace: Workspace, bob: User) -> None:
    admin = client_for(Role.ADMIN)
    members = reverse("workspaces:members", args=[workspace.slug])
    assert admin.get(members).status_code == 200
    her = Member.objects.get(workspace=workspace, role=Role.ADMIN)
    owner.post(reverse("workspaces:change_role", args=[workspace.slug, her.pk]), {"role": "manager"})
    assert admin.get(members).status_code == 403
    owner.post(reverse("workspaces:remove_member", args=[workspace.slug, her.pk]))
    assert admin.get(members).status_code == 404


def test_it_ends_the_keys_of_a_removed_member(owner: Client, workspace: Workspace) -> None:
    dora = person("Dora")
    member(workspace, dora, Role.ADMIN)
    key, secret = api_keys.create(workspace, dora, name="Shop", scopes=["orders:write"], expires="0")
    assert api_keys.find_key(secret) == key
    owner.post(url("remove_member", workspace, dora))
    assert api_keys.find_key(secret) is None
    assert ApiKey.objects.get().revoked_at is not None
