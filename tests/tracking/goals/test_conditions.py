"""Conditions: typed, and nothing that a person writes becomes SQL."""

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracking.goals.conditions import BadCondition, Condition, Operator, condition, where

EVENT = {"total": 49.9, "coupon": "KENNEN10", "none": None, "products": [{"name": "Zelt", "price": "39,90"}], "paid": True}
CONTEXT = {"page": {"path": "/kasse/danke"}}


def holds(*conditions: Condition, properties: Any = None) -> bool:
    sql, values = where(conditions)
    event = json.dumps(EVENT if properties is None else properties)
    query = f"SELECT {sql} FROM (SELECT %s::jsonb AS properties, %s::jsonb AS context) AS e"
    with connection.cursor() as cursor:
        cursor.execute(query, [*values, event, json.dumps(CONTEXT)])
        found: bool | None = cursor.fetchone()[0]
    return bool(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [("coupon", "is", "KENNEN10", True), ("coupon", "is_not", "KENNEN10", False), ("missing", "is_not", "x", True),
     ("coupon", "one_of", "A, KENNEN10", True), ("coupon", "contains", "EN1", True), ("coupon", "contains", "%", False),
     ("coupon", "starts_with", "KENN", True), ("total", "gte", "49,90", True), ("total", "gt", "49.9", False),
     ("total", "lt", "50", True), ("total", "lte", "49.9", True), ("products.0.price", "gt", "1", False),
     ("coupon", "gt", "1", False),
     ("products.0.name", "is", "Zelt", True), ("products.1.name", "missing", "", True), ("none", "exists", "", False),
     ("total", "exists", "", True), ("paid", "is", "true", True), ("context.page.path", "starts_with", "/kasse", True)],
)  # fmt: skip
def test_it_compares(name: str, operator: str, value: str, expected: bool) -> None:
    assert holds(condition(name, operator, value)) is expected


@pytest.mark.django_db
def test_all_conditions_must_hold() -> None:
    assert holds()
    assert not holds(condition("total", "gt", "1"), condition("coupon", "is", "other"))


@pytest.mark.parametrize(
    ("name", "operator", "value"),
    [("", "is", "x"), ("a..b", "is", "x"), ("a", "is", ""), ("a", "like", "x"), ("a", "gt", "many"), ("a", "gt", "NaN"),
     ("a", "gt", "1e30"), ("a", "is", "x" * 201), ("a\0", "exists", "")],
)  # fmt: skip
def test_it_says_what_makes_no_sense(name: str, operator: str, value: str) -> None:
    with pytest.raises(BadCondition):
        condition(name, operator, value)


keys = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
nasty = st.one_of(st.text(max_size=20), st.sampled_from(["'; DROP TABLE x; --", "%s", "%(day)s", '"', "\\", "{}"]))


@pytest.mark.django_db
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nasty, st.sampled_from(Operator.values), nasty, st.dictionaries(keys, st.integers() | st.booleans() | st.none()))
def test_whatever_a_person_writes_is_only_compared(name: str, operator: str, value: str, properties: Any) -> None:
    try:
        one = condition(name, operator, value)
        one.value.encode()
        one.property.encode()
    except (BadCondition, UnicodeEncodeError):
        return
    assert holds(one, properties=properties) in (True, False)


def test_a_number_may_be_written_in_german() -> None:
    from tracking.goals.conditions import number

    assert (number("49,90"), number("49.90"), number("1.234,5"), number("x")) == (Decimal("49.90"), Decimal("49.90"), None, None)
