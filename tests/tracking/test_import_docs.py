"""The manual of imports names every column there is."""

import re

import pytest
from django.conf import settings

from tracking.imports.kinds import KINDS


@pytest.mark.parametrize("key", KINDS)
def test_the_manual_names_every_column(key: str) -> None:
    sections = re.split(r"^## ", (settings.BASE_DIR / "docs/imports.md").read_text(), flags=re.MULTILINE)
    section = next(text for text in sections if text.startswith(key.capitalize()))
    named = set(re.findall(r"`([a-z_]+)`", section))
    assert {field.name for field in KINDS[key].fields} <= named
