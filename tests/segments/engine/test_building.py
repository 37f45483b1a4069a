"""Builds swap: old members or new ones, never half; killed, cancelled or failed they leave the old ones, and miss nobody."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from segments.engine import building, changing, checking, running, staging, sweeping, updating
from segments.models import Build, Due, Flag, Membership, Missed, PastMembership, Segment, Touched
from tests.segments.engine.town import Town, of_segment, viewed
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def in_the_middle(monkeypatch: pytest.MonkeyPatch, name: str, happens: Callable[[], None]) -> Iterator[None]:
    """Something happens on another connection right after this step of a build."""
    step = getattr(staging, name)

    def stepped(*args: object, **kwargs: object) -> None:
        step(*args, **kwargs)
        thread = Thread(target=lambda: (happens(), connections.close_all()))
        thread.start()
        thread.join()

    with monkeypatch.context() as patched:
        patched.setattr(staging, name, stepped)
        yield


def test_a_new_segment_has_no_members_until_it_is_built_then_all(town: Town) -> None:
    town.does("anna", "ben")
    segment = Segment.objects.create(workspace=town.workspace, name="Lookers")
    changing.save_rule(segment, viewed(1), expected_ms=5)
    assert not Membership.objects.exists()
    assert Build.objects.get().state == "queued"
    town.build()
    built = Build.objects.get()
    assert (built.state, built.size, built.entered, built.left, built.cause) == ("done", 2, 2, 0, "build")
    segment.refresh_from_db()
    assert (segment.state, segment.size, segment.version.number) == ("live", 2, 1)
    assert Due.objects.count() == 2


def test_a_changed_rule_writes_only_the_difference(town: Town) -> None:
    town.does("anna", "anna", "ben")
    lookers = town.segment(viewed(1))
    since = Membership.objects.get(profile_id=town.person("anna")).since
    changing.save_rule(lookers, viewed(2))
    assert len(town.members(lookers)) == 2  # the old ones, until the swap
    town.build()
    assert town.members(lookers) == {town.person("anna")}
    assert Membership.objects.get().since == since
    assert PastMembership.objects.get().end_cause == "rule"
    built = Build.objects.order_by("-pk")[0]
    assert (built.entered, built.left, built.size) == (0, 1, 1)


@pytest.mark.parametrize("step", ["evaluate", "note_moments"])
def test_what_happens_while_a_build_runs_is_not_lost(town: Town, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    town.does("anna", "ben")
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(2))

    def meanwhile() -> None:
        town.happens("anna", "clara", "clara")
        while running.run_once():
            pass
        assert not Touched.objects.exists()

    with in_the_middle(monkeypatch, step, meanwhile):
        town.build()
    assert town.members(lookers) == {town.person("anna"), town.person("clara")}
    assert not Missed.objects.exists()
    lookers.refresh_from_db()
    assert lookers.size == 2
    assert checking.check(town.workspace) == {}


def test_the_old_members_stay_true_while_a_build_evaluates(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(5))
    seen: list[int] = []

    def meanwhile() -> None:
        town.happens("anna")
        while running.run_once():
            pass
        seen.append(len(town.members(lookers)))

    with in_the_middle(monkeypatch, "evaluate", meanwhile):
        town.build()
    assert seen == [1]
    assert town.members(lookers) == set()


@pytest.mark.parametrize("step", ["evaluate", "note_moments"])
def test_a_build_whose_worker_dies_is_built_again_and_leaves_nobody_behind(
    town: Town, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    class Killed(BaseException):
        pass

    town.does("anna")
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(2))

    def meanwhile() -> None:
        town.happens("ben")
        while running.run_once():
            pass

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, in_the_middle(patched, step, meanwhile):
        patched.setattr(staging, "swap", die)
        with pytest.raises(Killed):
            town.build()
    assert sweeping.sweep() == 0  # its lease still runs
    Build.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    assert sweeping.sweep() == 1
    while running.run_once():
        pass
    assert town.members(lookers) == {town.person("anna"), town.person("ben")}  # the old rule is true again
    town.build()
    assert town.members(lookers) == set()
    assert Build.objects.order_by("-pk")[0].attempt == 2


def test_a_build_that_keeps_dying_fails(town: Town) -> None:
    lookers = town.segment(viewed(1))
    queued = changing.build(lookers, lookers.version)
    past = timezone.now() - timedelta(seconds=1)
    Build.objects.filter(pk=queued.pk).update(state="running", attempt=building.MAX_ATTEMPTS, lease_until=past)
    sweeping.sweep()
    queued.refresh_from_db()
    assert queued.state == "failed"
    assert "again and again" in queued.error


def test_a_cancelled_build_leaves_the_old_members(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.does("anna")
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(2))
    with in_the_middle(monkeypatch, "evaluate", lambda: changing.cancel(Build.objects.get(state="running"))):
        town.build()
    assert Build.objects.order_by("-pk")[0].state == "cancelled"
    assert town.members(lookers) == {town.person("anna")}
    town.does("ben")
    assert len(town.members(lookers)) == 2


def test_a_statement_is_interrupted(town: Town) -> None:
    """Cancelling does not wait for the evaluation to end."""
    from django.db import connection

    lookers = town.segment(viewed(1))
    queued = changing.build(lookers, lookers.version)
    building._claim(queued.pk)
    thread = Thread(target=lambda: (changing.cancel(queued), connections.close_all()))
    with connection.cursor() as cursor:
        thread.start()
        with pytest.raises(OperationalError, match="user request"):
            cursor.execute("SELECT pg_sleep(30)")
    thread.join()
    queued.refresh_from_db()
    assert (queued.state, queued.is_cancelled) == ("cancelled", True)


def test_a_new_rule_takes_the_place_of_a_build_that_waits(town: Town) -> None:
    town.does("anna", "anna")
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(9))
    changing.save_rule(lookers, viewed(2))
    assert [one.state for one in Build.objects.order_by("pk")] == ["done", "cancelled", "queued"]
    town.build()
    assert len(town.members(lookers)) == 1
    lookers.refresh_from_db()
    assert lookers.version.number == 3


def test_a_rule_that_cannot_be_computed_fails_its_build_with_a_flag(town: Town) -> None:
    town.does("anna")
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, {"version": 1, "where": {"kind": "segment", "segment": 999_999, "member": True}})
    town.build()
    assert Build.objects.order_by("-pk")[0].state == "failed"
    assert Flag.objects.get().kind == "failed"
    lookers.refresh_from_db()
    assert (lookers.state, town.members(lookers)) == ("live", {town.person("anna")})


def test_dependents_are_built_anew_when_an_inner_rule_changes(town: Town) -> None:
    town.does("anna", "anna", "ben")
    lookers = town.segment(viewed(1), "Lookers")
    inside = town.segment(of_segment(lookers), "Inside")
    outside = town.segment(of_segment(inside, member=False), "Outside")
    assert (len(town.members(inside)), len(town.members(outside))) == (2, 0)
    changing.save_rule(lookers, viewed(2))
    town.build()
    assert town.members(inside) == town.members(lookers) == {town.person("anna")}
    assert town.members(outside) == {town.person("ben")}


def test_an_update_waits_for_its_turn(town: Town) -> None:
    from django.db import transaction

    from mops.lib.locks import lock_in_transaction
    from segments.engine import TOPIC

    town.happens("anna")
    found: list[int] = []
    with transaction.atomic():
        lock_in_transaction(TOPIC, town.workspace.pk)
        thread = Thread(target=lambda: (found.append(updating.update(town.workspace.pk)), connections.close_all()))
        thread.start()
        thread.join()
    assert found == [0]
    assert updating.update(town.workspace.pk) == 1


def test_a_reader_sees_old_members_or_new_ones(town: Town, workspace: Workspace) -> None:
    """While a segment changes to and fro, its members are always one of the two sets."""
    from threading import Event

    town.does("anna", "anna", "ben", "clara", "clara")
    lookers = town.segment(viewed(1))
    both = {frozenset(town.members(lookers)), frozenset({town.person("anna"), town.person("clara")})}
    seen: set[frozenset[int]] = set()
    over = Event()

    def read() -> None:
        while not over.is_set():
            seen.add(frozenset(town.members(lookers)))
        connections.close_all()

    reader = Thread(target=read)
    reader.start()
    for number in range(10):
        changing.save_rule(lookers, viewed(2 if number % 2 == 0 else 1))
        town.build()
    over.set()
    reader.join()
    assert seen <= both


def test_an_update_under_way_when_a_build_ends_leaves_nobody_behind(town: Town) -> None:
    """It knows the build as running and notes its people for it; whoever closes the build waits for that."""
    from threading import Event

    from django.db import transaction

    from mops.lib.locks import lock_in_transaction
    from segments.engine import TOPIC, missed

    town.does("anna")
    anna = town.person("anna")
    lookers = town.segment(viewed(1))
    changing.build(lookers, lookers.version)
    build = building._claim(Build.objects.get(state="queued").pk)
    assert build
    noted = Event()

    def look() -> None:
        with transaction.atomic():
            lock_in_transaction(TOPIC, town.workspace.pk)
            missed.note(town.workspace.pk, [anna])
            noted.set()
            time.sleep(0.3)
        connections.close_all()

    thread = Thread(target=look)
    thread.start()
    assert noted.wait(10)
    building.close(build, Build.State.QUEUED)
    thread.join()
    assert not Missed.objects.exists()
    assert Touched.objects.get().profile_id == anna


def test_a_build_without_its_connection_fences_nothing_off(town: Town) -> None:
    from segments.engine import missed

    lookers = town.segment(viewed(1))
    changing.build(lookers, lookers.version)
    build = building._claim(Build.objects.get(state="queued").pk)
    Build.objects.update(step="write")
    assert missed.note(town.workspace.pk, []) == {lookers.pk}
    Build.objects.filter(pk=build.pk if build else 0).update(backend_pid=-1)
    assert missed.note(town.workspace.pk, []) == set()
