"""Every night: are the members who a fresh evaluation says they are? What differs is flagged, counted and corrected.

One snapshot holds the data, the members, the notes of whose data changed and the moments that have come. Who waits to be looked
at is no difference, nor is a segment that is being built.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.compiling import Statement, everybody, verdicts
from segments.engine import TOPIC, flags, index
from segments.engine.judging import fault
from segments.models import Build, Flag, Segment
from segments.rules.grammar import Rule
from workspaces.models import Workspace

log = structlog.get_logger(__name__)

AT_ONCE = 50  # rules asked in one pass
MINUTES = 50

FRESH = """
CREATE TEMP TABLE segment_fresh ON COMMIT DROP AS
SELECT v.profile_id, s.id AS segment_id FROM ({verdicts}) AS v, unnest(v.segments) AS s (id)
"""
LISTED = """
CREATE TEMP TABLE segment_fresh ON COMMIT DROP AS
SELECT e.profile_id, e.segment_id FROM segments_listentry e JOIN tracking_profile p ON p.id = e.profile_id
WHERE e.workspace_id = %(workspace)s AND e.segment_id = ANY(%(ids)s) AND p.merged_into_id IS NULL
"""
CORRECT = """
WITH different AS MATERIALIZED (
    SELECT coalesce(f.segment_id, m.segment_id) AS segment_id, coalesce(f.profile_id, m.profile_id) AS profile_id
    FROM segment_fresh f
    FULL JOIN (SELECT segment_id, profile_id FROM segments_membership
               WHERE workspace_id = %(workspace)s AND segment_id = ANY(%(ids)s)) AS m
        ON m.segment_id = f.segment_id AND m.profile_id = f.profile_id
    WHERE f.profile_id IS NULL OR m.profile_id IS NULL
), lasting AS MATERIALIZED (
    SELECT * FROM different d
    WHERE NOT EXISTS (SELECT 1 FROM segments_touched t WHERE t.workspace_id = %(workspace)s AND t.profile_id = d.profile_id)
    AND NOT EXISTS (SELECT 1 FROM segments_due u
                    WHERE u.workspace_id = %(workspace)s AND u.profile_id = d.profile_id AND u.at <= %(now)s)
), noted AS (
    INSERT INTO segments_touched (workspace_id, profile_id, facet) SELECT DISTINCT %(workspace)s, profile_id, 'person' FROM lasting
)
SELECT segment_id, count(*) FROM lasting GROUP BY segment_id
"""


def check_all() -> int:
    """Every workspace. Returns the differences."""
    return sum(sum(check(workspace).values()) for workspace in Workspace.objects.all())


def check(workspace: Workspace) -> dict[int, int]:
    """Wrong memberships by segment; they are noted to be corrected by the next update."""
    found = index.of(workspace)
    wrong: dict[int, int] = {}
    for rules in _parts(found.rules):
        wrong |= _check_rules(workspace, rules)
    if found.lists:
        wrong |= _compare(workspace, list(found.lists), lambda _now: Statement(LISTED, {}))
    for segment_id in (*found.rules, *found.lists):
        if number := wrong.get(segment_id):
            log.error("segments.members_were_wrong", workspace=workspace.pk, segment=segment_id, people=number)
            flags.put(segment_id, Flag.Kind.CORRECTED, {"people": number})
        else:
            flags.close(segment_id, Flag.Kind.CORRECTED)
    _correct_sizes(workspace)
    return wrong


def _parts(rules: Mapping[int, Rule]) -> Iterator[dict[int, Rule]]:
    ids = sorted(rules)
    for start in range(0, len(ids), AT_ONCE):
        yield {id_: rules[id_] for id_ in ids[start : start + AT_ONCE]}


def _check_rules(workspace: Workspace, rules: Mapping[int, Rule]) -> dict[int, int]:
    """All in one pass; where one fails, each alone."""
    try:
        return _compare(workspace, list(rules), lambda now: _fresh(verdicts(workspace, rules, everybody(), now)))
    except Exception as error:  # noqa: BLE001  `fault` raises what is no rule's
        reason = fault(error)
    if len(rules) == 1:
        flags.put(next(iter(rules)), Flag.Kind.FAILED, {"error": reason, "paused": False})
        return {}
    return {id_: number for one in rules.items() for id_, number in _check_rules(workspace, dict([one])).items()}


def _fresh(statement: Statement) -> Statement:
    return Statement(FRESH.format(verdicts=statement.sql), statement.params)


def _compare(workspace: Workspace, ids: list[int], fresh: Callable[[datetime], Statement]) -> dict[int, int]:
    """Now is later than the snapshot, or what was seen since would count as not having happened yet."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute(f"SET LOCAL statement_timeout = {MINUTES * 60_000}; SET LOCAL work_mem = '128MB'")
        busy = set(Build.objects.filter(workspace=workspace, state__in=["queued", "running"]).values_list("segment", flat=True))
        values: dict[str, Any] = {"workspace": workspace.pk, "ids": [id_ for id_ in ids if id_ not in busy], "now": clock.now()}
        statement = fresh(clock.now())
        cursor.execute("DROP TABLE IF EXISTS pg_temp.segment_fresh")
        cursor.execute(statement.sql, {**values, **statement.params})
        cursor.execute("DELETE FROM segment_fresh WHERE segment_id <> ALL(%(ids)s)", values)
        cursor.execute("ANALYZE segment_fresh")
        cursor.execute(CORRECT, values)
        return dict(cursor.fetchall())


def _correct_sizes(workspace: Workspace) -> None:
    with transaction.atomic():
        lock_in_transaction(TOPIC, workspace.pk)
        for segment in Segment.objects.filter(workspace=workspace, state=Segment.State.LIVE):
            size = segment.memberships.filter(workspace=workspace).count()
            if size != segment.size:
                log.error("segments.size_was_wrong", segment=segment.pk, size=segment.size, members=size)
                Segment.objects.filter(pk=segment.pk).update(size=size)
