"""Notes whose data changed, in the transaction that changes it; the update takes the notes away again."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakSet

from django.db import connection
from django.db.models import QuerySet

from tracking.arrays import columns_of
from tracking.changes import PERSON

PEOPLE = 500  # of one update
ROWS = 4 * PEOPLE
_announced: WeakSet[QuerySet[Any]] = WeakSet()  # deletions whose profiles were noted

INSERT = """
INSERT INTO segments_touched (workspace_id, profile_id, facet)
SELECT %s, t.profile_id, t.facet FROM unnest(%s::bigint[], %s::text[]) AS t (profile_id, facet)
"""
INSERT_MANY = """
INSERT INTO segments_touched (workspace_id, profile_id, facet)
SELECT t.workspace_id, t.profile_id, %s FROM unnest(%s::bigint[], %s::bigint[]) AS t (workspace_id, profile_id)
"""
TAKE = "SELECT id, profile_id, facet FROM segments_touched WHERE workspace_id = %s ORDER BY id LIMIT %s"
FORGET = "DELETE FROM segments_touched WHERE workspace_id = %s AND id = ANY(%s)"
WAITING = """
SELECT w.id FROM workspaces_workspace w WHERE EXISTS (SELECT 1 FROM segments_touched t WHERE t.workspace_id = w.id) ORDER BY w.id
"""


class Taken(NamedTuple):
    """Notes of one update: their ids, and by profile what changed."""

    ids: Sequence[int]
    facets: Mapping[int, set[str]]


def note(*, workspace_id: int, changes: Sequence[tuple[int, str]], **_: Any) -> None:
    """Receiver of tracking.changes.people_changed."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [workspace_id, [profile_id for profile_id, _ in changes], [facet for _, facet in changes]])


def touch(workspace_id: int, profiles: Iterable[int]) -> None:
    """Have everything looked at again for these people."""
    if pairs := [(profile_id, PERSON) for profile_id in sorted(set(profiles))]:
        note(workspace_id=workspace_id, changes=pairs)


def note_deleted(*, instance: Any, origin: Any = None, **_: Any) -> None:
    """Receiver of the deletion of a profile: whoever was looked at in the meantime must not stay a member.

    Of several that are deleted at once, the first one that is announced speaks for all.
    """
    if not (isinstance(origin, QuerySet) and origin.model is type(instance)):
        touch(instance.workspace_id, [instance.pk])
    elif origin not in _announced:
        _announced.add(origin)
        with connection.cursor() as cursor:
            rows = list(origin.order_by().values_list("workspace_id", "pk"))
            cursor.execute(INSERT_MANY, [PERSON, *columns_of(sorted(rows))])


def take(workspace_id: int) -> Taken:
    """The oldest notes, of at most PEOPLE people. They stay until `forget`."""
    ids: list[int] = []
    facets: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [workspace_id, ROWS])
        for id_, profile_id, facet in cursor.fetchall():
            if profile_id not in facets and len(facets) == PEOPLE:
                continue
            ids.append(id_)
            facets.setdefault(profile_id, set()).add(facet)
    return Taken(ids, facets)


def forget(workspace_id: int, ids: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FORGET, [workspace_id, list(ids)])


def waiting() -> list[int]:
    """Workspaces with notes."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return [id_ for (id_,) in cursor.fetchall()]
