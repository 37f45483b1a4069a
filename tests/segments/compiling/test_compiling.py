"""What compiled statements are like: no value in the text, one scan per source, what moves which rule."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from segments.compiling import everybody, explain, facets, is_timed, members, moves, sample, these, verdicts
from segments.models import Segment, SegmentVersion
from segments.rules.grammar import All, EventName, EventRule, Last, Rule, SegmentRule
from segments.rules.parsing import dump, parse
from segments.rules.references import Cycle, TooLarge, Unknown, dependents, expand
from tests.segments.histories import NOW, Past, Writer, prepare
from workspaces.models import Workspace

HOSTILE = (
    "'; DROP TABLE tracking_event; --", "' OR '1'='1", "\\'; SELECT pg_sleep(9); --", "%s", "%(p0)s", "%%", "{}", "{0}",
    "{workspace}", "$1", "$$; SELECT 1; $$", "E'\\047'", '"; DROP', '$."a" ? (@ == 1)', "*", "a*b", "\\", "\\u0000", "`id`",
    "${7*7}", "{{7*7}}", "<script>", "\u202e", "ﬀ", "🙂", "a\nb", "a\tb", "/* */", "--", ";", "NULL", "true", "'::jsonpath", "]",
    "a\u2028b",
)  # fmt: skip


def hostile_rules(value: str) -> list[dict[str, Any]]:
    """Everywhere a rule takes a text."""
    path = value.replace(".", "") or "x"
    where = [
        {"property": f"a.{path}", "operator": "is", "value": value},
        {"property": f"a.*.{path}", "operator": "contains", "value": value},
    ]
    return [
        {"kind": "event", "event": {"type": "track", "name": value}, "where": where, "operator": "gte", "value": 1},
        {"kind": "event", "event": {"type": "page", "name": value}, "measure": "sum", "property": f"b.x{path}", "value": 1},
        {"kind": "order", "where": [{"property": "campaign", "operator": "starts_with", "value": value}], "value": 1},
        {"kind": "trait", "name": "plan", "operator": "one_of", "value": [value, "x"]},
        {"kind": "trait", "name": f"x {value}", "operator": "is", "value": value},
        {"kind": "touch", "which": "first", "dimension": "campaign", "operator": "contains", "value": value},
        {"kind": "consent", "purpose": value, "state": "granted"},
        {"kind": "share", "percent": 10, "salt": value},
        {"kind": "rfm", "groups": [value], "member": True},
    ]  # fmt: skip


def rule(*nodes: dict[str, Any]) -> Rule:
    return parse({"version": 1, "where": {"all": list(nodes)}})


def test_it_never_puts_a_value_into_the_text(workspace: Workspace) -> None:
    tame = verdicts(workspace, {1: rule(*hostile_rules("tame"))}, everybody(), NOW)
    run = 0
    for value in HOSTILE:
        found = rule(*hostile_rules(value))
        statement = verdicts(workspace, {1: found}, everybody(), NOW)
        if value != "*":  # a star alone is a step of its own
            assert statement.sql == tame.sql
        assert statement.rows() == []
        members(workspace, found, sample(0.5), NOW).rows()
        explain(workspace, found, 1, NOW).statement.rows()
        run += len(hostile_rules(value))
    assert run >= 200


def test_it_computes_equal_leaves_once_and_scans_each_source_once(workspace: Workspace) -> None:
    leaf = {"kind": "event", "event": {"type": "track", "name": "Signed Up"}, "value": 1, "window": {"days": 7}}
    rules = {number: rule({**leaf, "value": 1 + number % 3}) for number in range(1, 200)}
    sql = verdicts(workspace, rules, these([1]), NOW).sql
    assert sql.count("tracking_event") == 1
    assert sql.count("count(*)") == 1


def test_it_counts_a_visit_that_is_no_longer_in_the_window_as_gone_in_time(workspace: Workspace) -> None:
    """A younger event without a visit does not keep the leaf true."""
    prepare(workspace)
    person = Past(1).person() | {"merged": False, "orders": [], "events": []}
    old, young = (Past(1).event() | {"state": "stored", "ago": timedelta(days=n), "session": s} for n, s in ((6, 1), (1, None)))
    town = Writer(workspace).write([person | {"events": [old, young]}])
    visited = Rule(EventRule(EventName("any", ""), (), "visits", "", "gte", Decimal(1), Last(7, "days")))
    assert members(workspace, visited, everybody(), NOW).rows() == [(town.living[0], True, NOW + timedelta(days=1))]


def test_it_waits_for_the_last_condition_that_holds_somebody_back(workspace: Workspace) -> None:
    prepare(workspace)
    person = Past(1).person() | {
        "merged": False,
        "orders": [],
        "events": [Past(1).event() | {"state": "stored", "ago": timedelta(0)}],
    }
    town = Writer(workspace).write([person])
    quiet = [{"not": {"kind": "event", "event": {"type": "any"}, "value": 1, "window": {"days": days}}} for days in (2, 5)]
    assert members(workspace, rule(*quiet), everybody(), NOW).rows() == [(town.living[0], False, NOW + timedelta(days=5))]


@pytest.mark.parametrize(
    ("leaf", "changed", "expected"),
    [
        ({"kind": "event", "event": {"type": "track", "name": "A"}, "value": 1}, "track:A", True),
        ({"kind": "event", "event": {"type": "track", "name": "A"}, "value": 1}, "track:AB", False),
        ({"kind": "event", "event": {"type": "page"}, "value": 1}, "page:Home", True),
        ({"kind": "event", "event": {"type": "any"}, "value": 1}, "identify:", True),
        ({"kind": "event", "event": {"type": "kind", "name": "cart"}, "value": 1}, "track:product_added", True),
        ({"kind": "event", "event": {"type": "kind", "name": "cart"}, "value": 1}, "track:Product Viewed", False),
        ({"kind": "event", "event": {"type": "any"}, "value": 1}, "order", False),
        ({"kind": "order", "value": 1}, "order", True),
        ({"kind": "trait", "name": "plan", "operator": "exists"}, "trait", True),
        ({"kind": "consent", "purpose": "email", "state": "granted"}, "consent:email", True),
        ({"kind": "consent", "purpose": "email", "state": "granted"}, "consent:sms", False),
        ({"kind": "consent", "purpose": "email", "state": "granted"}, "consent:*", True),
        ({"kind": "person", "fact": "last_seen", "operator": "older_than", "value": 3}, "page:Home", True),
        ({"kind": "share", "percent": 10, "salt": "x"}, "track:A", False),
        ({"kind": "share", "percent": 10, "salt": "x"}, "person", True),
    ],
)
def test_it_knows_what_can_move_a_rule(leaf: dict[str, Any], changed: str, expected: bool) -> None:
    assert moves(facets(rule(leaf)), changed) is expected


def test_it_knows_which_rules_time_can_change() -> None:
    event = {"kind": "event", "event": {"type": "any"}, "value": 1}
    assert is_timed(rule({**event, "window": {"days": 1}}))
    assert not is_timed(rule(event))
    assert not is_timed(rule({**event, "window": {"since": "2026-01-01"}}))


def save(workspace: Workspace, name: str, found: Rule) -> Segment:
    segment = Segment.objects.create(workspace=workspace, name=name)
    SegmentVersion.objects.create(workspace=workspace, segment=segment, number=1, rule=dump(found))
    return segment


LEAF = {"kind": "order", "value": 1}


def test_it_refuses_a_cycle_and_names_its_path(workspace: Workspace) -> None:
    first = save(workspace, "First", rule(LEAF))
    second = save(workspace, "Second", Rule(SegmentRule(first.pk, member=True)))
    with pytest.raises(Cycle) as caught:
        expand(workspace, {first.pk: Rule(SegmentRule(second.pk, member=False))})
    assert caught.value.path == ["First", "Second", "First"]
    with pytest.raises(Cycle):
        expand(workspace, {first.pk: Rule(SegmentRule(first.pk, member=True))})


def test_it_refuses_segments_of_another_workspace(workspace: Workspace, other_workspace: Workspace) -> None:
    theirs = save(other_workspace, "zikade", rule(LEAF))
    with pytest.raises(Unknown):
        expand(workspace, {0: Rule(SegmentRule(theirs.pk, member=True))})


def test_it_refuses_what_grows_too_large(workspace: Workspace) -> None:
    inner = save(workspace, "Inner", parse({"version": 1, "where": {"any": [LEAF] * 50}}))
    with pytest.raises(TooLarge):
        expand(workspace, {0: Rule(All((SegmentRule(inner.pk, member=True),) * 30))})


def test_it_lists_dependents_after_what_they_name(workspace: Workspace) -> None:
    first = save(workspace, "First", rule(LEAF))
    second = save(workspace, "Second", Rule(SegmentRule(first.pk, member=True)))
    third = save(workspace, "Third", Rule(All((SegmentRule(first.pk, member=True), SegmentRule(second.pk, member=True)))))
    assert dependents(workspace, first.pk) == [second.pk, third.pk]
    assert dependents(workspace, third.pk) == []


def test_it_says_why_with_what_it_saw(workspace: Workspace) -> None:
    prepare(workspace)
    person = Past(1).person() | {"merged": False, "orders": [], "events": []}
    events = [Past(n).event() | {"state": "stored", "ago": timedelta(days=1)} for n in range(3)]
    town = Writer(workspace).write([person | {"events": events}])
    active = {"kind": "event", "event": {"type": "any"}, "operator": "gte", "value": 5, "window": {"days": 7}}
    reason = explain(workspace, rule(active, {"not": LEAF}), town.living[0], NOW).reason()
    assert reason is not None
    assert (reason.holds, [part.holds for part in reason.children]) == (False, [False, True])
    assert [reason.children[0].observed, reason.children[1].children[0].observed] == ["3", "0"]
    assert explain(workspace, rule(active), 0, NOW).reason() is None
