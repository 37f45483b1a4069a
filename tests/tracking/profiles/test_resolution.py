"""Identity resolution on PostgreSQL: who becomes one person, and that the order of arrival has no say in it."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tracking.profiles.seeing import NOON, groups, people, resolve_all, seen
from tracking import blind_index
from tracking.models import DuplicateSuggestion, Identity, Merge, Profile
from tracking.profiles.batch import Observation
from tracking.profiles.resolution import resolve
from workspaces.models import Workspace


def test_it_joins_what_is_seen_together(workspace: Workspace) -> None:
    found = resolve(workspace, [seen(1, "a1"), seen(2, "u1", "a1"), seen(3, "u1", "e1"), seen(4, "a2")])
    assert people(workspace) == groups("a1 u1 e1", "a2")
    assert found[1] == found[2] == found[3] != found[4]


def test_it_merges_profiles_that_turn_out_to_be_one_and_keeps_both_rows(workspace: Workspace) -> None:
    before = resolve(workspace, [seen(1, "a1"), seen(2, "u1")])
    after = resolve(workspace, [seen(3, "u1", "a1")])
    assert people(workspace) == groups("a1 u1")
    merge = Merge.objects.get()
    assert (merge.into_id, merge.source_id) == (after[3], max(before.values()))
    assert Profile.objects.get(pk=merge.source_id).merged_into_id == merge.into_id
    assert merge.evidence["links"][0]["kinds"] == ["user_id", "anonymous_id"]


def test_it_points_merged_profiles_at_the_one_that_lives(workspace: Workspace) -> None:
    resolve_all(workspace, [seen(1, "a1"), seen(2, "a2"), seen(3, "a3"), seen(4, "e1", "a2", "a3"), seen(5, "e1", "a1")], 1)
    living = Profile.objects.get(merged_into=None)
    assert set(Profile.objects.exclude(pk=living.pk).values_list("merged_into", flat=True)) == {living.pk}
    assert (living.first_seen, living.last_seen) == (NOON + timedelta(minutes=1), NOON + timedelta(minutes=5))


def test_it_never_joins_two_user_ids_by_itself(workspace: Workspace) -> None:
    resolve(workspace, [seen(1, "u1", "a1"), seen(2, "u2", "a1"), seen(3, "u2", "e1")])
    assert people(workspace) == groups("u1 a1", "u2 e1")
    assert DuplicateSuggestion.objects.get().reason == "two_users"


def test_it_joins_user_ids_under_one_crm_id(workspace: Workspace) -> None:
    resolve_all(workspace, [seen(1, "u1", "a1"), seen(2, "u2", "a2"), seen(3, "u1", "c1"), seen(4, "u2", "c1")], 1)
    assert people(workspace) == groups("u1 u2 c1 a1 a2")


def test_it_stops_linking_by_a_device_that_many_people_use(workspace: Workspace) -> None:
    resolve_all(workspace, [seen(n, f"u{n}", "a1") for n in range(1, 4)], 1)
    assert groups("u1 a1") < people(workspace)
    resolve(workspace, [seen(4, "u4", "a1")])
    assert people(workspace) == groups("u1", "u2", "u3", "u4", "a1")
    assert Identity.objects.get(guard="shared").users == 4


def test_it_stops_linking_an_id_that_floods(workspace: Workspace) -> None:
    found = resolve_all(workspace, [seen(n, "u1", f"a{n}") for n in range(300)])
    assert Identity.objects.get(guard="flooded").leaves == 300
    assert len(people(workspace)) == 301
    assert len(set(found.values())) == 1  # the events say themselves whose they are


def test_it_takes_nobody_for_somebody_in_another_workspace(workspace: Workspace, other: Workspace) -> None:
    here, there = resolve(workspace, [seen(1, "u1", "e1")]), resolve(other, [seen(1, "u1", "e1")])
    assert here != there
    indexes = {workspace_id: set() for workspace_id in (workspace.pk, other.pk)}  # type: dict[int, set[str]]
    for identity in Identity.objects.all():
        indexes[identity.workspace_id].add(identity.index)
    assert not indexes[workspace.pk] & indexes[other.pk]


@pytest.mark.parametrize("events", [5, 200])
def test_it_needs_as_many_statements_for_many_events_as_for_few(workspace: Workspace, events: int) -> None:
    resolve(workspace, [seen(n, f"a{n}") for n in range(events)])
    with CaptureQueriesContext(connection) as queries:
        resolve(workspace, [seen(events + n, f"u{n}", f"a{n}", f"e{n}") for n in range(events)])
    assert len(queries) <= 30
    with CaptureQueriesContext(connection) as queries:
        resolve(workspace, [seen(2 * events + n, f"u{n}", f"a{n}") for n in range(events)])
    assert len(queries) <= 9


NAMES = st.lists(
    st.sampled_from(["u1", "u2", "u3", "u4", "u5", "c1", "c2", "e1", "e2", "e3", "p1", "d1", "a1", "a2", "a3", "a4"]),
    min_size=1, max_size=3, unique=True,
)  # fmt: skip
HISTORY = st.lists(st.tuples(NAMES, st.integers(0, 40)), min_size=1, max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY, seed=st.integers(0, 2**16), size=st.integers(1, 12))
def test_it_gives_the_same_people_in_any_order_and_grouping(workspace: Workspace, history: list, seed: int, size: int) -> None:  # type: ignore[type-arg]
    observations = [seen(number, *names, minutes=minutes) for number, (names, minutes) in enumerate(history)]
    for name in (blind_index.SUBJECTS, "profiles"):
        blind_index.key(workspace.pk, name)  # before what is undone: ties are decided by blind index
    shuffled = random.Random(seed).sample(observations, len(observations))
    assert outcome(workspace, observations, 500) == outcome(workspace, shuffled, size)


def outcome(workspace: Workspace, observations: list[Observation], size: int) -> object:
    """People with their times, who is guarded, and which merged profiles point nowhere; then undone."""
    with transaction.atomic():
        resolve_all(workspace, observations, size)
        times = sorted(
            Profile.objects.filter(merged_into=None, identities__isnull=False).distinct().values_list("first_seen", "last_seen")
        )
        guards = sorted(Identity.objects.exclude(guard="").values_list("index", "guard"))
        found = people(workspace), times, guards
        assert not Profile.objects.filter(merged_into__merged_into__isnull=False).exists()
        assert not Identity.objects.filter(profile__merged_into__isnull=False).exists()
        transaction.set_rollback(True)
    return found
