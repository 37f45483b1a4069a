"""The quality score: its parts by hand, and that every number is what was counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.importing import drain, import_source, run, take_back, upload
from tests.tracking.plan.plans import arrive, order, plan
from tests.tracking.sending import a_source, send
from tracking.models import Event, PlanViolation, Profile, Source
from tracking.plan import quality, violations
from tracking.plan.explaining import WORDS, judged
from tracking.plan.quality import PARTS, Sums
from tracking.rights import erasure, person
from workspaces.models import Workspace

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
counts = st.integers(0, 10**6)


@st.composite
def sums(draw: Any) -> Sums:
    """Any counts that can occur."""
    events = draw(counts)
    checked, tagged = draw(st.integers(0, events)), draw(st.integers(0, events))
    received, sources = draw(counts), draw(st.integers(0, 20))
    grounded, identified, late = (draw(st.integers(0, events)) for _ in range(3))
    duplicate, faulty = (draw(st.integers(0, received)) for _ in range(2))
    invalid, whole, awake = (draw(st.integers(0, of)) for of in (checked, tagged, sources))
    return Sums(events, checked, invalid, grounded, identified, late, tagged, whole, received, duplicate, faulty, sources, awake)


def test_the_weights_are_a_hundred_and_every_part_has_words() -> None:
    assert sum(part.weight for part in PARTS) == 100
    assert {part.code for part in PARTS} == set(WORDS)


def test_the_score_by_hand() -> None:
    some = Sums(events=100, checked=50, invalid=5, grounded=100, identified=80, late=10, tagged=20, tagged_whole=15,
                received=200, duplicate=20, faulty=10, sources=2, awake=1)  # fmt: skip
    # 30*.9 + 15*.95 + 15*1 + 10*.5 + 10*.8 + 10*.9 + 5*.9 + 5*.75
    assert quality.score(some) == pytest.approx(86.5)
    assert judged(some)[0].part.code == "fresh"
    without_plan = quality.score(Sums(events=10, grounded=10, identified=5, received=10))
    assert without_plan == pytest.approx(100 * (15 + 15 + 5 + 10 + 5) / 55)
    assert quality.score(Sums(sources=3)) is None


@given(st.floats(0, 100))
def test_a_score_is_shown_rounded_down_to_one_decimal(score: float) -> None:
    found = quality.shown(score)
    assert found is not None
    assert found == round(found, 1)
    assert found < 100 or score == pytest.approx(100, abs=1e-6)
    assert -1e-6 <= score - found < 0.1
    assert (quality.shown(89.64), quality.shown(99.97), quality.shown(None)) == (89.6, 99.9, None)


@given(sums())
def test_score_and_lost_points_are_a_hundred(some: Sums) -> None:
    score = quality.score(some)
    if score is None:
        assert some.events == some.received == 0
    else:
        assert 0 <= score <= 100 + 1e-9
        assert score + sum(one.lost for one in judged(some)) == pytest.approx(100)


@given(sums(), sums())
def test_sums_add_up_field_by_field(one: Sums, other: Sums) -> None:
    assert (one + other).events == one.events + other.events
    assert (one + other).awake == one.awake + other.awake


@pytest.mark.django_db(transaction=True)
def test_it_counts_what_came(workspace: Workspace, other: Workspace, time_machine: Any) -> None:
    time_machine.move_to(NOW - timedelta(days=1), tick=False)
    source, silent = a_source(workspace, legal_basis="Contract"), a_source(workspace, name="silent")
    a_source(workspace, "import", name="file")
    arrive(a_source(other), order("foreign"))
    plan(workspace)
    arrive(source, order(1), order(2, {"total": "1"}), {"type": "track", "event": "", "userId": "u"})
    time_machine.move_to(NOW, tick=False)
    arrive(source, order(1), order(3))
    send(source, "track", {"event": "X", "userId": "u", "context": {"userAgent": "Googlebot/2.1"}})
    arrive(source)
    found = quality.of(workspace)
    assert found.total == Sums(events=3, checked=3, invalid=1, grounded=3, identified=3, received=6, duplicate=1, faulty=1,
                               sources=2, awake=1)  # fmt: skip
    by_day = dict(found.days)
    assert (by_day[NOW.date()].events, by_day[NOW.date()].duplicate, by_day[NOW.date()].faulty) == (1, 1, 0)
    assert (by_day[NOW.date() - timedelta(days=1)].invalid, by_day[NOW.date() - timedelta(days=1)].faulty) == (1, 1)
    assert [(one.source.name, one.sums.awake) for one in found.sources] == [("file", 0), ("server", 1), ("silent", 0)]
    Source.objects.filter(pk=silent.pk).update(state="paused")
    assert quality.of(workspace).total.sources == 1


def test_the_page_explains_every_part(mia: Client, workspace: Workspace) -> None:
    plan(workspace)
    arrive(a_source(workspace), order(1), order(2, {"total": "1"}))
    page = mia.get(reverse("plan:quality", args=["nordlicht"]))
    text = page.content.decode()
    for words in WORDS.values():
        assert str(words.label) in text
        assert str(words.how) in text
    assert "1 of 2" in text
    assert page.context["score"] == pytest.approx(quality.score(quality.of(workspace).total))
    assert len(page.context["chart"].option["series"][0]["data"]) == quality.DAYS


def test_violations_are_filtered_and_old_ones_deleted(mia: Client, workspace: Workspace) -> None:
    source = a_source(workspace)
    version = plan(workspace)
    arrive(source, order(1, {"total": "1"}, context={"app": {"version": "2.0"}}), order(2, {"total": "1", "extra": 1}))
    url = reverse("plan:violations", args=["nordlicht"])
    assert mia.get(url).context["total"] == 3
    for chosen, number in (
        ({"release": "2.0"}, 1), ({"release": "-"}, 2), ({"kind": "type"}, 2), ({"kind": "property", "release": "2.0"}, 0),
        ({"source": str(source.pk)}, 3), ({"source": "x"}, 0), ({"event": "Order Completed"}, 3), ({"event": "a\0"}, 3),
    ):  # fmt: skip
        assert mia.get(url, chosen).context["total"] == number, chosen
    PlanViolation.objects.create(workspace=workspace, source=source, version=version, day=NOW.date() - timedelta(days=900),
                                 kind="type", number=1, last_at=NOW)  # fmt: skip
    assert violations.tidy() == 1


def goods(source: Source) -> Sums:
    """What is counted of a source over all days."""
    (found,) = [one for one in quality.of(source.workspace).sources if one.source.pk == source.pk]
    for part in PARTS[:3] + PARTS[4:]:
        assert 0 <= part.good(found.sums) <= part.of(found.sums), part.code
    return found.sums


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("erased", [0, 1, 2])
def test_an_undo_after_an_erasure_takes_out_what_it_still_knows(workspace: Workspace, erased: int) -> None:
    plan(workspace)
    source = import_source(workspace)
    other = "event,time,user id,app_version\nSigned Up,2026-10-01T09:00:00Z,u-9,\n"
    run(upload(workspace, "events", other, source))
    drain()
    before = goods(source)
    lines = "".join(f"Signed Up,2026-10-01T09:00:00Z,u-{n},{n}\n" for n in (1, 2))
    file = run(upload(workspace, "events", "event,time,user id,app_version\n" + lines, source))
    drain()
    for number in range(erased):
        erasure.erase(person.of_profile(Profile.objects.get(pk=Event.objects.get(user_id=f"u-{number + 1}").profile_id)))
    take_back(file)
    after = goods(source)
    assert (file.removed, Event.objects.count()) == (2 - erased, 1)
    assert (after.events, after.grounded, after.identified) == tuple(
        number + erased for number in (before.events, before.grounded, before.identified)
    )  # of those erased nobody knows any more what they were counted as: they stay as counted


@pytest.mark.django_db(transaction=True)
def test_an_undo_after_the_source_changed_its_consent_counts_no_more_good_than_there_are(workspace: Workspace) -> None:
    source = import_source(workspace)
    files = [run(upload(workspace, "events", f"event,time,user id\nX,2026-10-01T09:00:00Z,u-{n}\n", source)) for n in (1, 2)]
    drain()
    Source.objects.filter(pk=source.pk).update(consent_mode="required", legal_basis="")
    take_back(files[0])
    assert goods(source).events == 1
