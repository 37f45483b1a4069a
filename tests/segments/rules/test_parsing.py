"""Rules out of untrusted JSON: what is right is read, everything that is wrong is named by its place."""

import contextlib
import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.rules.parsing import BadRule, dump, parse
from segments.rules.schema import json_schema
from tests.segments.ruling import RULES

SCHEMA = jsonschema_rs.validator_for(json_schema())
EVENT = {"kind": "event", "event": {"type": "track", "name": "Signed Up"}, "operator": "gte", "value": 1}
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=10,
)
PARTS = [
    "all",
    "any",
    "not",
    "kind",
    "event",
    "type",
    "name",
    "where",
    "value",
    "operator",
    "window",
    "days",
    "measure",
    "property",
]
NEAR = st.recursive(
    st.one_of(
        st.none(), st.integers(), st.text(max_size=3), st.sampled_from(["event", "order", "trait", "track", "gte", "is", "count"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(PARTS), inner, max_size=5)),
    max_leaves=15,
)


def rule(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "where": {"all": list(nodes)}}


def problems(data: object) -> dict[str, str]:
    with pytest.raises(BadRule) as caught:
        parse(data)
    return {problem.pointer: problem.message for problem in caught.value.problems}


@given(found=RULES)
def test_it_reads_what_it_wrote(found: Any) -> None:
    assert parse(json.loads(json.dumps(dump(found)))) == found


@given(found=RULES)
def test_it_publishes_a_schema_every_rule_fits(found: Any) -> None:
    assert SCHEMA.is_valid(json.loads(json.dumps(dump(found))))


@given(data=st.one_of(JSON, NEAR, NEAR.map(lambda node: {"version": 1, "where": node})))
def test_it_raises_nothing_else_whatever_it_is_given(data: object) -> None:
    with contextlib.suppress(BadRule):
        assert parse(dump(parse(data))) == parse(data)


@given(node=NEAR)
def test_it_takes_what_fits_the_schema(node: object) -> None:
    data = {"version": 1, "where": node}
    if SCHEMA.is_valid(data):
        parse(data)


def test_it_names_every_problem_by_its_place() -> None:
    found = problems(rule({**EVENT, "value": "many"}, {"any": []}, {"kind": "trait", "name": "city", "operator": "lt", "value": 3}))
    assert set(found) == {"/where/all/0/value", "/where/all/1/any", "/where/all/2/operator"}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"evnt": 1}, "/where/all/0/evnt"),
        ({"measure": "sum"}, "/where/all/0/property"),
        ({"measure": "sum", "property": "products.*.price"}, "/where/all/0/property"),
        ({"measure": "last", "operator": "within", "value": 3, "window": {"days": 3}}, "/where/all/0/window"),
        ({"window": {"days": 0}}, "/where/all/0/window/days"),
        ({"window": {"from_days": 3, "to_days": 7}}, "/where/all/0/window/from_days"),
        ({"window": {"since": "2026-13-01"}}, "/where/all/0/window/since"),
        ({"window": {"since": "2026-02-01", "until": "2026-02-01"}}, "/where/all/0/window/until"),
        ({"event": {"type": "kind", "name": "cat"}}, "/where/all/0/event/name"),
        ({"where": [{"property": "a..b", "operator": "exists"}]}, "/where/all/0/where/0/property"),
        ({"where": [{"property": "a", "operator": "gt", "value": "x"}]}, "/where/all/0/where/0/value"),
        ({"where": [{"property": "a", "operator": "is", "value": "x\0"}]}, "/where/all/0/where/0/value"),
        ({"where": [{"property": "a", "operator": "is", "value": "\ud800"}]}, "/where/all/0/where/0/value"),
        ({"where": [{"property": "a", "operator": "is", "value": "x" * 201}]}, "/where/all/0/where/0/value"),
        ({"value": 10**15}, "/where/all/0/value"),
        ({"value": float("nan")}, "/where/all/0/value"),
    ],
)
def test_it_refuses(change: dict[str, Any], pointer: str) -> None:
    assert set(problems(rule({**EVENT, **change}))) == {pointer}


def test_it_refuses_too_many_conditions_and_too_deep_groups() -> None:
    inner: dict[str, Any] = EVENT
    for _ in range(6):
        inner = {"all": [inner]}
    parse({"version": 1, "where": inner})
    assert "/where" in next(iter(problems({"version": 1, "where": {"all": [inner]}})))
    parse({"version": 1, "where": {"all": [EVENT] * 100}})
    assert set(problems({"version": 1, "where": {"all": [{"any": [EVENT] * 60}] * 2}})) == {"/where"}


def test_it_knows_only_its_version() -> None:
    assert set(problems({"version": 2, "where": EVENT})) == {"/version"}
    assert set(problems([])) == {""}
