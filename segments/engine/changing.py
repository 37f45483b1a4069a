"""What people do with segments: save a rule, pause, resume, archive, build anew, cancel. Each says what follows for the others."""

from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.engine import TOPIC, building, writing
from segments.engine.writing import MembershipChange
from segments.models import Build, Cause, Membership, Segment, SegmentVersion
from segments.rules import references
from workspaces.models import User

OPEN = (Build.State.QUEUED, Build.State.RUNNING)


class UnableToArchive(Exception):
    """Other segments name this one; `names` says which."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@transaction.atomic
def save_rule(segment: Segment, rule: Mapping[str, Any], by: User | None = None, **estimate: int | None) -> SegmentVersion:
    """Keep a new version and build it in the background; until then the members are those of the old one.

    `rule` was parsed and expanded by the caller. `estimate`: expected_ms, expected_size.
    """
    lock_in_transaction(TOPIC, segment.workspace_id)  # before rows, as everywhere; numbers follow one another under it
    last = segment.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = SegmentVersion.objects.create(
        workspace_id=segment.workspace_id, segment=segment, number=last + 1, rule=dict(rule), created_by=by
    )
    build(segment, version, Cause.RULE if segment.version_id else Cause.BUILD, by, **estimate)
    return version


@transaction.atomic
def build(
    segment: Segment, version: SegmentVersion, cause: Cause = Cause.BUILD, by: User | None = None, **estimate: int | None
) -> Build:
    """Queue a build; one that is queued or running for the segment gives way to it."""
    for open_build in Build.objects.filter(segment=segment, state__in=OPEN):
        cancel(open_build)
    queued = Build.objects.create(
        workspace_id=segment.workspace_id, segment=segment, version=version, cause=cause, created_by=by, **estimate
    )
    transaction.on_commit(lambda: _dispatch(queued.pk), robust=True)
    return queued


def _dispatch(build_id: int) -> None:
    from segments.tasks import build as task

    task.delay(build_id=build_id)


@transaction.atomic
def cancel(open_build: Build) -> bool:
    """End a build that is queued or running; the members stay as they were. False when it was over already."""
    lock_in_transaction(TOPIC, open_build.workspace_id)  # before rows, as everywhere
    found = Build.objects.select_for_update().filter(pk=open_build.pk, state__in=OPEN).first()
    if found is None:
        return False
    if found.state == Build.State.RUNNING and found.backend_pid:
        with connection.cursor() as cursor:  # the row is locked: the connection cannot have gone on to other work
            cursor.execute("SELECT pg_cancel_backend(%s)", [found.backend_pid])
    return building.close(found, Build.State.CANCELLED, is_cancelled=True)


@transaction.atomic
def pause(segment: Segment) -> None:
    """Its members stand still."""
    _cancel_open(segment)
    Segment.objects.filter(pk=segment.pk, state=Segment.State.LIVE).update(state=Segment.State.PAUSED)


@transaction.atomic
def resume(segment: Segment, by: User | None = None) -> Build | None:
    """Build it anew; it is live when that is done. A list is live at once."""
    if segment.kind == Segment.Kind.LIST:
        Segment.objects.filter(pk=segment.pk, state=Segment.State.PAUSED).update(state=Segment.State.LIVE)
        return None
    latest = segment.versions.order_by("-number").first()
    return build(segment, latest, Cause.BUILD, by) if latest else None


@transaction.atomic
def archive(segment: Segment) -> None:
    """End every membership. Raises UnableToArchive while others name it."""
    if names := [other.name for other in dependents(segment)]:
        raise UnableToArchive(names)
    lock_in_transaction(TOPIC, segment.workspace_id)
    _cancel_open(segment)
    now = clock.now()
    members = Membership.objects.filter(workspace=segment.workspace_id, segment=segment).values_list("profile_id", flat=True)
    changes = [MembershipChange(segment.pk, profile_id, False, now, Cause.RULE, "archived") for profile_id in members.iterator()]
    for start in range(0, len(changes), writing.PART):
        writing.write(segment.workspace_id, changes[start : start + writing.PART], now)
    Segment.objects.filter(pk=segment.pk).update(state=Segment.State.ARCHIVED)


def _cancel_open(segment: Segment) -> None:
    for open_build in Build.objects.filter(segment=segment, state__in=OPEN):
        cancel(open_build)


def dependents(segment: Segment) -> list[Segment]:
    """Segments whose rule names this one, also by way of others; each after what it names."""
    ids = references.dependents(segment.workspace, segment.pk)
    found = Segment.objects.select_related("version", "workspace").in_bulk(ids)
    return [found[id_] for id_ in ids]


def rebuild_dependents(segment: Segment) -> None:
    """Rules are written out when they are built: whoever names this segment is built anew."""
    for other in dependents(segment):
        if other.version and other.state == Segment.State.LIVE:
            pending = Build.objects.filter(segment=other, state__in=OPEN).order_by("-pk").first()
            build(other, pending.version if pending and pending.version else other.version, Cause.RULE)
