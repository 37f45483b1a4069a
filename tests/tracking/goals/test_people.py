"""Who is who, and who is to be forgotten, changes what days counted: they are computed again and nothing is lost."""

from datetime import timedelta

import pytest

from mops.lib import clock
from tests.tracking.goals.test_computing import NOON, a_goal, arrive, bought, compute_all, counted, landed
from tests.tracking.sending import a_source
from tracking.goals import days
from tracking.models import ChangedDay, Conversion, Event, Merge, Source, Touchpoint
from tracking.profiles import deciding
from tracking.rights import erasure, person, retention
from workspaces.models import User, Workspace

EMAIL = "erika@example.org"


@pytest.fixture
def source(workspace: Workspace) -> Source:
    return a_source(workspace)


def identified(visitor: str, n: int = 1) -> dict[str, object]:
    return {"type": "identify", "anonymousId": visitor, "userId": "u-1", "messageId": f"i-{visitor}-{n}",
            "timestamp": (NOON + timedelta(days=2)).isoformat(), "traits": {"email": EMAIL}}  # fmt: skip


def erase(workspace: Workspace) -> None:
    erasure.erase(person.find(workspace, "email", EMAIL))


def test_two_visitors_who_prove_to_be_one_person_count_once_until_that_is_undone(
    workspace: Workspace, source: Source, marketer: User
) -> None:
    goal = a_goal(workspace, "person")
    arrive(source, bought(1, NOON + timedelta(days=1), "phone"), bought(2, NOON, "laptop"))
    compute_all()
    assert counted(goal) == ["o-laptop-2", "o-phone-1"]
    arrive(source, identified("phone"), identified("laptop"))
    compute_all()
    assert counted(goal) == ["o-laptop-2"]
    for merge in Merge.objects.order_by("-pk"):
        deciding.undo(workspace, merge.pk, marketer)
    compute_all()
    assert counted(goal) == ["o-laptop-2", "o-phone-1"]


def test_an_erasure_takes_the_person_out_of_the_counts_and_leaves_the_counts(workspace: Workspace, source: Source) -> None:
    goals = [a_goal(workspace, counting) for counting in ("always", "session", "person")]
    pages = a_goal(workspace, name="pages", kind="page", event="")
    arrive(source, identified("a"), landed(1, "?gclid=g-1", visitor="a"), bought(1, visitor="a"), bought(2, visitor="a"))
    arrive(source, bought(3, visitor="b"))
    compute_all()
    before = [len(counted(goal)) for goal in (*goals, pages)]
    assert before == [3, 2, 2, 1]
    erase(workspace)
    assert ChangedDay.objects.exists()
    compute_all()
    assert [len(counted(goal)) for goal in (*goals, pages)] == before
    assert Touchpoint.objects.count() == 2
    assert not Touchpoint.objects.filter(visitor="a").exists()
    assert not Touchpoint.objects.filter(click_id="g-1").exists()
    assert not Conversion.objects.filter(visitor="a").exists()
    days.mark(workspace, Conversion.objects.values_list("day", flat=True).distinct())
    compute_all()
    assert [len(counted(goal)) for goal in (*goals, pages)] == before


def test_conversions_and_touchpoints_end_with_the_events_they_come_from(
    workspace: Workspace, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    goal = a_goal(workspace)
    arrive(source, landed(1, "?gclid=g-1"), bought(1), bought(2))
    compute_all()
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(days=430))
    retention.apply(workspace)
    assert (Event.objects.count(), Touchpoint.objects.count()) == (0, 0)
    assert [key[:7] for key in counted(goal)] == ["erased-", "erased-"]
    assert not Conversion.objects.filter(visitor="a-1").exists()
    compute_all()
    assert len(counted(goal)) == 2
    assert retention.apply(workspace)["events"] == 0
