"""What somebody does, and what time does, moves them in and out of segments at once; each stay is kept with its cause."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from mops.lib import clock
from segments.engine import running, touched, updating
from segments.engine.writing import MembershipChange, memberships_changed
from segments.models import Due, Flag, Membership, PastMembership, Segment, Touched
from tests.segments.engine.town import DAY, Town, of_segment, viewed
from tracking import changes
from tracking.models import Profile

Later = Callable[[timedelta], None]


def test_an_event_makes_a_member_with_its_cause(town: Town) -> None:
    lookers = town.segment(viewed(2))
    town.does("anna")
    assert town.members(lookers) == set()
    town.does("anna", "ben")
    assert town.members(lookers) == {town.person("anna")}
    stay = Membership.objects.get()
    assert (stay.cause, stay.detail) == ("change", "track:Product Viewed")
    lookers.refresh_from_db()
    assert (lookers.size, lookers.changed_at) == (1, stay.since)


def test_notes_are_gone_with_the_update_that_looked_at_them(town: Town) -> None:
    town.happens("anna", "ben")
    assert Touched.objects.count() > 0
    town.settle()
    assert not Touched.objects.exists()


def test_a_note_is_undone_with_the_data(town: Town) -> None:
    from django.db import transaction

    with transaction.atomic():
        changes.tell(town.workspace.pk, [(1, "order")])
        transaction.set_rollback(True)
    assert not Touched.objects.exists()


def test_time_alone_ends_a_stay_at_the_very_moment(town: Town, later: Later) -> None:
    lookers = town.segment(viewed(1, days=7))
    town.does("anna")
    anna = town.person("anna")
    due = Due.objects.get(profile_id=anna).at
    later(due - clock.now() - timedelta(seconds=30))
    town.settle()
    assert town.members(lookers) == {anna}
    later(timedelta(seconds=31))
    town.settle()
    assert town.members(lookers) == set()
    past = PastMembership.objects.get()
    assert (past.cause, past.end_cause) == ("change", "time")
    assert due <= past.until < due + timedelta(seconds=20)
    assert not Due.objects.exists()


def test_an_old_event_that_comes_late_counts_when_it_happened(town: Town) -> None:
    lookers = town.segment(viewed(1, days=7))
    town.does("anna", at=clock.now() - 8 * DAY)
    town.does("ben", at=clock.now() - 6 * DAY)
    assert town.members(lookers) == {town.person("ben")}
    assert Due.objects.get(profile_id=town.person("ben")).at < clock.now() + 2 * DAY


def test_only_segments_a_change_can_move_are_asked(town: Town) -> None:
    from segments.engine import index

    lookers = town.segment(viewed(1), "Lookers")
    buyers = town.segment(viewed(1, name="Order Completed"), "Buyers")
    found = index.of(town.workspace)
    assert set(found.moved_by({"track:Product Viewed"})) == {lookers.pk}
    assert set(found.moved_by({"track:Order Completed", "trait"})) == {buyers.pk}
    assert set(found.moved_by({changes.PERSON})) == {lookers.pk, buyers.pk}
    assert found.timed == {lookers.pk, buyers.pk}


def test_the_index_is_read_again_when_a_segment_changes(town: Town) -> None:
    from segments.engine import changing, index

    lookers = town.segment(viewed(1))
    assert set(index.of(town.workspace).rules) == {lookers.pk}
    changing.pause(lookers)
    assert set(index.of(town.workspace).rules) == set()


def test_a_merge_ends_the_stays_of_the_profile_that_was_absorbed(town: Town) -> None:
    lookers = town.segment(viewed(2))
    town.does("anna", "anna")
    send_anonymous(town, "device-1", times=1)
    device = (town.living() - {town.person("anna")}).pop()
    send_anonymous(town, "device-1", times=1)
    assert town.members(lookers) == {town.person("anna"), device}
    town.merge("anna", "device-1", clock.now())
    town.settle()
    survivor = town.person("anna")
    assert town.living() == {survivor}
    assert town.members(lookers) == {survivor}
    assert PastMembership.objects.get().end_cause == "change"


def send_anonymous(town: Town, device: str, times: int) -> None:
    from tests.tracking.sending import send
    from tracking.ingest import run

    for _ in range(times):
        town.sent += 1
        said = {"type": "track", "event": "Product Viewed", "anonymousId": device, "messageId": f"d-{town.sent}"}
        assert send(town.source, "track", said).status_code == 200
    run.run_batch()
    town.settle()


def test_a_profile_that_is_deleted_leaves_nothing_behind(town: Town) -> None:
    from tracking.models import Profile

    town.segment(viewed(1))
    town.does("anna")
    town.happens("anna")
    Profile.objects.get(pk=town.person("anna")).delete()
    town.settle()
    assert not Membership.objects.exists()
    assert not PastMembership.objects.exists()
    assert not Touched.objects.exists()


def test_changes_are_told_inside_the_transaction(town: Town) -> None:
    told: list[MembershipChange] = []

    def listen(changes: list[MembershipChange], **_: object) -> None:
        from django.db import connection

        assert connection.in_atomic_block
        told.extend(changes)

    lookers = town.segment(viewed(1))
    memberships_changed.connect(listen)
    try:
        town.does("anna")
        town.does("anna")
    finally:
        memberships_changed.disconnect(listen)
    assert [(one.segment_id, one.profile_id, one.entered) for one in told] == [(lookers.pk, town.person("anna"), True)]


def test_a_rule_that_fails_stops_itself_only(town: Town) -> None:
    lookers = town.segment(viewed(1), "Lookers")
    broken = town.segment(viewed(1), "Broken")
    broken.version.__class__.objects.filter(pk=broken.version_id).update(rule={"version": 1, "where": {"kind": "nonsense"}})
    Segment.objects.filter(pk=broken.pk).update(state="live")
    from segments.engine import index

    index.forget()
    town.does("anna")
    assert town.members(lookers) == {town.person("anna")}
    broken.refresh_from_db()
    assert broken.state == "paused"
    flag = Flag.objects.get(segment=broken)
    assert flag.kind == "failed"
    assert flag.figures["error"]


def test_one_workspace_does_not_move_another(town: Town, other_workspace: object) -> None:
    other = Town(other_workspace)  # type: ignore[arg-type]
    ours, theirs = town.segment(viewed(1)), other.segment(viewed(1))
    town.does("anna")
    assert town.members(ours)
    assert not other.members(theirs)


def test_many_deleted_people_are_noted_with_one_statement(town: Town) -> None:
    town.happens("anna", "ben", "cleo")
    town.settle()
    people = set(Profile.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as queries:
        Profile.objects.filter(pk__in=people).delete()
    assert sum("INSERT INTO segments_touched" in query["sql"] for query in queries) == 1
    assert set(Touched.objects.values_list("profile_id", flat=True)) == people
    assert set(Touched.objects.values_list("facet", flat=True)) == {changes.PERSON}


def test_five_hundred_people_are_one_update_and_the_rest_the_next(town: Town) -> None:
    everybody = [f"user-{number}" for number in range(touched.PEOPLE + 20)]
    lookers = town.segment(viewed(1))
    town.happens(*everybody[:400])
    town.happens(*everybody[400:])
    assert updating.update(town.workspace.pk) == touched.PEOPLE
    assert updating.update(town.workspace.pk) == 20
    assert running.run_once() == 0
    assert town.members(lookers) == town.living()


def test_a_segment_of_a_segment_moves_with_it(town: Town) -> None:
    lookers = town.segment(viewed(1), "Lookers")
    others = town.segment(of_segment(lookers, member=False), "Others")
    town.does("ben", event="Signed Up")
    assert town.members(others) == {town.person("ben")}
    town.does("ben")
    assert town.members(lookers) == {town.person("ben")}
    assert town.members(others) == set()


def test_an_event_that_makes_two_visits_one_is_seen_by_rules_of_other_events(town: Town) -> None:
    """Two page views forty minutes apart are two visits, until something between them shows that it was one."""
    from tests.tracking.sending import send
    from tracking.ingest import run

    event = {"kind": "event", "event": {"type": "page"}, "measure": "visits", "operator": "gte", "value": 2, "window": {"days": 7}}
    visitors = town.segment({"version": 1, "where": event})
    now = clock.now().replace(hour=12)
    now = now if now < clock.now() else now - DAY

    def happens(type_: str, minutes: int) -> None:
        town.sent += 1
        at = (now - timedelta(minutes=minutes)).isoformat()
        said = {"type": type_, "event": "Scrolled", "anonymousId": "device-1", "messageId": f"v-{town.sent}", "timestamp": at}
        assert send(town.source, "batch", {"batch": [said]}).status_code == 200
        run.run_batch()
        town.settle()

    happens("page", 50)
    happens("page", 10)
    assert town.members(visitors) == town.living()
    happens("track", 30)
    assert town.members(visitors) == set()
