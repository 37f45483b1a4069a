"""Locks of the ledger, always taken in this order: banner, links, turnstile, state rows by purpose and subject, chain.

The turnstile keeps withdrawals from starving: PostgreSQL lets FOR SHARE overtake a waiting FOR UPDATE, so overlapping
uploads could hold a person's row for ever. A release passes it alone, only while it takes its row locks. A recorder that finds
a row taken enters it with the others that wait and stays until commit: behind them no new upload begins.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

BANNER, CHAIN, LINKS, TURNSTILE = "consent_banner", "consent_chain", "consent_links", "consent_turnstile"


def number(topic: str) -> int:
    return zlib.crc32(topic.encode()) - 2**31


def chain(workspace_id: int) -> None:
    _call("pg_advisory_xact_lock", CHAIN, workspace_id)


def links(workspace_id: int, *, changing: bool) -> None:
    """Alone for a merge, together for statements: none is made while it is unknown whom it is about."""
    _call("pg_advisory_xact_lock" if changing else "pg_advisory_xact_lock_shared", LINKS, workspace_id)


def banner(workspace_id: int) -> bool:
    """Whether nobody else notes what banners told: one at a time, so that words keep their order. Held to the transaction's end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [number(BANNER), workspace_id % 2**31])
        return bool(cursor.fetchone()[0])


def wait_at_turnstile(purpose_ids: Iterable[int]) -> None:
    for purpose_id in sorted(set(purpose_ids)):
        _call("pg_advisory_xact_lock_shared", TURNSTILE, purpose_id)


class Turnstile:
    """A release's place in the queue. It is held by the session, so that it can be left before the transaction ends."""

    def __init__(self, purpose_id: int) -> None:
        self.purpose_id, self.is_held = purpose_id, False

    def enter(self) -> None:
        _call("pg_advisory_lock", TURNSTILE, self.purpose_id)
        self.is_held = True

    def leave(self) -> None:
        _call("pg_advisory_unlock", TURNSTILE, self.purpose_id)
        self.is_held = False


@contextmanager
def turnstile(purpose_id: int) -> Iterator[Turnstile]:
    """To be opened outside the transaction: left at the latest when it has ended, however it ended."""
    gate = Turnstile(purpose_id)
    try:
        yield gate
    finally:
        if gate.is_held and connection.is_usable():
            gate.leave()


def _call(function: str, topic: str, key: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [number(topic), key % 2**31])
