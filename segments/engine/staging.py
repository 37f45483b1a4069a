"""The tables of a build: what holds for whom in one snapshot, the difference to the members, and its swap."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.compiling import everybody, members
from segments.engine import TOPIC, due, missed, writing
from segments.engine.judging import NOBODY, judge
from segments.engine.writing import MembershipChange, memberships_changed
from segments.models import Build
from segments.rules.grammar import Rule
from workspaces.models import Workspace

PART = 10_000  # moments written under one lock
FEW = 1_000  # missed people that may be looked at under the lock
ROUNDS = 8

EVALUATE = """
CREATE TEMP TABLE segment_staging AS {members}
"""
MOMENTS = """
CREATE TEMP TABLE segment_moments AS
SELECT (row_number() OVER (ORDER BY profile_id) - 1) / %s AS part, profile_id, due FROM segment_staging WHERE due IS NOT NULL
"""
WRITE_MOMENTS = """
INSERT INTO segments_due AS d (workspace_id, profile_id, at)
SELECT %s, profile_id, due FROM segment_moments WHERE part = %s ORDER BY profile_id
ON CONFLICT (workspace_id, profile_id) DO UPDATE SET at = excluded.at WHERE d.at > excluded.at
"""
DIFFERENCE = """
CREATE TEMP TABLE segment_difference ON COMMIT DROP AS
SELECT coalesce(s.profile_id, m.profile_id) AS profile_id, m.profile_id IS NULL AS enters
FROM (SELECT profile_id FROM segment_staging WHERE is_member) AS s
FULL JOIN (SELECT profile_id FROM segments_membership WHERE workspace_id = %s AND segment_id = %s) AS m
    ON m.profile_id = s.profile_id
WHERE s.profile_id IS NULL OR m.profile_id IS NULL
"""
ENTER = """
INSERT INTO segments_membership (workspace_id, segment_id, profile_id, since, cause, detail)
SELECT %(workspace)s, %(segment)s, profile_id, %(now)s, %(cause)s, '' FROM segment_difference WHERE enters ORDER BY profile_id
"""
LEAVE = """
WITH gone AS (
    DELETE FROM segments_membership m USING segment_difference d
    WHERE m.workspace_id = %(workspace)s AND m.segment_id = %(segment)s AND m.profile_id = d.profile_id AND NOT d.enters
    RETURNING m.*
), past AS (
    INSERT INTO segments_pastmembership
        (workspace_id, segment_id, profile_id, since, until, cause, detail, end_cause, end_detail)
    SELECT gone.workspace_id, segment_id, profile_id, since, greatest(%(now)s, since), cause, detail, %(cause)s, ''
    FROM gone JOIN tracking_profile p ON p.id = gone.profile_id
)
SELECT count(*) FROM gone
"""
SIZE = "SELECT count(*) FROM segments_membership WHERE workspace_id = %s AND segment_id = %s"
MEMBERS = "SELECT profile_id FROM segments_membership WHERE workspace_id = %s AND segment_id = %s AND profile_id = ANY(%s)"


def evaluate(workspace: Workspace, rule: Rule, *, minutes: int) -> None:
    """Ask of everybody, in one snapshot, into temporary tables of this connection."""
    statement = members(workspace, rule, everybody(), clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        _give_room(cursor, minutes)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.segment_staging, pg_temp.segment_moments")
        cursor.execute(EVALUATE.format(members=statement.sql), statement.params)
        cursor.execute("ANALYZE segment_staging")
        cursor.execute(MOMENTS, [PART])
        cursor.execute("CREATE INDEX ON segment_moments (part)")


def _give_room(cursor: Any, minutes: int) -> None:
    cursor.execute(f"SET LOCAL statement_timeout = {minutes * 60_000}; SET LOCAL work_mem = '128MB'")


def note_moments(workspace_id: int) -> None:
    """Each part under the lock for a moment, so that updates get their turn in between."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(part) FROM segment_moments")
        last = cursor.fetchone()[0]
        for part in range(-1 if last is None else last, -1, -1):
            with transaction.atomic():
                lock_in_transaction(TOPIC, workspace_id)
                cursor.execute(WRITE_MOMENTS, [workspace_id, part])


def swap(build: Build, rule: Rule) -> None:
    """Write the difference and set the build's figures. Inside a transaction, which holds the lock afterwards."""
    now = clock.now()
    key: dict[str, Any] = {"workspace": build.workspace_id, "segment": build.segment_id, "now": now, "cause": build.cause}
    with connection.cursor() as cursor:
        _give_room(cursor, minutes=10)
        cursor.execute("DROP TABLE IF EXISTS pg_temp.segment_difference")
        cursor.execute(DIFFERENCE, [build.workspace_id, build.segment_id])
        cursor.execute("ANALYZE segment_difference")
        cursor.execute(ENTER, key)
        build.entered = cursor.rowcount
        cursor.execute(LEAVE, key)
        build.left = cursor.fetchone()[0]
        cursor.execute(SIZE, [build.workspace_id, build.segment_id])
        build.size = cursor.fetchone()[0]
    if memberships_changed.has_listeners():
        writing.announce(build.workspace_id, _difference(build, now))
    _catch_up(build, rule)


def _difference(build: Build, now: datetime) -> Iterator[MembershipChange]:
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT profile_id, enters FROM segment_difference ORDER BY profile_id")
        for profile_id, enters in cursor:
            yield MembershipChange(build.segment_id, profile_id, enters, now, build.cause)


def _catch_up(build: Build, rule: Rule) -> None:
    """Look again at whom updates have looked at since the snapshot: in rounds, the last of them under the lock."""
    moments: dict[int, datetime | None] = {}
    for _round in range(ROUNDS):
        people = missed.take(build.pk)
        moments |= _look_again(build, rule, people)
        if len(people) < FEW:
            break
    lock_in_transaction(TOPIC, build.workspace_id)
    moments |= _look_again(build, rule, missed.take(build.pk))
    due.set_earlier(build.workspace_id, moments, clock.now())


def _look_again(build: Build, rule: Rule, people: list[int]) -> dict[int, datetime | None]:
    """Write what holds for these people now. Returns their moments, which only who has the lock may write."""
    moments: dict[int, datetime | None] = {}
    for start in range(0, len(people), FEW):
        part, now = people[start : start + FEW], clock.now()
        judged = judge(build.segment.workspace, {build.segment_id: rule}, part, now)
        if judged.failed:
            raise ValueError(judged.failed[build.segment_id])
        holds = {profile_id for profile_id, verdict in judged.verdicts.items() if verdict.segments}
        with connection.cursor() as cursor:
            cursor.execute(MEMBERS, [build.workspace_id, build.segment_id, part])
            inside = {profile_id for (profile_id,) in cursor.fetchall()}
        changes = [MembershipChange(build.segment_id, id_, id_ in holds, now, build.cause) for id_ in sorted(holds ^ inside)]
        writing.write(build.workspace_id, changes, now, resize=False)
        _count(build, len(holds - inside), len(inside - holds))
        moments |= {profile_id: judged.verdicts.get(profile_id, NOBODY).due for profile_id in part}
    return moments


def _count(build: Build, entered: int, left: int) -> None:
    build.entered = (build.entered or 0) + entered
    build.left = (build.left or 0) + left
    build.size = (build.size or 0) + entered - left
