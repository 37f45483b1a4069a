"""A person with a trace in every place, in a workspace of their own."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django has its settings
    from tests.tracking.rights.planting import Planted
    from workspaces.models import Workspace


@pytest.fixture
def planted(workspace: "Workspace") -> "Planted":
    from tests.tracking.rights.planting import Planted
    from tests.tracking.sending import a_source

    return Planted(workspace, a_source(workspace))
