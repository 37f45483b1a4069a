"""Two workspaces: the one that is worked in, and the one that must never be touched."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django has its settings
    from django.test import Client

    from workspaces.models import User, Workspace


@pytest.fixture
def workspace(db: None) -> "Workspace":
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")


@pytest.fixture
def other(db: None) -> "Workspace":
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Südwind Kaffee (sample)", slug="suedwind", time_zone="America/New_York")


@pytest.fixture
def marketer(workspace: "Workspace") -> "User":
    from workspaces.models import Member, Role, User

    user = User.objects.create_user("mia@example.org", name="Mia Muster", language="en")
    Member.objects.create(workspace=workspace, user=user, role=Role.MARKETER)
    return user


@pytest.fixture
def mia(client: "Client", marketer: "User") -> "Client":
    """A browser in which the marketer is logged in."""
    client.force_login(marketer)
    return client
