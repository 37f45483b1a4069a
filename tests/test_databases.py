"""The tests' own ground: after a test that commits, the database is as Django's flush would leave it."""

from threading import Timer

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.test import TransactionTestCase

from tests import databases
from workspaces import audit
from workspaces.models import AuditEvent, User, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def filled() -> dict[str, int]:
    """Rows of every table that has some."""
    with connection.cursor() as cursor:
        sizes = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            sizes[table] = cursor.fetchone()[0]
    return {table: size for table, size in sizes.items() if size}


def test_an_emptied_database_is_as_a_flushed_one(request: pytest.FixtureRequest) -> None:
    before = filled()
    workspace, alice = request.getfixturevalue("workspace"), request.getfixturevalue("alice")
    audit.record(workspace, alice, "workspace.renamed")
    assert AuditEvent.objects.exists()  # a journal, which refuses DELETE
    databases.empty(TransactionTestCase())
    assert filled() == before
    call_command("flush", verbosity=0, interactive=False)
    assert filled() == before


def test_triggers_are_back_once_it_is_empty(workspace: Workspace, alice: User) -> None:
    databases.empty(TransactionTestCase())
    audit.record(None, None, "workspace.renamed")
    with pytest.raises(DatabaseError, match="append only"):
        AuditEvent.objects.all().delete()


def test_it_waits_for_a_thread_that_still_writes() -> None:
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as late:
        late.execute("INSERT INTO auth_group (name) VALUES ('late')")
        Timer(0.3, late.commit).start()
        databases.empty(TransactionTestCase())
        assert not Group.objects.exists()
