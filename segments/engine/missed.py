"""People who were looked at while a build runs: its snapshot may be older than what was seen, so it looks at them again."""

from collections.abc import Collection

from django.db import connection

from segments.engine import touched

RUNNING = """
SELECT b.id, b.segment_id, b.step <> 'evaluate' AND EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = b.backend_pid)
FROM segments_build b WHERE b.workspace_id = %s AND b.state = 'running'
"""
NOTE = """
INSERT INTO segments_missed (build_id, workspace_id, profile_id)
SELECT b, %s, p FROM unnest(%s::bigint[]) AS b, unnest(%s::bigint[]) AS p
"""
TAKE = "DELETE FROM segments_missed WHERE build_id = %s RETURNING profile_id"


def note(workspace_id: int, people: Collection[int]) -> set[int]:
    """Note them for every running build, after the notes of `touched` were read. Returns segments a build is just writing.

    Those are left alone: the build looks at these people last, under the lock, and writes what is true then. A build without
    its connection will write nothing, so it fences nothing off.
    """
    with connection.cursor() as cursor:
        cursor.execute(RUNNING, [workspace_id])
        builds = cursor.fetchall()
        if builds:
            cursor.execute(NOTE, [workspace_id, [id_ for id_, _, _ in builds], list(people)])
    return {segment_id for _, segment_id, is_fenced in builds if is_fenced}


def take(build_id: int) -> list[int]:
    """Everybody noted so far."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [build_id])
        return sorted({profile_id for (profile_id,) in cursor.fetchall()})


def give_back(workspace_id: int, build_id: int) -> None:
    """A build ends without result: whom it had fenced off is looked at as usual."""
    touched.touch(workspace_id, take(build_id))
