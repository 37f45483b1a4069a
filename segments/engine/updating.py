"""Look at the people whose data changed or whose moment has come, and write who came in and who went out.

One update at a time per workspace, each one transaction: notes, members, history and moments change together or not at all.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

import structlog
from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_within
from segments.engine import TOPIC, due, flags, index, lists, missed, touched, writing
from segments.engine.index import Index
from segments.engine.judging import NOBODY, Judged, judge
from segments.engine.writing import MembershipChange
from segments.models import Cause
from segments.rules.grammar import Rule
from tracking.arrays import array
from tracking.changes import PERSON
from workspaces.models import Workspace

log = structlog.get_logger(__name__)
Update = Callable[[int], int]

BY_TIME = (Cause.TIME, "")
PATIENCE = 500  # milliseconds to wait for another update of the workspace
# Person by person: asked for all at once, PostgreSQL looks for every pair of person and segment.
MEMBERS = """
SELECT p.id, m.segment_id FROM unnest(%s::bigint[]) AS p (id)
CROSS JOIN LATERAL (SELECT segment_id FROM segments_membership WHERE workspace_id = %s AND profile_id = p.id OFFSET 0) AS m
WHERE m.segment_id = ANY(%s::bigint[])
"""


class Look(NamedTuple):
    """What an update looks at: people with the reason, rules and lists to ask, and whether these are all there are.

    `moved`: rules the reasons concern; others are asked with them, and only time can have changed those.
    """

    workspace: Workspace
    now: datetime
    reasons: Mapping[int, tuple[str, str]]  # profile: cause, detail
    rules: Mapping[int, Rule]
    lists: Collection[int]
    moved: Collection[int]
    is_whole: bool


def update(workspace_id: int) -> int:
    """Take up to touched.PEOPLE people whose data changed. Returns how many; 0 also while another update is at work."""
    with transaction.atomic():
        if not lock_within(PATIENCE, TOPIC, workspace_id):
            return 0
        taken = touched.take(workspace_id)
        if not taken.ids:
            return 0
        look = _look_at_touched(workspace_id, taken.facets)
        _write(look)
        touched.forget(workspace_id, taken.ids)
    return len(taken.facets)


def apply_due(workspace_id: int) -> int:
    """Take up to due.PEOPLE people whose moment has come. Returns how many."""
    with transaction.atomic():
        if not lock_within(PATIENCE, TOPIC, workspace_id):
            return 0
        now = clock.now()
        people = due.take(workspace_id, now)
        if not people:
            return 0
        workspace = Workspace.objects.get(pk=workspace_id)
        found = index.of(workspace)
        rules = {id_: rule for id_, rule in found.rules.items() if id_ in found.timed}
        _write(Look(workspace, now, dict.fromkeys(people, BY_TIME), rules, (), rules, is_whole=True))
    return len(people)


def _look_at_touched(workspace_id: int, facets: Mapping[int, set[str]]) -> Look:
    workspace = Workspace.objects.get(pk=workspace_id)
    found = index.of(workspace)
    _stop_broken(found)
    changed = {facet for own in facets.values() for facet in own}
    strangers = [profile_id for profile_id, own in facets.items() if PERSON in own]
    if strangers and found.lists:
        lists.follow(workspace_id, strangers)
    moved = found.moved_by(changed)
    # All of them are one question that is asked often; each choice of half of them would be compiled and planned anew.
    rules = found.rules if 2 * len(moved) > len(found.rules) else moved
    reasons = {profile_id: (Cause.CHANGE, ", ".join(sorted(own))) for profile_id, own in facets.items()}
    is_whole = rules.keys() >= found.timed
    return Look(workspace, clock.now(), reasons, rules, found.lists if strangers else (), [*moved, *found.lists], is_whole)


def _stop_broken(found: Index) -> None:
    for segment_id, reason in found.broken.items():
        flags.stop(segment_id, reason)


def _write(look: Look) -> None:
    people = sorted(look.reasons)
    fenced = missed.note(look.workspace.pk, people)
    rules = {id_: rule for id_, rule in look.rules.items() if id_ not in fenced}
    judged = judge(look.workspace, rules, people, look.now)
    for segment_id, reason in judged.failed.items():
        flags.stop(segment_id, reason)
    asked = (rules.keys() - judged.failed.keys()) | set(look.lists)
    writing.write(look.workspace.pk, _changes(look, judged, asked), look.now)
    moments = {profile_id: judged.verdicts.get(profile_id, NOBODY).due for profile_id in people}
    keep = due.set_exactly if look.is_whole else due.set_earlier
    keep(look.workspace.pk, moments, look.now)


def _changes(look: Look, judged: Judged, asked: Collection[int]) -> list[MembershipChange]:
    """The difference between what holds and who is a member, of the segments that were asked, in the order of the indexes."""
    people, segments, moved = sorted(look.reasons), sorted(asked), set(look.moved)
    if not segments:
        return []
    with connection.cursor() as cursor:
        cursor.execute(MEMBERS, [array(people), look.workspace.pk, array(segments)])
        members = set(cursor.fetchall())
    wanted = {(profile_id, id_) for profile_id, verdict in judged.verdicts.items() for id_ in verdict.segments if id_ in asked}
    if look.lists:
        wanted |= lists.entries(look.workspace.pk, people, look.lists)
    return [
        MembershipChange(segment_id, profile_id, (profile_id, segment_id) in wanted, look.now,
                         *(look.reasons[profile_id] if segment_id in moved else BY_TIME))
        for profile_id, segment_id in sorted(wanted ^ members, key=itemgetter(1, 0))
    ]  # fmt: skip
