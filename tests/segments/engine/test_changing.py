"""Pause, resume, archive and lists: what people do takes hold at once, also for the segments that name the one they changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from mops.lib import clock
from segments.engine import changing, checking, days, lists
from segments.models import Build, ListEntry, Membership, PastMembership, Segment, SegmentDay
from tests.segments.engine.town import DAY, Town, of_segment, viewed

Later = Callable[[timedelta], None]


def test_a_paused_segment_stands_still_until_it_is_resumed(town: Town) -> None:
    lookers = town.segment(viewed(1))
    town.does("anna")
    changing.pause(lookers)
    town.does("ben")
    assert town.members(lookers) == {town.person("anna")}
    changing.resume(lookers)
    town.build()
    assert town.members(lookers) == {town.person("anna"), town.person("ben")}
    lookers.refresh_from_db()
    assert (lookers.state, lookers.size) == ("live", 2)


def test_an_archived_segment_has_no_members_and_its_name_is_free(town: Town) -> None:
    lookers = town.segment(viewed(1))
    town.does("anna")
    changing.archive(lookers)
    lookers.refresh_from_db()
    assert (lookers.state, lookers.size, town.members(lookers)) == ("archived", 0, set())
    assert PastMembership.objects.get().end_detail == "archived"
    town.does("ben")
    assert town.members(lookers) == set()
    Segment.objects.create(workspace=town.workspace, name=lookers.name)


def test_a_segment_that_others_name_is_not_archived(town: Town) -> None:
    lookers = town.segment(viewed(1), "Lookers")
    town.segment(of_segment(lookers), "Inside")
    with pytest.raises(changing.UnableToArchive, match="Inside"):
        changing.archive(lookers)


def test_a_build_of_a_paused_segment_is_cancelled(town: Town) -> None:
    lookers = town.segment(viewed(1))
    changing.save_rule(lookers, viewed(2))
    changing.pause(lookers)
    assert not Build.objects.filter(state="queued").exists()


def test_people_are_put_on_a_list_and_taken_off(town: Town) -> None:
    town.does("anna", "ben")
    anna, ben = town.person("anna"), town.person("ben")
    guests = town.list()
    inside = town.segment(of_segment(guests), "Inside")
    assert lists.add(guests, [anna, ben, 999_999]) == 2
    assert lists.add(guests, [anna]) == 0
    assert town.members(guests) == {anna, ben}
    assert Membership.objects.filter(segment=guests).first().cause == "list"
    town.settle()
    assert town.members(inside) == {anna, ben}
    assert lists.remove(guests, [anna]) == 1
    town.settle()
    assert town.members(guests) == town.members(inside) == {ben}
    guests.refresh_from_db()
    assert guests.size == 1
    assert checking.check(town.workspace) == {}


def test_an_entry_follows_its_person_through_a_merge(town: Town) -> None:
    from tests.segments.engine.test_updating import send_anonymous

    guests = town.list()
    town.does("anna")
    known = town.living()
    send_anonymous(town, "device-1", times=1)
    lists.add(guests, [*known, *(town.living() - known)])
    town.merge("anna", "device-1", clock.now())
    town.settle()
    assert town.members(guests) == town.living() == {town.person("anna")}
    assert ListEntry.objects.get().profile_id == town.person("anna")
    guests.refresh_from_db()
    assert guests.size == 1


def test_wrong_members_are_found_flagged_and_corrected(town: Town) -> None:
    lookers = town.segment(viewed(1))
    town.does("anna", "ben")
    town.does("clara", event="Signed Up")
    assert checking.check(town.workspace) == {}
    Membership.objects.filter(profile_id=town.person("anna")).delete()
    Membership.objects.create(
        workspace=town.workspace, segment=lookers, profile_id=town.person("clara"), since=clock.now(), cause="build"
    )
    Segment.objects.filter(pk=lookers.pk).update(size=77)
    assert checking.check(town.workspace) == {lookers.pk: 2}
    assert lookers.flags.get().figures == {"people": 2}
    town.settle()
    assert town.members(lookers) == {town.person("anna"), town.person("ben")}
    assert checking.check(town.workspace) == {}
    lookers.refresh_from_db()
    assert lookers.size == 2
    assert lookers.flags.get().closed_at is not None


def test_people_who_wait_are_no_difference(town: Town, later: Later) -> None:
    town.segment(viewed(1, days=7))
    town.does("anna")
    town.happens("ben")
    assert checking.check(town.workspace) == {}
    later(8 * DAY)
    assert checking.check(town.workspace) == {}


def test_days_keep_size_entries_and_exits(town: Town, later: Later) -> None:
    lookers = town.segment(viewed(1, days=7))
    town.does("anna", "ben")
    days.close()
    later(DAY)
    town.does("clara")
    days.close()
    later(6 * DAY + timedelta(hours=12))
    town.settle()
    days.close()
    days.close()
    rows = SegmentDay.objects.filter(segment=lookers).order_by("day").values_list("size", "entered", "left")
    assert [row for row in rows if row != (3, 0, 0)] == [(2, 2, 0), (3, 1, 0), (1, 0, 2)]


def test_retention_moves_members_too(town: Town, later: Later) -> None:
    from tracking.rights import retention

    lookers = town.segment(viewed(1, days=None))
    town.does("anna")
    later(500 * DAY)
    town.does("anna", event="Signed In")
    assert len(town.members(lookers)) == 1
    retention.apply(town.workspace)
    town.settle()
    assert town.members(lookers) == set()


def test_an_erased_person_is_in_no_table(town: Town) -> None:
    from django.apps import apps

    from tracking.models import Profile
    from tracking.rights import erasure, person

    lookers, guests = town.segment(viewed(1)), town.list()
    town.does("anna", "ben")
    town.does("anna", event="Signed Up")
    anna = town.person("anna")
    lists.add(guests, [anna])
    lists.remove(guests, [anna])
    lists.add(guests, [anna])
    erasure.erase(person.of_profile(Profile.objects.get(pk=anna)))
    town.settle()
    for model in apps.get_app_config("segments").get_models():
        for name in ("profile", "profile_id"):
            if any(name == field.name for field in model._meta.get_fields()):
                assert not model._default_manager.filter(**{name: anna}).exists(), model
    assert town.members(lookers) == {town.person("ben")}
