"""A town of people, and a clock that can be moved."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:  # pytest reads this file before Django has its settings
    from tests.segments.engine.town import Town
    from workspaces.models import Workspace


@pytest.fixture
def town(workspace: "Workspace") -> "Town":
    from segments.engine import index
    from tests.segments.engine.town import Town
    from tracking import partitions

    index.forget()
    partitions.ensure_ahead()
    return Town(workspace)


@pytest.fixture
def later(settings: Any, tmp_path: Path) -> Callable[[timedelta], None]:
    """Moves the product's clock on; real time goes on beside it."""
    file = tmp_path / "clock.json"
    passed = timedelta()

    def move(by: timedelta) -> None:
        nonlocal passed
        passed += by
        file.write_text(json.dumps({"offset_seconds": passed.total_seconds()}))
        settings.SANDBOX_CLOCK = str(file)

    return move
