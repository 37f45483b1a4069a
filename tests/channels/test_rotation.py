from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from channels.models import Connection
from mops.lib.crypto import UnableToDecrypt
from tests.channels.builders import an_account

pytestmark = pytest.mark.django_db
SECRET = "sandbox-refresh-token"


def rotate():
    out = StringIO()
    call_command("rotate_credentials", stdout=out)
    return out.getvalue()


def stored(connection):
    return Connection.objects.get(pk=connection.pk).credentials["refresh_token"]


def test_it_opens_with_the_new_key_alone_after_rotation(settings):
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    connections = [an_account().connection for _ in range(3)]
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert rotate().startswith("3 ")
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert [stored(connection) for connection in connections] == [SECRET] * 3


def test_before_rotation_the_old_key_is_still_needed(settings):
    connection = an_account().connection
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(UnableToDecrypt):
        stored(connection)


def test_it_leaves_what_no_key_opens_and_says_which(settings):
    old, connection = settings.FIELD_ENCRYPTION_KEYS, an_account().connection
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match=f"connection {connection.pk};"):
        rotate()
    settings.FIELD_ENCRYPTION_KEYS = old
    assert stored(connection) == SECRET


def test_rotating_twice_changes_nothing_that_can_be_read():
    connection = an_account().connection
    rotate()
    rotate()
    assert stored(connection) == SECRET


def test_a_credential_copied_to_another_row_does_not_open():
    first, second = an_account().connection, an_account().connection
    Connection.objects.filter(pk=second.pk).update(sealed_credentials=first.sealed_credentials)
    with pytest.raises(UnableToDecrypt):
        stored(second)


def test_nothing_readable_stands_in_the_row():
    assert SECRET.encode() not in bytes(Connection.objects.get(pk=an_account().connection.pk).sealed_credentials)
