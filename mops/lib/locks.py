"""Advisory locks of PostgreSQL: they survive the loss of Redis and vanish with the transaction."""

import zlib

from django.db import connection


def lock_in_transaction(topic: str, key: int) -> None:
    """Wait for and hold the lock (topic, key) until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [zlib.crc32(topic.encode()) - 2**31, key % 2**31])
