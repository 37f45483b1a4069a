"""The database of each test process: a copy of one that is migrated once a session, emptied of what a test committed.

Migrating takes 20 s of processor time, nearly all of it Django's bookkeeping in Python, and twice that while coverage
counts lines; a copy takes 0.2 s. Every session makes its template anew, so none is older than the sources, and Django
migrates each copy again: that does nothing, or shows the error that stopped the template.
"""

import fcntl
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import psycopg
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

from mops.embedded.locks import held

ROOT = Path(__file__).parent.parent
DROP: LiteralString = "DROP DATABASE IF EXISTS {} WITH (FORCE)"  # somebody may have it open: the migration
REFILLED = {"django_content_type", "auth_permission"}  # Django's flush makes the same rows again, which takes 0.15 s

_migration: subprocess.Popen[bytes] | None = None
_flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def begin_template(home: Path) -> None:
    """Start migrating while the workers still collect. For the process that starts them."""
    global _migration
    _server(DROP, "CREATE DATABASE {}")
    with _lock(home).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # goes to the child with the open file: no worker can be earlier
        environment = os.environ | {"DATABASE_URL": _url(_template())}
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        _migration = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[lock.fileno()])


def drop_template() -> None:
    """End what this process began, if it did."""
    if _migration:
        _migration.terminate()
        _migration.wait()
        _server(DROP)


def use_template(home: Path) -> None:
    """Let Django copy the template, once it is ready, where it would create an empty database."""
    with held(_lock(home)):
        connection.settings_dict["TEST"]["TEMPLATE"] = _template()


def empty(case: TransactionTestCase) -> None:
    """Delete what the test committed. Django would truncate a hundred tables with all partitions, of which a few have rows.

    The lock waits, as TRUNCATE does, for threads of a live server that are still writing. A replica runs no triggers:
    neither those of foreign keys nor those that keep journals from being changed; only a superuser may be one.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        if cursor.fetchone() == ("on",):
            cursor.execute(f"LOCK TABLE {', '.join(_tables())} IN ACCESS EXCLUSIVE MODE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(" UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in _tables()))
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")
            return
    _flush(case)


@cache
def _tables() -> list[str]:
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(found) - REFILLED)


def _template() -> str:
    return f"{connection.settings_dict['NAME']}_template"


def _lock(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    return home / f"{_template()}.lock"


def _url(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


def _server(*statements: LiteralString) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True) as connected:  # not Django's, which pytest-django guards
        for statement in statements:
            connected.execute(sql.SQL(statement).format(sql.Identifier(_template())))
