"""What a treatment brought, against orders counted by hand, and the flags that follow from it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from channels.models import FxRate
from mops.lib import clock
from segments import shares
from segments.holdouts import flagging, lift
from segments.models import Flag, Membership, PastMembership, Segment, SegmentDay
from tracking.models import Customer, Order, Profile
from workspaces.models import Member, Role, User, Workspace


@pytest.fixture
def segment(db: None) -> Segment:
    workspace = Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")
    today = clock.today("UTC")
    FxRate.objects.bulk_create(FxRate(currency="EUR", day=today - timedelta(n), rate=1) for n in range(200))
    return Segment.objects.create(workspace=workspace, name="Win back", state="live", holdout_percent=50, size=200)


def people(segment: Segment, number: int, *, days_ago: int, buys: str = "nobody") -> tuple[int, int]:
    """That many members since `days_ago`; "nobody", "treated" or "everybody" orders for 10 a day later. (treated, withheld)."""
    now, sides = clock.now(), [0, 0]
    for _ in range(number):
        profile = Profile.objects.create(workspace=segment.workspace, first_seen=now, last_seen=now)
        withheld = shares.bucket(segment.salt, profile.uuid) < 5000
        sides[withheld] += 1
        since = now - timedelta(days_ago)
        Membership.objects.create(workspace=segment.workspace, segment=segment, profile=profile, since=since, cause="build")
        if buys == "everybody" or (buys == "treated" and not withheld):
            order(segment, profile, since + timedelta(1))
    return sides[0], sides[1]


def order(segment: Segment, profile: Profile, at: object, net: int = 10) -> None:
    customer, _ = Customer.objects.get_or_create(workspace=segment.workspace, key=f"c{profile.pk}", profile=profile)
    Order.objects.create(
        workspace=segment.workspace, customer=customer, order_id=f"o{Order.objects.count()}", ordered_at=at, day=at.date(),  # type: ignore[attr-defined]
        gross=Decimal(net), net=Decimal(net), currency="EUR", channel="direct",
    )  # fmt: skip


def found(segment: Segment) -> lift.Lift:
    result = lift.lift(segment)
    assert result is not None
    return result


def test_it_compares_what_both_sides_bought(segment: Segment) -> None:
    treated, withheld = people(segment, 40, days_ago=40, buys="treated")
    result = found(segment)
    assert (result.treated.people, result.treated.converted, result.treated.revenue) == (treated, treated, 10 * treated)
    assert (result.withheld.people, result.withheld.converted, result.withheld.revenue) == (withheld, 0, 0)
    assert result.conversion
    assert result.conversion.is_clear


def test_it_watches_everybody_for_the_same_time(segment: Segment) -> None:
    people(segment, 4, days_ago=10, buys="everybody")  # not watched for 30 days yet
    people(segment, 4, days_ago=200, buys="everybody")  # too long ago
    assert found(segment).treated.people + found(segment).withheld.people == 0
    late = Profile.objects.create(workspace=segment.workspace, first_seen=clock.now(), last_seen=clock.now())
    since = clock.now() - timedelta(50)
    PastMembership.objects.create(
        workspace=segment.workspace,
        segment=segment,
        profile=late,
        since=since,
        until=since + timedelta(2),
        cause="build",
        end_cause="time",
    )
    order(segment, late, since + timedelta(31))
    order(segment, late, since - timedelta(1))
    result = found(segment)
    assert (result.treated.people + result.withheld.people, result.treated.converted + result.withheld.converted) == (1, 0)


def test_a_segment_without_a_control_group_has_no_lift(segment: Segment) -> None:
    segment.holdout_percent = 0
    assert lift.lift(segment) is None


def test_it_flags_a_segment_without_lift_and_takes_the_flag_back(segment: Segment) -> None:
    people(segment, 130, days_ago=40, buys="everybody")
    assert found(segment).is_without
    flagging.run()
    assert list(Flag.objects.filter(closed_at=None).values_list("kind", flat=True)) == ["no_lift"]
    Order.objects.filter(customer__profile__in=[
        membership.profile_id for membership in Membership.objects.select_related("profile")
        if shares.bucket(segment.salt, membership.profile.uuid) < 5000
    ]).delete()  # fmt: skip
    assert flagging.run() == 0
    assert Flag.objects.get().closed_at


def test_it_flags_what_is_empty_or_grew_tenfold(segment: Segment) -> None:
    SegmentDay.objects.create(
        workspace=segment.workspace, segment=segment, day=clock.today("Europe/Berlin") - timedelta(1), size=20, entered=0, left=0
    )
    flagging.run()
    assert Flag.objects.get().figures == {"before": 20, "now": 200}
    Segment.objects.update(size=0)
    flagging.run()
    assert set(Flag.objects.filter(closed_at=None).values_list("kind", flat=True)) == {"empty"}


@pytest.mark.parametrize(("said", "kept"), [("20", 20), ("51", 50), ("-1", 50), ("x", 50)])
def test_a_member_sets_the_share_that_is_withheld(segment: Segment, client: Client, said: str, kept: int) -> None:
    user = User.objects.create_user("mia@example.org", name="Mia Muster", language="en")
    Member.objects.create(workspace=segment.workspace, user=user, role=Role.MARKETER)
    client.force_login(user)
    client.post(f"/nordlicht/segments/{segment.pk}/lift/withhold", {"holdout_percent": said})
    assert Segment.objects.get().holdout_percent == kept
    assert b"holdout_percent" in client.get(f"/nordlicht/segments/{segment.pk}/lift/").content
