"""Three people every room's tests know: Alice owns the workspace, Bob is its marketer, Charlie works elsewhere.

A plugin of conftest.py, loaded before Django is set up: models are imported inside.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from workspaces.models import Member, User, Workspace

ClientFor = Callable[[str], "Client"]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def person(name: str, **fields: str) -> "User":
    """A user without a password: hashing one takes longer than most tests."""
    from workspaces.models import User

    return User.objects.create_user(f"{name.lower()}@example.org", name=name, **{"language": "en", **fields})


def member(workspace: "Workspace", user: "User", role: str) -> "Member":
    from workspaces.models import Member

    return Member.objects.create(workspace=workspace, user=user, role=role)


@pytest.fixture
def workspace(db: None) -> "Workspace":
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Nordlicht", slug="nordlicht")


@pytest.fixture
def other_workspace(db: None) -> "Workspace":
    """Charlie's. Everything in it is called "zikade": none of it may show up in Nordlicht."""
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Zikade Coffee", slug="zikade")


@pytest.fixture
def alice(workspace: "Workspace") -> "User":
    alice = person("Alice")
    member(workspace, alice, "owner")
    return alice


@pytest.fixture
def bob(workspace: "Workspace") -> "User":
    bob = person("Bob")
    member(workspace, bob, "marketer")
    return bob


@pytest.fixture
def charlie(other_workspace: "Workspace") -> "User":
    charlie = person("Charlie")
    member(other_workspace, charlie, "owner")
    return charlie


@pytest.fixture
def client_for(workspace: "Workspace", alice: "User", bob: "User", charlie: "User") -> ClientFor:
    """Logged-in clients: by role in the workspace, "stranger" for Charlie, "anonymous" for nobody."""
    from django.test import Client

    people = {"owner": alice, "marketer": bob, "stranger": charlie}

    def client_for(who: str) -> Client:
        client = Client()
        if who == "anonymous":
            return client
        if who not in people:
            people[who] = person(f"{who}.{workspace.slug}")
            member(workspace, people[who], who)
        client.force_login(people[who], backend=BACKEND)
        return client

    return client_for
