"""Two workspaces: the one that is worked in, and the one that must never be touched."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django has its settings
    from workspaces.models import Workspace


@pytest.fixture
def workspace(db: None) -> "Workspace":
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")


@pytest.fixture
def other(db: None) -> "Workspace":
    from workspaces.models import Workspace

    return Workspace.objects.create(name="Südwind Kaffee (sample)", slug="suedwind", time_zone="America/New_York")
