"""API keys: shown once, kept as a hash, dead at once when revoked, expired or without their maker."""

from datetime import timedelta

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from rest_framework.decorators import api_view, permission_classes
from rest_framework.request import Request
from rest_framework.response import Response

from tests.people import ClientFor
from workspaces import api_keys
from workspaces.api_keys import RequiresScope
from workspaces.models import ApiKey, Member, Role, User, Workspace


@api_view(["GET"])
@permission_classes([RequiresScope(ApiKey.Scope.METRICS_READ)])
def which_workspace(request: Request) -> Response:
    assert isinstance(request.auth, ApiKey)
    return Response({"workspace": request.auth.workspace.slug})


def ask(secret: str) -> tuple[int, object]:
    request: HttpRequest = RequestFactory().get("/which", headers={"Authorization": f"Bearer {secret}"})
    response = which_workspace(request)
    return response.status_code, response.data.get("workspace")


@pytest.fixture
def key(workspace: Workspace, alice: User) -> tuple[ApiKey, str]:
    return api_keys.create(workspace, alice, name="BI", scopes=["metrics:read"], expires="90")


def test_it_opens_its_own_workspace(key: tuple[ApiKey, str]) -> None:
    assert ask(key[1]) == (200, "nordlicht")


@pytest.mark.parametrize("secret", ["", "mops_key_guessed", "nonsense"])
def test_it_refuses_what_is_no_key(db: None, secret: str) -> None:
    assert ask(secret)[0] == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_it_refuses_a_dead_key(key: tuple[ApiKey, str], changes: dict[str, object]) -> None:
    ApiKey.objects.update(**changes)
    assert ask(key[1])[0] == 401


def test_it_refuses_a_key_without_the_scope(key: tuple[ApiKey, str]) -> None:
    ApiKey.objects.update(scopes=["orders:write"])
    assert ask(key[1])[0] == 403


@pytest.mark.parametrize("role", [Role.MARKETER, Role.MANAGER, Role.PRIVACY])
def test_it_dies_with_its_makers_right_to_make_keys(key: tuple[ApiKey, str], alice: User, role: Role) -> None:
    Member.objects.filter(user=alice).update(role=role)
    assert ask(key[1])[0] == 401


def test_it_dies_with_its_makers_account(key: tuple[ApiKey, str], alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert ask(key[1])[0] == 401


def test_it_notes_its_use_once_a_minute(key: tuple[ApiKey, str]) -> None:
    ask(key[1])
    first = ApiKey.objects.get().last_used_at
    ask(key[1])
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(seconds=61))
    ask(key[1])
    assert ApiKey.objects.get().last_used_at > first  # type: ignore[operator]


def test_it_is_shown_once_and_kept_as_a_hash(client_for: ClientFor, workspace: Workspace) -> None:
    owner = client_for(Role.OWNER)
    page = reverse("workspaces:api_keys", args=[workspace.slug])
    response = owner.post(page, {"name": "Shop", "scopes": ["orders:write"], "expires": "365"})
    secret = response.context["secret"]
    assert secret in response.text
    assert "no-store" in response["Cache-Control"]
    assert secret not in owner.get(page).text
    assert ApiKey.objects.get().key_hash == ApiKey.hash(secret)


def test_it_is_revoked_by_a_click(client_for: ClientFor, key: tuple[ApiKey, str], workspace: Workspace) -> None:
    client_for(Role.ADMIN).post(reverse("workspaces:revoke_api_key", args=[workspace.slug, key[0].pk]))
    assert ask(key[1])[0] == 401
