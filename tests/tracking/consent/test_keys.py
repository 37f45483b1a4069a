"""The workspace's own keys: people stay findable when the installation's key is changed, and are not joined across workspaces."""

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.tracking.consent.people import someone
from tracking.blind_index import Unidentifiable, normalised, subject_of
from workspaces.models import Workspace


def test_people_are_found_after_the_key_was_rotated(workspace: Workspace, settings: Settings) -> None:
    erika, old, new = someone(workspace), settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_sealed")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert someone(workspace) == erika


def test_a_key_that_nothing_opens_is_named_and_left(workspace: Workspace, settings: Settings) -> None:
    erika, keys = someone(workspace), settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="blind key"):
        call_command("rotate_sealed")
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert someone(workspace) == erika


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [("email", " Erika@Example.org", "erika@example.ORG "), ("phone", "030 1234567", "+49 30 1234567"), ("user", "42", " 42")],
)
def test_two_ways_to_write_an_identifier_are_one_person(workspace: Workspace, kind: str, one: str, other: str) -> None:
    assert subject_of(workspace.pk, kind, one) == subject_of(workspace.pk, kind, other)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("email", "erika"),
        ("email", "e r@example.org"),
        ("email", "@example.org"),
        ("phone", "call me"),
        ("phone", "12"),
        ("user", ""),
        ("face", "x"),
    ],
)
def test_what_is_no_identifier_is_refused(kind: str, text: str) -> None:
    with pytest.raises(Unidentifiable):
        normalised(kind, text)
