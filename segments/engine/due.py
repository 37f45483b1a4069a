"""When time alone may move somebody: the earliest moment per person, so that one row is enough for any number of rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import connection

from tracking.arrays import columns_of

PEOPLE = 1_000  # looked at in one update
SOONEST = timedelta(milliseconds=20)  # a moment that is over already would be asked for without end

TAKE = "SELECT profile_id FROM segments_due WHERE workspace_id = %s AND at <= %s ORDER BY at LIMIT %s"
FORGET = "DELETE FROM segments_due WHERE workspace_id = %s AND profile_id = ANY(%s)"
SET = """
INSERT INTO segments_due AS d (workspace_id, profile_id, at)
SELECT %s, t.profile_id, t.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS t (profile_id, at)
ON CONFLICT (workspace_id, profile_id) DO UPDATE SET at = excluded.at WHERE d.at {differs} excluded.at
"""
WAITING = "SELECT DISTINCT workspace_id FROM segments_due WHERE at <= %s ORDER BY 1"
NEXT = "SELECT min(at) FROM segments_due"


def take(workspace_id: int, now: datetime) -> list[int]:
    """The people whose moment has come, the latest last. Their rows stay until `set_exactly`."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [workspace_id, now, PEOPLE])
        return [profile_id for (profile_id,) in cursor.fetchall()]


def set_exactly(workspace_id: int, moments: Mapping[int, datetime | None], now: datetime) -> None:
    """After all timed rules were asked."""
    over = sorted(profile_id for profile_id, at in moments.items() if at is None)
    with connection.cursor() as cursor:
        if over:
            cursor.execute(FORGET, [workspace_id, over])
    _write(workspace_id, moments, now, "<>")


def set_earlier(workspace_id: int, moments: Mapping[int, datetime | None], now: datetime) -> None:
    """After only some were asked: the earlier of old and new."""
    _write(workspace_id, moments, now, ">")


def _write(workspace_id: int, moments: Mapping[int, datetime | None], now: datetime, differs: str) -> None:
    rows = sorted((profile_id, max(at, now + SOONEST)) for profile_id, at in moments.items() if at)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(SET.format(differs=differs), [workspace_id, *columns_of(rows)])


def waiting(now: datetime) -> list[int]:
    """Workspaces in which somebody's moment has come."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [now])
        return [id_ for (id_,) in cursor.fetchall()]
