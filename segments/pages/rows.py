"""A row of the builder as flat texts, the way a form posts it, to a leaf of the rule language and back.

A row may be unfinished; what is missing or wrong is left for `segments.rules.parsing` to say.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from mops.lib.numerals import whole
from segments.pages.fields import FIELDS, NESTED, VALUELESS, Field
from segments.rules.dumping import number
from segments.rules.reading import as_number

DID, NEVER = ("gte", 1), ("eq", 0)
BY_PROPERTY = frozenset({"sum", "distinct"})
AGO = frozenset({"first", "last"})
NUMERIC = frozenset({"lt", "lte", "gt", "gte", "eq", "older_than", "newer_than", "within"})
DAYS = frozenset({"older_than", "newer_than", "within"})
Leaf = dict[str, Any]


class Row(NamedTuple):
    """`texts` by input name, `values` of a multiple choice, `filters` on properties of an event; `node` of a nested part."""

    field: str = ""
    texts: Mapping[str, str] = {}
    values: tuple[str, ...] = ()
    filters: tuple[Mapping[str, str], ...] = ()
    node: Any = None

    def text(self, name: str, default: str = "") -> str:
        return self.texts.get(name) or default

    @property
    def spec(self) -> Field | None:
        return FIELDS.get(self.field)


def to_leaf(row: Row) -> Leaf | None:
    """The rule node of a row; None for a row whose field nobody has chosen yet."""
    if row.field == NESTED:
        return row.node if isinstance(row.node, dict) else None
    return WRITERS[row.spec.shape](row, dict(row.spec.leaf)) if row.spec else None


def from_leaf(leaf: Leaf) -> Row:
    """The row that shows a leaf; one the builder has no inputs for is shown as nested."""
    field = FIELDS.get(_key(leaf))
    row = READERS[field.shape](field.key, leaf) if field else None
    if row is None or to_leaf(row) != leaf:
        return Row(NESTED, node=leaf)
    return row


def _key(leaf: Leaf) -> str:
    """Which field a leaf belongs to."""
    match leaf.get("kind"):
        case "event":
            return {"track": "event"}.get(leaf["event"]["type"], str(leaf["event"]["type"]))
        case "trait":
            named = f"trait.{leaf['name']}"
            return named if named in FIELDS else "trait"
        case "order":
            return f"order.{leaf['measure']}"
        case "touch":
            return f"touch.{leaf['which']}.{leaf['dimension']}"
        case "person":
            return f"person.{leaf['fact']}"
        case kind:
            return str(kind)


def quantity(text: str) -> Any:
    """ "49,90" as a number; anything else stays text, for the parser to refuse."""
    found = as_number(text)
    return text.strip() if found is None else number(found)


def shown(value: Any) -> str:
    """A value as text for its input."""
    return str(value)


def _value(row: Row, operator: str) -> Any:
    """What an operator compares with: a number, a list, or text."""
    if operator in NUMERIC:
        return quantity(row.text("value"))
    if operator == "one_of":
        return chosen(row)
    return row.text("value").strip()


def chosen(row: Row) -> list[str]:
    """Ticked values and those typed beside them, separated by commas; each once."""
    typed = [part.strip() for part in row.text("others").split(",")]
    return list(dict.fromkeys(value for value in (*row.values, *typed) if value))


def _window(row: Row) -> dict[str, Any] | None:
    match row.text("window"):
        case "days":
            return {"days": quantity(row.text("days", "30"))}
        case "hours":
            return {"hours": quantity(row.text("hours", "24"))}
        case "between":
            return {"from_days": quantity(row.text("from_days", "60")), "to_days": quantity(row.text("to_days", "30"))}
        case "dates":
            return {name: row.text(name) for name in ("since", "until") if row.text(name)}
    return None


def _window_texts(window: Mapping[str, Any] | None) -> dict[str, str]:
    if not window:
        return {}
    kind = {"days": "days", "hours": "hours", "from_days": "between", "to_days": "between"}.get(next(iter(window)), "dates")
    return {"window": kind, **{name: shown(value) for name, value in window.items() if value is not None}}


def _write_event(row: Row, leaf: Leaf) -> Leaf:
    if name := row.text("name").strip():
        leaf["event"] = {**leaf["event"], "name": name}
    elif leaf["event"]["type"] == "track":
        leaf["event"] = {**leaf["event"], "name": ""}
    measure = row.text("measure", "did")
    leaf["where"] = [_write_filter(one) for one in row.filters]
    leaf["measure"] = "count" if measure in ("did", "never") else measure
    if measure in BY_PROPERTY:
        leaf["property"] = row.text("property").strip()
    operator, value = {"did": DID, "never": NEVER}.get(measure, (row.text("operator", default(measure)), None))
    leaf["operator"], leaf["value"] = operator, quantity(row.text("value")) if value is None else value
    leaf["window"] = None if measure in AGO else _window(row)
    return leaf


def default(measure: str) -> str:
    """The comparison a measure begins with."""
    return "older_than" if measure in AGO else "gte"


def _write_filter(one: Mapping[str, str]) -> Leaf:
    operator, value = one.get("operator") or "is", one.get("value", "").strip()
    found: Any = value
    if operator in VALUELESS:
        found = None
    elif operator == "one_of":
        found = [part.strip() for part in value.split(",") if part.strip()]
    return {"property": one.get("property", "").strip(), "operator": operator, "value": found}


def _read_event(key: str, leaf: Leaf) -> Row:
    measure, comparison = leaf["measure"], (leaf["operator"], leaf["value"])
    if measure == "count":
        measure = {DID: "did", NEVER: "never"}.get(comparison, "count")
    texts = {"name": leaf["event"].get("name") or "", "measure": measure, **_window_texts(leaf.get("window"))}
    if measure not in ("did", "never"):
        texts |= {"operator": leaf["operator"], "value": shown(leaf["value"])}
    if "property" in leaf:
        texts["property"] = leaf["property"]
    return Row(key, texts, filters=_read_filters(leaf))


def _read_filters(leaf: Leaf) -> tuple[Mapping[str, str], ...]:
    """Several values of one filter stand in one input, separated by commas."""
    return tuple(
        {"property": one["property"], "operator": one["operator"], "value": _joined(one["value"])} for one in leaf["where"]
    )


def _joined(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else shown(value or "")


def _write_order(row: Row, leaf: Leaf) -> Leaf:
    measure = leaf["measure"]
    return leaf | {
        "where": [_write_filter(one) for one in row.filters],
        "operator": row.text("operator", default(measure)),
        "value": quantity(row.text("value")),
        "window": None if measure in AGO else _window(row),
    }


def _read_order(key: str, leaf: Leaf) -> Row:
    texts = {"operator": leaf["operator"], "value": shown(leaf["value"]), **_window_texts(leaf.get("window"))}
    return Row(key, texts, filters=_read_filters(leaf))


def _write_matched(row: Row, leaf: Leaf) -> Leaf:
    """Traits, places and touches: an operator and one value, several or none."""
    if row.field == "trait":
        leaf["name"] = row.text("name").strip()
    leaf["operator"] = row.text("operator", "is")
    return leaf | {"value": None if leaf["operator"] in VALUELESS else _value(row, leaf["operator"])}


def _read_matched(key: str, leaf: Leaf) -> Row:
    value = leaf.get("value")
    texts = {"operator": leaf["operator"], **({"name": leaf["name"]} if key == "trait" else {})}
    if isinstance(value, list):
        return Row(key, texts, values=tuple(map(str, value)))
    return Row(key, texts if value is None else {**texts, "value": shown(value)})


def _write_seen(row: Row, leaf: Leaf) -> Leaf:
    return leaf | {"operator": row.text("operator", "newer_than"), "value": quantity(row.text("value"))}


def _read_seen(key: str, leaf: Leaf) -> Row:
    return Row(key, {"operator": leaf["operator"], "value": shown(leaf["value"])})


def _write_flag(row: Row, leaf: Leaf) -> Leaf:
    return leaf | {"operator": "is", "value": row.text("value", "yes") == "yes"}


def _read_flag(key: str, leaf: Leaf) -> Row:
    return Row(key, {"value": "yes" if leaf["value"] else "no"})


def _write_segment(row: Row, leaf: Leaf) -> Leaf:
    wanted = row.text("value")
    number = whole(wanted)
    return leaf | {"segment": wanted if number is None else number, "member": row.text("member", "yes") == "yes"}


def _read_segment(key: str, leaf: Leaf) -> Row:
    return Row(key, {"value": str(leaf["segment"]), "member": "yes" if leaf["member"] else "no"})


def _write_rfm(row: Row, leaf: Leaf) -> Leaf:
    return leaf | {"groups": list(row.values), "member": row.text("member", "yes") == "yes"}


def _read_rfm(key: str, leaf: Leaf) -> Row:
    return Row(key, {"member": "yes" if leaf["member"] else "no"}, values=tuple(leaf["groups"]))


def _write_share(row: Row, leaf: Leaf) -> Leaf:
    return leaf | {"percent": quantity(row.text("value")), "salt": row.text("salt", "share")}


def _read_share(key: str, leaf: Leaf) -> Row:
    return Row(key, {"value": shown(leaf["percent"]), "salt": leaf["salt"]})


def _write_consent(row: Row, leaf: Leaf) -> Leaf:
    return leaf | {"purpose": row.text("value"), "state": row.text("state", "granted")}


def _read_consent(key: str, leaf: Leaf) -> Row:
    return Row(key, {"value": leaf["purpose"], "state": leaf["state"]})


WRITERS: dict[str, Callable[[Row, Leaf], Leaf]] = {
    "event": _write_event, "order": _write_order, "order_ago": _write_order, "touch": _write_matched, "trait": _write_matched,
    "place": _write_matched, "seen": _write_seen, "flag": _write_flag, "segment": _write_segment, "rfm": _write_rfm,
    "share": _write_share, "consent": _write_consent,
}  # fmt: skip
READERS: dict[str, Callable[[str, Leaf], Row | None]] = {
    "event": _read_event, "order": _read_order, "order_ago": _read_order, "touch": _read_matched, "trait": _read_matched,
    "place": _read_matched, "seen": _read_seen, "flag": _read_flag, "segment": _read_segment, "rfm": _read_rfm,
    "share": _read_share, "consent": _read_consent,
}  # fmt: skip


def dumped(row: Row) -> list[Any]:
    """A row as JSON, for the stack of edits."""
    return [row.field, dict(row.texts), list(row.values), [dict(one) for one in row.filters], row.node]


def loaded(data: Any) -> Row:
    """A row out of a stack that somebody posted: nothing but texts comes through."""
    match data:
        case [str(field), dict(texts), list(values), list(filters), node]:
            return Row(field, _texts(texts), tuple(map(str, values)), tuple(_texts(one) for one in _dicts(filters)), node)
    return Row()


def _texts(texts: Mapping[Any, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in texts.items()}


def _dicts(values: Iterable[Any]) -> Iterable[dict[Any, Any]]:
    return (value for value in values if isinstance(value, dict))
