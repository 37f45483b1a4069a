"""Conversions and touchpoints: computed from the events of a day, the same however often and in whatever order."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from channels.models import AdAccount, Connection, PlatformCampaign
from mops.lib.period import Period
from tests.tracking.sending import a_source, send
from tracking.goals import computing, days, figures
from tracking.ingest import run
from tracking.models import ChangedDay, Conversion, Goal, Session, Source, Touchpoint
from workspaces.models import Workspace

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY = date(2026, 11, 2)


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return a_source(workspace)


@pytest.fixture
def campaign(workspace: Workspace) -> PlatformCampaign:
    connection = Connection(workspace=workspace, platform="google_ads", name="Ads")
    connection.credentials = {"refresh_token": "x"}
    connection.save()
    account = AdAccount.objects.create(
        workspace=workspace, connection=connection, platform="google_ads", external_id="1", name="A", currency="EUR",
        time_zone="Europe/Berlin",
    )  # fmt: skip
    return PlatformCampaign.objects.create(
        workspace=workspace, account=account, external_id="4711", name="DE_Brand", channel="paid_search"
    )


def bought(n: int, at: datetime = NOON, visitor: str = "a-1", **properties: Any) -> dict[str, Any]:
    said = {"order_id": f"{visitor}-{n}", "total": 100 + n, "currency": "EUR", **properties}
    return {"type": "track", "event": "Order Completed", "anonymousId": visitor, "messageId": f"o-{visitor}-{n}",
            "timestamp": at.isoformat(), "properties": said}  # fmt: skip


def landed(n: int, query: str = "", at: datetime = NOON, visitor: str = "a-1") -> dict[str, Any]:
    return {"type": "page", "anonymousId": visitor, "messageId": f"p-{visitor}-{n}", "timestamp": at.isoformat(),
            "context": {"page": {"url": f"https://shop.example/{query}"}}}  # fmt: skip


def arrive(source: Source, *events: dict[str, Any]) -> None:
    for event in events:
        assert send(source, "batch", {"batch": [event]}).status_code == 200
    while run.run_batch():
        pass


def a_goal(workspace: Workspace, counting: str = "always", **fields: Any) -> Goal:
    usual = {"name": counting, "event": "Order Completed", "value_property": "total"}
    return Goal.objects.create(workspace=workspace, counting=counting, **(usual | fields))


def counted(goal: Goal) -> list[str]:
    return sorted(Conversion.objects.filter(goal=goal).values_list("message_id", flat=True))


def compute_all() -> None:
    while computing.run_waiting():
        pass


def test_it_counts_every_time_once_per_visit_and_once_per_person(workspace: Workspace, source: Source) -> None:
    goals = [a_goal(workspace, counting) for counting in ("always", "session", "person")]
    tomorrow = NOON + timedelta(days=1)
    arrive(source, bought(1), bought(2, NOON + timedelta(minutes=1)), bought(3, NOON + timedelta(hours=2)), bought(4, tomorrow))
    compute_all()
    assert [counted(goal) for goal in goals] == [
        ["o-a-1-1", "o-a-1-2", "o-a-1-3", "o-a-1-4"], ["o-a-1-1", "o-a-1-3", "o-a-1-4"], ["o-a-1-1"],
    ]  # fmt: skip


def test_conditions_and_values_decide_what_counts_and_for_how_much(workspace: Workspace, source: Source) -> None:
    over = [{"property": "total", "operator": "gte", "value": "102"}]
    goal = a_goal(workspace, conditions=over, default_value=Decimal(5))
    arrive(source, bought(1), bought(2), bought(3, total="free"), bought(4, currency="GBP"))
    compute_all()
    found = figures.by_goal(workspace, Period(DAY, DAY + timedelta(days=1)))[goal.pk]
    assert counted(goal) == ["o-a-1-2", "o-a-1-4"]
    assert found == (2, Decimal(102))  # pounds are counted and not added to euros


def test_a_text_that_is_no_amount_falls_back(workspace: Workspace, source: Source) -> None:
    goal = a_goal(workspace, default_value=Decimal(5))
    arrive(source, bought(1, total="12,00 EUR"), bought(2, total="12.50"), bought(3, total=10**30))
    compute_all()
    assert sorted(Conversion.objects.filter(goal=goal).values_list("value", flat=True)) == [5, 5, Decimal("12.5")]


@pytest.mark.parametrize("seed", range(4))
def test_late_and_shuffled_events_give_the_same_conversions(workspace: Workspace, source: Source, seed: int) -> None:
    goals = [a_goal(workspace, counting) for counting in ("always", "session", "person")]
    events = [bought(n, NOON + timedelta(hours=9 * n), visitor) for n in range(6) for visitor in ("a", "b")]
    events += [landed(n, "?utm_medium=email", NOON + timedelta(hours=9 * n, minutes=-5), "a") for n in range(6)]
    random.Random(seed).shuffle(events)
    for start in range(0, len(events), 5):
        arrive(source, *events[start : start + 5])
        compute_all()
    assert [len(counted(goal)) for goal in goals] == [12, 12, 2]
    assert counted(goals[2]) == ["o-a-0", "o-b-0"]
    assert set(Conversion.objects.filter(visitor="a").values_list("channel", flat=True)) == {"email"}
    before = list(Conversion.objects.order_by("pk").values())
    days.mark(workspace, {row["day"] for row in before})
    compute_all()
    assert list(Conversion.objects.order_by("pk").values()) == before


def test_what_a_goal_would_count_is_what_it_counts(workspace: Workspace, source: Source) -> None:
    arrive(source, bought(1), bought(2), landed(1))
    until = NOON + timedelta(days=1)
    unsaved = Goal(workspace=workspace, event="Order Completed", value_property="total", counting="session")
    assert computing.count(workspace, unsaved, NOON - timedelta(days=1), until) == (1, Decimal(101))
    anywhere = Goal(workspace=workspace, kind="page", counting="always")
    assert computing.count(workspace, anywhere, NOON - timedelta(days=1), until).conversions == 1


def test_an_archived_goal_keeps_what_it_counted_and_counts_no_more(workspace: Workspace, source: Source) -> None:
    goal = a_goal(workspace)
    arrive(source, bought(1))
    compute_all()
    Goal.objects.update(state="archived")
    arrive(source, bought(2))
    compute_all()
    assert counted(goal) == ["o-a-1-1"]


def test_a_day_that_changes_while_it_is_computed_waits_again(workspace: Workspace) -> None:
    days.mark(workspace, [DAY])
    [seen] = days.waiting(10)
    days.mark(workspace, [DAY])
    days.done(seen)
    assert ChangedDay.objects.count() == 1


def points() -> dict[str, tuple[str, str | None]]:
    rows = Touchpoint.objects.values_list("visitor", "matched_by", "platform_campaign__external_id")
    return {visitor: (how, campaign) for visitor, how, campaign in rows}


def test_a_visit_finds_its_campaign_by_utm_id_by_click_id_and_by_name(
    workspace: Workspace, source: Source, campaign: PlatformCampaign
) -> None:
    arrive(
        source, landed(1, "?utm_id=4711&gclid=click-1&utm_campaign=old", visitor="id"),
        landed(1, "?gclid=click-1", visitor="click"),
        landed(1, "?utm_campaign=de_brand", visitor="name"), landed(1, "?utm_campaign=other&gclid=click-2", visitor="none"),
    )  # fmt: skip
    compute_all()
    assert points() == {
        "id": ("utm_id", "4711"), "click": ("click_id", "4711"), "name": ("name", "4711"), "none": ("", None),
    }  # fmt: skip


def test_a_click_id_is_explained_by_a_visit_that_arrives_later(
    workspace: Workspace, source: Source, campaign: PlatformCampaign
) -> None:
    arrive(source, landed(1, "?gclid=click-1", visitor="click"))
    compute_all()
    assert points() == {"click": ("", None)}
    arrive(source, landed(1, "?utm_id=4711&gclid=click-1", NOON - timedelta(days=3), visitor="id"))
    compute_all()
    assert points()["click"] == ("click_id", "4711")


def test_every_visit_is_one_touchpoint_also_after_visits_were_joined(workspace: Workspace, source: Source) -> None:
    arrive(source, landed(1), landed(3, at=NOON + timedelta(minutes=50)))
    compute_all()
    assert Touchpoint.objects.count() == 2
    arrive(source, landed(2, at=NOON + timedelta(minutes=25)))
    compute_all()
    assert set(Touchpoint.objects.values_list("session_id", flat=True)) == set(Session.objects.values_list("id", flat=True))
    assert Touchpoint.objects.count() == 1
