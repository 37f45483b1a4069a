"""Property filters of events as SQL: the conditions of conversion goals, and lists of things ("products.*.sku")."""

import json

from segments.compiling import comparing
from segments.compiling.plan import Plan
from segments.rules.grammar import Filter
from tracking.goals import conditions

ANY = "*"
ELEMENTS = "jsonb_path_query({column}, {path}::jsonpath, '{{}}', true) AS element (value)"
IN_ELEMENT = "coalesce(element.value #>> '{}', '')"
ELEMENT_NUMBER = "CASE WHEN jsonb_typeof(element.value) = 'number' THEN (element.value #>> '{}')::numeric END"


def condition(plan: Plan, filter_: Filter) -> str:
    """SQL that holds for an event `e`; may be NULL where a number is compared with what is none."""
    if ANY in filter_.property.split("."):
        return _any_element(plan, filter_)
    column, path = conditions.place(filter_.property)
    sql = conditions.SQL[conditions.Operator(filter_.operator)].format(column=column)
    values = [] if filter_.value is None else [_value(plan, filter_)]
    paths = [plan.params.add(path)] * (sql.count("%s") - len(values))
    for placeholder in paths + values:
        sql = sql.replace("%s", placeholder, 1)
    return f"({sql})"


def number(plan: Plan, name: str) -> str:
    """A property as numeric, NULL where it is none."""
    column, path = conditions.place(name)
    return conditions.NUMBER.format(column=column).replace("%s", plan.params.add(path))


def text(plan: Plan, name: str) -> str:
    """A property as text, NULL where it is missing."""
    column, path = conditions.place(name)
    return f"e.{column} #>> {plan.params.add(path)}::text[]"


def _value(plan: Plan, filter_: Filter) -> str:
    if filter_.operator in conditions.NUMERIC:
        return plan.params.add(conditions.number(str(filter_.value)))
    return plan.params.add(list(filter_.value) if isinstance(filter_.value, tuple) else filter_.value)


def _any_element(plan: Plan, filter_: Filter) -> str:
    column, path = conditions.place(filter_.property)
    steps = "".join(_step(part) for part in path)
    elements = ELEMENTS.format(column=f"e.{column}", path=plan.params.add(f"${steps}"))
    if filter_.operator in ("exists", "missing"):
        negated, held = filter_.operator == "missing", "element.value <> 'null'"
    elif filter_.operator in conditions.NUMERIC:
        negated, held = False, f"{ELEMENT_NUMBER} {comparing.SIGNS[filter_.operator]} {_value(plan, filter_)}"
    else:
        negated = filter_.operator == "is_not"
        held = comparing.text(plan, IN_ELEMENT, "is" if negated else filter_.operator, filter_.value)
    return f"{'NOT ' if negated else ''}EXISTS (SELECT FROM {elements} WHERE {held})"


def _step(part: str) -> str:
    """One step of an SQL/JSON path. It is part of a parameter, quoted so that no name can say more than itself."""
    if part == ANY:
        return "[*]"
    return f"[{part}]" if part.isascii() and part.isdigit() and len(part) < 6 else f".{json.dumps(part, ensure_ascii=False)}"
