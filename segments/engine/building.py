"""One evaluation of a rule over everybody, in the background: readers see the old members until they see the new.

1. Claim: the row says "running", from now on updates note whom they look at (`missed`). Lease and attempt as in channels.runs.
2. Evaluate into a temporary table, in one snapshot. Updates keep the old members true meanwhile.
3. Fence: the row says "compare", from now on updates leave this segment alone; one turn of the lock waits for those under way.
4. Note the moments when time alone may move somebody, in small parts.
5. Swap in one transaction: the difference, the missed ones again and again, then the last of them under the lock.

Killed at any point it leaves the old members, and the row is queued again. Whoever was left alone is looked at as usual then.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import structlog
from django.db import DatabaseError, connection, connections, transaction
from django.db.models import F, Func, IntegerField
from django.utils import timezone

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.engine import TOPIC, flags, index, missed, staging
from segments.engine.judging import fault
from segments.models import Build, Flag, Segment
from segments.rules.grammar import Rule

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
HEARTBEAT = 8  # seconds; three may be missed before the lease ends
LONGEST = 50  # minutes a build may take
MAX_ATTEMPTS = 5
State, Step = Build.State, Build.Step


class LostBuild(Exception):
    """Somebody cancelled the build, or took it over."""


def run(build_id: int) -> bool:
    """Build what is queued. True when it was worked on, whatever came of it."""
    build = _claim(build_id)
    if build is None:
        return False
    bound = log.bind(build=build.pk, segment=build.segment_id)
    try:
        with _heartbeat(build):
            _build(build)
        bound.info("segments.built", size=build.size, entered=build.entered, left=build.left)
    except LostBuild:
        bound.info("segments.build_lost")
    except Exception as error:
        if not connection.is_usable():
            raise  # the lease runs out, and the build is queued again
        if not _is_mine(build):
            bound.info("segments.build_cancelled")
        else:
            _fail(build, error)
    return True


def _claim(build_id: int) -> Build | None:
    taken = Build.objects.filter(pk=build_id, state=State.QUEUED).update(
        state=State.RUNNING, step=Step.EVALUATE, attempt=F("attempt") + 1, started_at=clock.now(),
        lease_until=timezone.now() + LEASE, backend_pid=Func(function="pg_backend_pid", output_field=IntegerField()),
    )  # fmt: skip
    return Build.objects.select_related("segment__workspace", "version").get(pk=build_id) if taken else None


def _build(build: Build) -> None:
    rule = _rule(build)
    staging.evaluate(build.segment.workspace, rule, minutes=LONGEST)
    _step(build, Step.COMPARE)
    with transaction.atomic():
        lock_in_transaction(TOPIC, build.workspace_id)  # updates that do not know of the fence are over after this
    _step(build, Step.WRITE)
    staging.note_moments(build.workspace_id)
    with transaction.atomic():
        staging.swap(build, rule)
        if not Build.objects.filter(pk=build.pk, attempt=build.attempt, state=State.RUNNING).update(
            state=State.DONE, step="", lease_until=None, backend_pid=None, finished_at=clock.now(),
            size=build.size, entered=build.entered, left=build.left,
        ):  # fmt: skip
            raise LostBuild
        _publish(build)


def _publish(build: Build) -> None:
    """The members are those of this version now; rules that name this segment are built anew."""
    segment = build.segment
    was = Segment.objects.values_list("version", flat=True).get(pk=segment.pk)
    fields: dict[str, Any] = {"version": build.version, "size": build.size, "state": Segment.State.LIVE}
    if build.entered or build.left:
        fields["changed_at"] = clock.now()
    Segment.objects.filter(pk=segment.pk).update(**fields)
    flags.close(segment.pk, Flag.Kind.FAILED)
    if was != build.version_id:
        from segments.engine.changing import rebuild_dependents

        rebuild_dependents(segment)


def _rule(build: Build) -> Rule:
    return index.rule_of(build.segment, build.version.rule if build.version else None)


def _step(build: Build, step: Build.Step) -> None:
    if not Build.objects.filter(pk=build.pk, attempt=build.attempt, state=State.RUNNING).update(step=step):
        raise LostBuild


def _is_mine(build: Build) -> bool:
    return Build.objects.filter(pk=build.pk, attempt=build.attempt, state=State.RUNNING).exists()


def _fail(build: Build, error: Exception) -> None:
    """The rule's own fault ends the build; anything else is tried again, a few times."""
    try:
        reason = fault(error)
    except DatabaseError:
        if build.attempt < MAX_ATTEMPTS:
            close(build, State.QUEUED)
            return
        reason = f"{type(error).__name__}: {error}"[:500]
    close(build, State.FAILED, error=reason)
    flags.put(build.segment_id, Flag.Kind.FAILED, {"error": reason, "paused": False})


@transaction.atomic
def close(build: Build, state: Build.State, *, error: str = "", is_cancelled: bool = False) -> bool:
    """Leave "running" or "queued" without result. Whom the build had left alone is looked at as usual again.

    Under the lock: an update that still knows the build as running notes its people first.
    """
    lock_in_transaction(TOPIC, build.workspace_id)
    over = {} if state == State.QUEUED else {"finished_at": clock.now()}
    closed = Build.objects.filter(pk=build.pk, attempt=build.attempt, state__in=[State.RUNNING, State.QUEUED]).update(
        state=state, step="", lease_until=None, backend_pid=None, error=error, is_cancelled=is_cancelled, **over
    )
    if closed:
        missed.give_back(build.workspace_id, build.pk)
    return bool(closed)


@contextmanager
def _heartbeat(build: Build) -> Iterator[None]:
    """Renew the lease from a thread of its own for as long as the block runs."""
    stop = Event()

    def renew() -> None:
        try:
            while not stop.wait(HEARTBEAT):
                mine = Build.objects.filter(pk=build.pk, attempt=build.attempt, state=State.RUNNING)
                mine.update(lease_until=timezone.now() + LEASE)
        finally:
            connections.close_all()

    thread = Thread(target=renew, name=f"build-{build.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
