"""The drill: a backup from before an erasure comes back, and the journal makes it forget again before anybody opens it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import redis
from django.core.management import call_command
from django.db import connection
from psycopg import sql
from pytest_django import Settings

from mops.lib import clock
from tests.tracking.rights.planting import EMAIL, IDS, Planted
from tests.tracking.rights.test_erasure import KEPT, hits
from tracking.models import Event, Identity, Release
from tracking.rights import erasure, journal, person

BACKUP = "_backup"


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    """The database server itself: nobody may be connected to a database that is copied."""
    connection.close()
    parameters = connection.get_connection_params() | {"dbname": "postgres", "autocommit": True}
    for name in ("cursor_factory", "context"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters) as opened:
        yield opened


def copy(source: str, target: str) -> None:
    with server() as opened:  # threads of a web server that an earlier test started may still hold connections
        opened.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
        opened.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(target), sql.Identifier(source)))


@pytest.fixture
def backup() -> Iterator[str]:
    name = connection.settings_dict["NAME"]
    yield f"{name}{BACKUP}"
    connection.close()
    connection.settings_dict["NAME"] = name
    with server() as opened:
        opened.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(f"{name}{BACKUP}")))


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_holds_nobody_who_was_erased_since(backup: str, planted: Planted, settings: Settings) -> None:
    live = connection.settings_dict["NAME"]
    Release.objects.update(removal="verified", removal_queued_at=clock.now())
    mail = planted.mail.read_bytes()
    copy(live, backup)
    erasure.erase(person.find(planted.workspace, "email", EMAIL))
    assert not Identity.objects.exists()
    connection.close()
    connection.settings_dict["NAME"] = backup  # yesterday's database, files and queue are back
    planted.mail.write_bytes(mail)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.rpush("drill", f"call {IDS['phone']}")
        assert Identity.objects.exists()
        Release.objects.update(removal="verified", removal_queued_at=clock.now())
        call_command("replay_erasures")
        assert client.lrange("drill", 0, -1) == []
    kept = {text for key, text in planted.canaries.items() if key in KEPT} - {EMAIL}
    erased = [text for text in planted.canaries.values() if "canary" in text.lower() and text not in kept]
    left = hits([*erased, *IDS.values()], set())
    assert {(table, text) for table, text in left} <= {("workspaces_user", EMAIL), ("account_emailaddress", EMAIL)}
    assert Event.objects.filter(message_id="of-somebody-else").exists()
    assert not planted.mail.exists()
    assert EMAIL not in journal.path().read_text()
