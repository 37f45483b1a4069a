"""Months of the event table: made ahead, made on demand, dropped whole when their time is over.

A month is made beside the table and attached: that waits for nobody who reads or writes the other months.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from django.db import connection, transaction
from psycopg import sql

from mops.lib.clock import now
from mops.lib.locks import lock_in_transaction
from mops.lib.period import add_months, month_start

MONTHS_AHEAD = 3
PATIENCE = "2s"  # attaching needs a short lock; behind a long report it gives up and the next run tries again


def name_of(month: date) -> str:
    return f"tracking_event_{month:%Y_%m}"


def ensure(month: date) -> bool:
    """Make the partition of `month` (its first day) if it is missing. Return whether it was made."""
    with transaction.atomic():
        lock_in_transaction("event partitions", 0)
        if name_of(month) in existing():
            return False
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
            cursor.execute(_statement(month))
    return True


def _statement(month: date) -> sql.Composed:
    table = sql.Identifier(name_of(month))
    return sql.SQL(
        "CREATE TABLE {table} (LIKE tracking_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS);"
        "ALTER TABLE tracking_event ATTACH PARTITION {table} FOR VALUES FROM ({since}) TO ({until})"
    ).format(table=table, since=sql.Literal(f"{month} 00:00Z"), until=sql.Literal(f"{add_months(month, 1)} 00:00Z"))


def ensure_ahead() -> int:
    """This month and the next ones. Return how many were made."""
    first = month_start(now().date())
    return sum(ensure(add_months(first, ahead)) for ahead in range(MONTHS_AHEAD + 1))


def existing() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = 'tracking_event'::regclass"
        )
        return {row[0] for row in cursor.fetchall()}


def months() -> Iterator[tuple[datetime, datetime]]:
    """[since, until) of every month there is: a statement for each stays within the statement timeout."""
    for name in sorted(existing()):
        year, month = map(int, name.rsplit("_", 2)[1:])
        first = datetime(year, month, 1, tzinfo=UTC)
        following = add_months(first.date(), 1)
        yield first, datetime(following.year, following.month, 1, tzinfo=UTC)


def drop_before(month: date) -> Iterator[str]:
    """Drop whole months older than `month` with the message ids of their events; yields their names."""
    for name in sorted(existing()):
        if name < name_of(month):
            table = sql.Identifier(name)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    sql.SQL(
                        "DELETE FROM tracking_eventkey key USING {table} event"
                        " WHERE key.workspace_id = event.workspace_id AND key.message_id = event.message_id"
                    ).format(table=table)
                )
                cursor.execute(sql.SQL("DROP TABLE {table}").format(table=table))
            yield name


def is_missing(error: Exception) -> bool:
    """Whether a statement failed because the month it writes to is not there yet."""
    return "no partition of relation" in str(error)
