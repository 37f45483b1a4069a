"""People on lists: put on and taken off by hand at once, and followed through merges."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.engine import TOPIC, touched, writing
from segments.engine.writing import MembershipChange
from segments.models import Cause, ListEntry, Segment
from tracking.models import Profile
from workspaces.models import User

FOLLOW = """
WITH moved AS (
    DELETE FROM segments_listentry e USING tracking_profile p
    WHERE e.workspace_id = %(workspace)s AND e.profile_id = ANY(%(people)s) AND p.id = e.profile_id AND p.merged_into_id IS NOT NULL
    RETURNING e.workspace_id, e.segment_id, p.merged_into_id AS profile_id, e.added_by_id, e.added_at
), kept AS (
    INSERT INTO segments_listentry (workspace_id, segment_id, profile_id, added_by_id, added_at)
    SELECT DISTINCT ON (segment_id, profile_id) * FROM moved ORDER BY segment_id, profile_id, added_at ON CONFLICT DO NOTHING
)
SELECT DISTINCT profile_id FROM moved
"""
ENTRIES = """
SELECT e.profile_id, e.segment_id FROM segments_listentry e JOIN tracking_profile p ON p.id = e.profile_id
WHERE e.workspace_id = %s AND e.profile_id = ANY(%s) AND e.segment_id = ANY(%s) AND p.merged_into_id IS NULL
"""


def add(segment: Segment, profiles: Iterable[int], by: User | None = None) -> int:
    """Put living profiles of the workspace on the list. Returns how many were not on it."""
    now = clock.now()
    with transaction.atomic():
        lock_in_transaction(TOPIC, segment.workspace_id)
        living = Profile.objects.filter(workspace=segment.workspace_id, merged_into=None, pk__in=list(profiles))
        ids = sorted(living.values_list("pk", flat=True))
        rows = [ListEntry(workspace_id=segment.workspace_id, segment=segment, profile_id=id_, added_by=by) for id_ in ids]
        ListEntry.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5_000)
        return _settle(segment, ids, entered=True, now=now)


def remove(segment: Segment, profiles: Iterable[int]) -> int:
    """Take profiles off the list. Returns how many were on it."""
    with transaction.atomic():
        lock_in_transaction(TOPIC, segment.workspace_id)
        ids = sorted(set(profiles))
        ListEntry.objects.filter(workspace=segment.workspace_id, segment=segment, profile__in=ids).delete()
        return _settle(segment, ids, entered=False, now=clock.now())


def _settle(segment: Segment, ids: list[int], *, entered: bool, now: datetime) -> int:
    changes = [MembershipChange(segment.pk, id_, entered, now, Cause.LIST) for id_ in ids]
    changed = writing.write(segment.workspace_id, changes, now)
    if ids:
        touched.note(workspace_id=segment.workspace_id, changes=[(id_, f"list:{segment.pk}") for id_ in ids])
    return changed


def follow(workspace_id: int, people: Collection[int]) -> None:
    """Entries of absorbed profiles go over to those that live on, who are to be looked at."""
    with connection.cursor() as cursor:
        cursor.execute(FOLLOW, {"workspace": workspace_id, "people": list(people)})
        touched.touch(workspace_id, [profile_id for (profile_id,) in cursor.fetchall()])


def entries(workspace_id: int, people: Collection[int], lists: Collection[int]) -> set[tuple[int, int]]:
    """(profile, list) pairs that hold now."""
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, [workspace_id, list(people), list(lists)])
        return set(cursor.fetchall())
