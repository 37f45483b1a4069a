"""Advisory locks of PostgreSQL: they survive the loss of Redis and vanish with the transaction."""

import zlib

from django.db import connection, transaction
from django.db.utils import OperationalError


def lock_in_transaction(topic: str, key: int) -> None:
    """Wait for and hold the lock (topic, key) until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [zlib.crc32(topic.encode()) - 2**31, key % 2**31])


def lock_within(milliseconds: int, topic: str, key: int) -> bool:
    """Hold the lock until the transaction ends; False when it was not to be had in this time. Who waits is served in turn."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(milliseconds)}")
            lock_in_transaction(topic, key)
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        return False
    return True
