"""The compiled query against the slow evaluator: for everybody, for some, for one rule, for one person, and as time passes."""

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segments.compiling import everybody, explain, is_timed, members, sample, these, verdicts
from segments.compiling.explaining import Reason
from segments.engine import asking
from segments.models import Segment, SegmentVersion
from segments.rules.grammar import All, AnyOf, ListRule, Node, Not, Rule, SegmentRule
from segments.rules.parsing import dump, parse
from segments.rules.references import expand
from tests.segments.histories import NOW, PEOPLE, RATES, Town, Writer, prepare
from tests.segments.oracle import World
from tests.segments.ruling import LEAVES, NODES, RULES
from tracking import blind_index
from workspaces.models import Workspace

EXAMPLES = int(os.environ.get("ORACLE_EXAMPLES", "25"))
INSTANT = timedelta(microseconds=1)
STEPS = st.lists(
    st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=6), timedelta(days=23), INSTANT]), max_size=2
)


@pytest.fixture
def ground(workspace: Workspace) -> Workspace:
    blind_index.key(workspace.pk, blind_index.SUBJECTS)
    prepare(workspace)
    return workspace


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=PEOPLE, nodes=st.lists(st.one_of(LEAVES, NODES), min_size=6, max_size=10), steps=STEPS)
def test_it_says_what_the_slow_evaluator_says(
    ground: Workspace, people: list[Any], nodes: list[Node], steps: list[timedelta]
) -> None:
    with transaction.atomic():
        town = Writer(ground).write(people)
        rules = {-number: Rule(node) for number, node in enumerate([*nodes, *referring(ground, town, nodes)])}
        now = NOW
        compare(ground, town, rules, now)
        for step in steps:
            now += step
            compare(ground, town, rules, now)
        transaction.set_rollback(True)


def referring(workspace: Workspace, town: Town, nodes: list[Node]) -> list[Node]:
    """Rules that name a list and another segment, which names a third."""
    inner = segment(workspace, "Inner (sample)", nodes[0])
    outer = segment(workspace, "Outer (sample)", AnyOf((nodes[1], SegmentRule(inner.pk, member=False))))
    listed = SegmentRule(town.listed.pk, member=True)
    return [All((nodes[2], listed)), AnyOf((Not(listed), SegmentRule(outer.pk, member=True)))]


def segment(workspace: Workspace, name: str, node: Node) -> Segment:
    found = Segment.objects.create(workspace=workspace, name=name)
    SegmentVersion.objects.create(workspace=workspace, segment=found, number=1, rule=dump(Rule(node)))
    return found


def compare(workspace: Workspace, town: Town, rules: dict[int, Rule], now: datetime) -> None:
    world = World(workspace, RATES)
    expected = {profile: [id_ for id_, rule in rules.items() if world.holds(rule.where, profile, now)] for profile in town.living}
    found = {profile: (ids, due) for profile, ids, due in verdicts(workspace, rules, everybody(), now).rows()}
    assert {profile: ids for profile, (ids, _due) in found.items()} == expected
    some = town.living[::2]
    assert {row[0]: (row[1], row[2]) for row in verdicts(workspace, rules, these(some), now).rows()} == {p: found[p] for p in some}
    with connection.cursor() as cursor:  # from the second step on PostgreSQL knows the question
        cursor.execute(asking.SETTING)
        assert {row[0]: (row[1], row[2]) for row in asking.ask(workspace, rules, some, now)} == {p: found[p] for p in some}
    parts = verdicts(workspace, rules, sample(1), now).rows()
    assert {row[0]: (row[1], row[2]) for row in parts} == found
    written = expand(workspace, rules)
    for id_, rule in rules.items():
        one = {profile: (holds, due) for profile, holds, due in members(workspace, rule, everybody(), now).rows()}
        assert {profile for profile, (holds, _due) in one.items() if holds} == {p for p in expected if id_ in expected[p]}
        for profile in town.living:
            due = one.get(profile, (False, None))[1]
            assert due is None or (due > now and is_timed(written[id_]))
            check_due(world, rule, profile, now, due)
        reason = explain(workspace, rule, town.living[0], now).reason()
        assert reason is not None
        assert check_reason(world, reason, town.living[0], now) == (id_ in expected[town.living[0]])
    least = [min((d for p, (_, d) in _each(workspace, rules, now) if p == profile and d), default=None) for profile in town.living]
    assert [found[profile][1] for profile in town.living] == least


def _each(workspace: Workspace, rules: dict[int, Rule], now: datetime) -> list[tuple[int, tuple[bool, datetime | None]]]:
    rows = [row for rule in rules.values() for row in members(workspace, rule, everybody(), now).rows()]
    return [(profile, (holds, due)) for profile, holds, due in rows]


def check_due(world: World, rule: Rule, profile: int, now: datetime, due: datetime | None) -> None:
    """Until the due, or ever, nothing changes: asked at instants where an edge of some window may lie."""
    before = world.holds(rule.where, profile, now)
    quiet = [later for later in moments(world, profile, now) if due is None or later < due]
    for later in {*quiet[-8:], *quiet[:: max(1, len(quiet) // 24)]}:
        assert world.holds(rule.where, profile, later) == before, f"changed at {later}, due {due}"


def moments(world: World, profile: int, now: datetime) -> list[datetime]:
    spans = [timedelta(days=n) for n in (0, 1, 2, 3, 7, 30, 31)] + [timedelta(hours=1)]
    row = world.profiles[profile]
    starts = {e.occurred_at for e in world.events.get(profile, [])} | {o.ordered_at for o in world.orders.get(profile, [])}
    starts |= {row.first_seen, row.last_seen, row.created_at, *(s.expires_at for s in world.consents if s.expires_at)}
    return sorted(start + span for start in starts for span in spans if start + span > now)


def check_reason(world: World, reason: Reason, profile: int, now: datetime) -> bool:
    """Every node says of itself what the evaluator says of it."""
    if not isinstance(reason.node, All | AnyOf | Not | ListRule):
        assert reason.holds == world.holds(reason.node, profile, now)
    for child in reason.children:
        check_reason(world, child, profile, now)
    return reason.holds


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule=RULES)
def test_it_reads_what_it_wrote(rule: Rule) -> None:
    assert parse(dump(rule)) == rule
