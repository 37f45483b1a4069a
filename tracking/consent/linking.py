"""Identifiers of one person: what one of them refuses, none of them allows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import connection

from mops.lib import clock
from tracking.arrays import columns_of
from tracking.blind_index import Subject
from tracking.models import SubjectLink
from workspaces.models import Workspace

LINKED = """
SELECT first_kind, first, second_kind, second FROM tracking_subjectlink
WHERE workspace_id = %(workspace)s AND ended_at IS NULL AND first = ANY(%(asked)s)
UNION SELECT first_kind, first, second_kind, second FROM tracking_subjectlink
WHERE workspace_id = %(workspace)s AND ended_at IS NULL AND second = ANY(%(asked)s)
"""
LINK = """
INSERT INTO tracking_subjectlink (workspace_id, first, second, first_kind, second_kind)
SELECT %s, t.* FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) AS t
ON CONFLICT (workspace_id, first, second) WHERE ended_at IS NULL DO NOTHING
"""
MOST = 200  # identifiers of one person; identity resolution stops such merge storms long before


def groups(workspace_id: int, subjects: Iterable[Subject]) -> dict[Subject, set[Subject]]:
    """All identifiers of the same person, by identifier, itself included."""
    neighbours: dict[Subject, set[Subject]] = defaultdict(set)
    wanted, known = set(subjects), set[str]()
    asked = {subject.index for subject in wanted}
    while asked and len(known) < MOST * max(len(wanted), 1):
        with connection.cursor() as cursor:
            cursor.execute(LINKED, {"workspace": workspace_id, "asked": list(asked)})
            for one_kind, first, other_kind, second in cursor.fetchall():
                one, other = Subject(one_kind, first), Subject(other_kind, second)
                neighbours[one].add(other)
                neighbours[other].add(one)
        known |= asked
        asked = {subject.index for subject in neighbours} - known
    return {subject: _reachable(subject, neighbours) for subject in wanted}


def _reachable(start: Subject, neighbours: Mapping[Subject, set[Subject]]) -> set[Subject]:
    found, ahead = {start}, [start]
    while ahead:
        for other in neighbours.get(ahead.pop(), set()) - found:
            found.add(other)
            ahead.append(other)
    return found


def link(workspace: Workspace, one: Subject, other: Subject) -> bool:
    """Note that both are one person; False if that was known. Call with the links locked (merging.merge_subjects)."""
    first, second = sorted([one, other], key=lambda subject: subject.index)
    row = SubjectLink(workspace=workspace, first=first.index, second=second.index, first_kind=first.kind, second_kind=second.kind)
    before = SubjectLink.objects.filter(workspace=workspace, first=first.index, second=second.index, ended_at=None)
    if before.exists():
        return False
    row.save()
    return True


def link_many(workspace: Workspace, pairs: Iterable[tuple[Subject, Subject]]) -> None:
    """Note that each pair is one person, where that was not known. Call with the links locked."""
    ordered = [sorted(pair, key=lambda subject: subject.index) for pair in pairs]
    if columns := columns_of(sorted((one.index, other.index, one.kind, other.kind) for one, other in ordered)):
        with connection.cursor() as cursor:
            cursor.execute(LINK, [workspace.pk, *columns])


def end(workspace: Workspace, one: Subject, other: Subject) -> None:
    """Note that both are two people after all. Call with the links locked (merging.unlink)."""
    first, second = sorted([one.index, other.index])
    SubjectLink.objects.filter(workspace=workspace, first=first, second=second, ended_at=None).update(ended_at=clock.now())
