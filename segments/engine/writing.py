"""Write who came in and who went out: members, the stays that ended, sizes, and the word to whoever listens. One transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.dispatch import Signal

from tracking.arrays import columns_of

memberships_changed = Signal()  # workspace_id: int, changes: list[MembershipChange]; sent inside the transaction, in parts
PART = 5_000  # changes told at once
DETAIL = 200  # characters kept

ENTER = """
INSERT INTO segments_membership (workspace_id, segment_id, profile_id, since, cause, detail)
SELECT %s, t.segment_id, t.profile_id, t.at, t.cause, t.detail
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[]) AS t (segment_id, profile_id, at, cause, detail)
ON CONFLICT DO NOTHING RETURNING segment_id, profile_id
"""
LEAVE = """
WITH t AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[])
        AS t (segment_id, profile_id, at, cause, detail)
), gone AS (
    DELETE FROM segments_membership m USING t
    WHERE m.workspace_id = %s AND m.segment_id = t.segment_id AND m.profile_id = t.profile_id
    RETURNING m.*, t.at, t.cause AS end_cause, t.detail AS end_detail
), past AS (
    INSERT INTO segments_pastmembership
        (workspace_id, segment_id, profile_id, since, until, cause, detail, end_cause, end_detail)
    SELECT gone.workspace_id, segment_id, profile_id, since, greatest(at, since), cause, detail, end_cause, end_detail
    FROM gone JOIN tracking_profile p ON p.id = gone.profile_id
)
SELECT segment_id, profile_id FROM gone
"""
RESIZE = """
UPDATE segments_segment s SET size = greatest(coalesce(s.size, 0) + t.more, 0), changed_at = %s
FROM unnest(%s::bigint[], %s::int[]) AS t (id, more) WHERE s.workspace_id = %s AND s.id = t.id
"""


class MembershipChange(NamedTuple):
    """Somebody came into a segment, or went out of it."""

    segment_id: int
    profile_id: int
    entered: bool
    at: datetime
    cause: str  # segments.models.Cause
    detail: str = ""


def write(workspace_id: int, changes: Sequence[MembershipChange], now: datetime, *, resize: bool = True) -> int:
    """Make these changes, tell of those that were none yet, correct the sizes. Returns how many there were."""
    if not changes:
        return 0
    entering = [change for change in changes if change.entered]
    leaving = [change for change in changes if not change.entered]
    with connection.cursor() as cursor:
        happened = [(True, *key) for key in _run(cursor, ENTER, [workspace_id, *_columns(entering)])] if entering else []
        happened += [(False, *key) for key in _run(cursor, LEAVE, [*_columns(leaving), workspace_id])] if leaving else []
        more = Counter[int]()
        for entered, segment_id, _profile_id in happened:
            more[segment_id] += 1 if entered else -1
        if resize:
            cursor.execute(RESIZE, [now, list(more), list(more.values()), workspace_id])
    keys = set(happened)
    announce(workspace_id, (change for change in changes if (change.entered, change.segment_id, change.profile_id) in keys))
    return len(happened)


def announce(workspace_id: int, changes: Iterable[MembershipChange]) -> None:
    """Tell of changes, inside the transaction that makes them."""
    part: list[MembershipChange] = []
    for change in changes:
        part.append(change)
        if len(part) == PART:
            memberships_changed.send(sender=None, workspace_id=workspace_id, changes=part)
            part = []
    if part:
        memberships_changed.send(sender=None, workspace_id=workspace_id, changes=part)


def _columns(changes: Sequence[MembershipChange]) -> list[str]:
    return columns_of((one.segment_id, one.profile_id, one.at, one.cause, one.detail[:DETAIL]) for one in changes)


def _run(cursor: "object", sql: str, params: list[object]) -> list[tuple[int, int]]:
    cursor.execute(sql, params)  # type: ignore[attr-defined]
    return cursor.fetchall()  # type: ignore[attr-defined,no-any-return]
