"""A new installation key: after `rotate_sealed` the old one opens nothing and is needed for nothing."""

from collections.abc import Iterator

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.core.management import call_command
from django.db.models import BinaryField, Model
from pytest_django import Settings

from mops.lib.crypto import seal
from tests.tracking.rights.planting import EMAIL, IDS, Planted
from tracking.management.commands.rotate_sealed import UNDER_WORKSPACE_KEYS, columns
from tracking.rights import access, person


def sealed_values() -> Iterator[tuple[type[Model], str, bytes]]:
    """(model, field, value) of everything that is sealed in the database."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, BinaryField) and field.name.startswith("sealed"):
                for value in model._default_manager.exclude(**{field.name: b""}).values_list(field.name, flat=True):
                    yield model, field.name, bytes(value)


def test_every_sealed_column_is_rotated(planted: Planted, settings: Settings) -> None:
    for model, field in columns():
        model._default_manager.filter(**{f"{field}__in": [b"", b"x"]}).update(**{field: seal({"token": "x"}, "row")})
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_sealed")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    unreadable, seen = [], set()
    for model, field, value in sealed_values():
        seen.add((model._meta.label, field))
        try:
            Fernet(new).decrypt(value)
        except InvalidToken:
            unreadable.append((model._meta.label, field))
    assert set(unreadable) == UNDER_WORKSPACE_KEYS
    assert seen == {(model._meta.label, field) for model, field in columns()} | UNDER_WORKSPACE_KEYS, "plant one of each"
    assert person.find(planted.workspace, "email", EMAIL).known == frozenset(IDS.items())  # what lies under the workspace's key
    planted.file.refresh_from_db()
    assert access.content_of(planted.file)
