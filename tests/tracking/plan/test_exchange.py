"""The plan as JSON: what goes out comes in again, in every form people have it, and what is wrong is said."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.tracking.plan.plans import ORDER, plan
from tracking.plan import exchange
from tracking.plan.forms import allowed, as_text
from tracking.plan.reading import BadPlan, load, problem, read_schema
from tracking.plan.schema import FORMATS, EventType, PlannedEvent, Property, Type
from workspaces import api_keys
from workspaces.models import ApiKey, AuditEvent, User, Workspace

NAME = st.text("abcdefgh_ -ä", min_size=1, max_size=8).filter(str.strip)
FLAT = [kind.value for kind in Type if kind not in (Type.ARRAY, Type.OBJECT, Type.NULL, Type.ANY)]
TEXTS = (Type.STRING, *FORMATS)


@st.composite
def rules(draw: Any, path: str) -> Property:
    kind = draw(st.sampled_from(FLAT))
    enum = draw(st.lists(st.sampled_from(["a", "b|c", "d"]), max_size=2, unique=True)) if kind == Type.STRING else []
    pattern = draw(st.sampled_from(["", "^[A-Z]+$"])) if kind in TEXTS else ""
    return Property(path, kind, draw(st.booleans()), draw(st.booleans()), tuple(enum), pattern, draw(st.text(max_size=9)))


@st.composite
def planned_events(draw: Any) -> PlannedEvent:
    """Any event people can plan, its properties in the order a schema has them."""
    kind = draw(st.sampled_from(EventType.values))
    properties: list[Property] = []
    for name in draw(st.lists(NAME, max_size=5, unique=True)):
        shape = draw(st.sampled_from(["flat", "object", "objects", "values"]))
        inner = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
        if shape == "flat":
            properties.append(draw(rules(name)))
        elif shape == "object":
            properties += [Property(name, Type.OBJECT, draw(st.booleans())), *(draw(rules(f"{name}.{one}")) for one in inner)]
        elif shape == "objects":
            properties += [Property(name, Type.ARRAY), *(draw(rules(f"{name}[].{one}")) for one in inner)]
        else:
            properties += [Property(name, Type.ARRAY), Property(f"{name}[]", draw(st.sampled_from(FLAT)))]
    name = draw(NAME).strip() if kind == EventType.TRACK else ""
    return PlannedEvent(kind, name, draw(st.sampled_from(["", "Web team"])), draw(st.text(max_size=20)), tuple(properties),
                        draw(st.booleans()))  # fmt: skip


@given(planned_events())
def test_an_event_survives_the_database_and_the_file(event: PlannedEvent) -> None:
    assert problem(event) == ""
    stored = json.loads(json.dumps(event.as_json()))
    loaded = load([stored])[0]
    assert loaded == event
    assert loaded.as_json() == stored
    again = exchange.parse(json.dumps(exchange.export("Shop", [event])))
    assert again.ignored == []
    assert again.events == [loaded]


LEAD = {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]}
CALL = {"type": "object", "properties": {"context": {}, "traits": {}, "properties": LEAD}, "required": ["properties"]}


@pytest.mark.parametrize(
    "content",
    [
        {"rules": [{"type": "TRACK", "key": "Lead", "version": 1, "jsonSchema": CALL}]},
        {"data": {"rules": [{"type": "TRACK", "key": "Lead", "jsonSchema": CALL}, {"type": "COMMON", "jsonSchema": CALL}]}},
        [{"type": "TRACK", "key": "Lead", "json_schema": json.dumps(CALL)}],
        {"display_name": "Shop", "rules": {"events": [{"name": "Lead", "description": "", "version": 1, "rules": CALL}]}},
        {"title": "Lead", **LEAD},
        [{"title": "Lead", **LEAD}],
        {"Lead": LEAD},
    ],
)
def test_it_reads_the_forms_people_have(content: Any) -> None:
    assert exchange.read(content).events == [
        PlannedEvent("track", "Lead", properties=(Property("value", "number", required=True),), closed=False)
    ]


def test_it_names_what_it_does_not_take_over() -> None:
    deep = {"type": "object", "properties": {"deep": {"type": "object", "properties": {"x": {}}}}}
    schema = {"title": "Lead", "properties": {
        "value": {"type": ["number", "null"], "minimum": 0}, "at": {"type": "string", "format": "hostname"},
        "a.b": {"type": "string"}, "items": {"type": "array", "items": deep},
    }}  # fmt: skip
    imported = exchange.read(schema)
    assert [one.path for one in imported.events[0].properties] == ["value", "at", "items", "items[].deep"]
    assert imported.events[0].properties[0].nullable
    assert imported.ignored == ["Lead: value: minimum", "Lead: at: format hostname", "Lead: a.b: a name with a dot or bracket",
                                "Lead: items[].deep: properties"]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("no schema", "No JSON Schema"),
        ({"type": "array"}, "are an object"),
        ({"properties": {"a": {"type": ["string", "number"]}}}, "several types"),
        ({"properties": {"a": {"type": "money"}}}, "unknown type"),
        ({"properties": {"a": 7}}, "no rules"),
        ({"properties": {"a": {"enum": "x"}}}, "no list"),
        ({"properties": []}, "no object"),
        ({"required": "a"}, "no list"),
    ],
)
def test_it_says_what_is_no_schema(schema: Any, said: str) -> None:
    with pytest.raises(BadPlan, match=said):
        read_schema(schema, [])


@pytest.mark.parametrize("text", ["", "[", "7", "[]", "{}", '{"rules": []}', "[" * 100_000, '{"rules": [{"type": "ODD"}]}'])
def test_it_takes_nothing_from_what_is_no_plan(text: str) -> None:
    with pytest.raises(BadPlan):
        exchange.parse(text)


@pytest.mark.parametrize("pattern", ["(?=a)b", "(a)\\1", "[", "(?:a{1000}){1000}"])
def test_a_pattern_that_could_hang_or_fill_the_memory_is_refused(pattern: str) -> None:
    assert "cannot be used" in problem(PlannedEvent("track", "X", properties=(Property("a", "string", pattern=pattern),)))


@given(st.lists(st.text(min_size=1).map(str.strip).filter(lambda one: one and not one.endswith("\\")), unique=True))
def test_allowed_values_survive_the_form(values: list[str]) -> None:
    assert allowed(as_text(values), "string") == tuple(values)


def a_client(workspace: Workspace, by: User) -> Client:
    _key, secret = api_keys.create(workspace, by, name="ci", scopes=[str(ApiKey.Scope.PLAN_WRITE)], expires="0")
    return Client(headers={"Authorization": f"Bearer {secret}"})


def test_a_program_reads_and_replaces_the_plan(workspace: Workspace, marketer: User) -> None:
    workspace.members.update(role="admin")
    client = a_client(workspace, marketer)
    plan(workspace)
    read = client.get("/api/v1/tracking-plan").json()
    assert read == exchange.export(workspace.name, [ORDER])
    answer = client.put("/api/v1/tracking-plan", read, content_type="application/json").json()
    assert answer == {"version": 1, "changes": [], "ignored": []}
    answer = client.put("/api/v1/tracking-plan", {"Lead": LEAD}, content_type="application/json").json()
    assert answer == {"version": 2, "changes": [["added", "Lead"], ["removed", "Order Completed"]], "ignored": []}
    by_form, by_program = AuditEvent.objects.filter(action="plan.changed").order_by("pk").values_list("actor_name", flat=True)
    assert (by_form, by_program) == ("system", f"API key {ApiKey.objects.get()}")
    refused = client.put("/api/v1/tracking-plan", {"Lead": {"type": "array"}}, content_type="application/json")
    assert refused.status_code == 400
    assert "are an object" in refused.content.decode()
