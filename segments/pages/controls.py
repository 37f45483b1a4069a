"""The inputs of a row, as data the template draws: one function per shape of `segments.pages.fields`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from django.utils.translation import gettext as _

from segments import catalog
from segments.pages import fields
from segments.pages.fields import Choices, Text
from segments.pages.rows import AGO, BY_PROPERTY, Row, chosen
from segments.rfm.groups import GROUPS
from segments.rules.choices import ORDER_PROPERTIES, SEALED_OPERATORS
from tracking.goals.conditions import Operator
from workspaces.models import Workspace

MOST_TICKS = 12  # frequent values offered to tick; others are typed


class Control(NamedTuple):
    """One input. `kind`: select, text, number, days, date or many. `shapes`: choosing it changes which inputs there are."""

    kind: str
    name: str
    label: Text
    value: str = ""
    choices: Sequence[tuple[str, Text]] = ()
    values: tuple[str, ...] = ()  # ticked, of many
    names: str = ""  # id of the page's list of suggestions
    suggests: bool = False  # suggestions are asked for when it gets the focus
    shapes: bool = False
    unit: Text = ""
    hint: Text = ""

    @property
    def id(self) -> str:
        return self.name.replace(".", "-")


@dataclass(frozen=True)
class Options:
    """What the workspace's data offers, read when a row needs it."""

    workspace: Workspace
    segment: int | None = None  # being edited: no rule may refer to itself

    @cached_property
    def purposes(self) -> list[tuple[str, str]]:
        return catalog.purposes(self.workspace)

    @cached_property
    def segments(self) -> list[tuple[str, str]]:
        return catalog.segments(self.workspace, without=self.segment)

    def origins(self, dimension: str) -> list[tuple[str, str]]:
        if dimension == "channel":
            return catalog.channels()
        return [(value, value) for value in catalog.origins(self.workspace, dimension)]

    def traits(self, name: str) -> list[tuple[str, str]]:
        return [(value, value) for value in catalog.trait_values(self.workspace, name)]


@dataclass(frozen=True)
class Drawer:
    """Draws the inputs of one row; `prefix` is its place in the form: "b0r2."."""

    row: Row
    prefix: str
    options: Options

    def controls(self) -> list[Control]:
        spec = self.row.spec
        return list(SHAPES[spec.shape](self)) if spec else []

    def select(
        self, name: str, label: Text, choices: Choices | Sequence[tuple[str, Text]], default: str = "", shapes: bool = False
    ) -> Control:
        return Control("select", self.prefix + name, label, self.row.text(name, default), choices, shapes=shapes)

    def text(
        self, name: str, label: Text, *, names: str = "", suggests: bool = False, shapes: bool = False, hint: Text = ""
    ) -> Control:
        return Control(
            "text", self.prefix + name, label, self.row.text(name), names=names, suggests=suggests, shapes=shapes, hint=hint
        )

    def number(self, name: str, label: Text, *, kind: str = "number", default: str = "", unit: Text = "") -> Control:
        return Control(kind, self.prefix + name, label, self.row.text(name, default), unit=unit)

    def window(self) -> Iterable[Control]:
        yield self.select("window", _("Period"), fields.WINDOWS, shapes=True)
        match self.row.text("window"):
            case "days":
                yield self.number("days", _("Days"), kind="days", default="30", unit=_("days"))
            case "hours":
                yield self.number("hours", _("Hours"), kind="days", default="24", unit=_("hours"))
            case "between":
                yield self.number("from_days", _("From days ago"), kind="days", default="60", unit=_("days"))
                yield self.number("to_days", _("To days ago"), kind="days", default="30", unit=_("days"))
            case "dates":
                yield Control("date", self.prefix + "since", _("From this day"), self.row.text("since"))
                yield Control("date", self.prefix + "until", _("Before this day"), self.row.text("until"))

    def matched(
        self, operators: Sequence[tuple[str, Text]], offered: Sequence[tuple[str, str]], hint: Text = ""
    ) -> Iterable[Control]:
        """An operator and what it compares with: one value, several to tick, a number of days, or nothing."""
        allowed = [code for code, _label in operators]
        operator = self.row.text("operator", "is")
        operator = operator if operator in allowed else allowed[0]
        yield self.select("operator", _("Comparison"), operators, "is", shapes=True)
        if operator in fields.VALUELESS:
            return
        if operator == "one_of":
            yield from self._many(offered)
        elif operator in ("older_than", "newer_than"):
            yield self.number("value", _("Days"), kind="days", unit=_("days"))
        elif operator in ("is", "is_not") and offered and _labelled(offered):
            yield self.select("value", _("Value"), [("", _("choose …")), *offered])
        elif operator in ("lt", "lte", "gt", "gte"):
            yield self.number("value", _("Value"))
        else:
            yield self.text("value", _("Value"), suggests=True, hint=hint)

    def _many(self, offered: Sequence[tuple[str, str]]) -> Iterable[Control]:
        ticked, known = chosen(self.row), dict(offered)
        shown = offered if _labelled(offered) else offered[:MOST_TICKS]
        listed = [*((value, value) for value in ticked if value not in dict(shown)), *shown]
        label = ", ".join(known.get(value, value) for value in ticked)
        yield Control("many", self.prefix + "values", label, choices=listed, values=tuple(ticked))
        if not _labelled(offered):
            yield Control("text", self.prefix + "others", _("Others, separated by commas"))


def _labelled(offered: Sequence[tuple[str, str]]) -> bool:
    """Whether these are all there are, by codes people need not know."""
    return any(code != label for code, label in offered)


def _event(draw: Drawer) -> Iterable[Control]:
    row = draw.row
    measure = row.text("measure", "did")
    match row.field:
        case "event":
            yield draw.text("name", _("Name of the event"), names="names-track", shapes=True)
        case "page" | "screen":
            yield draw.text("name", _("Name, empty for any"), names=f"names-{row.field}")
        case "kind":
            yield draw.select("name", _("Kind of event"), [("", _("choose …")), *catalog.kinds()])
    yield draw.select("measure", _("What counts"), fields.MEASURES, "did", shapes=True)
    if measure in BY_PROPERTY:
        yield draw.text("property", _("Property"), suggests=True)
    if measure in AGO:
        yield draw.select("operator", _("Comparison"), fields.AGO, "older_than")
        yield draw.number("value", _("Days"), kind="days", unit=_("days"))
        return
    if measure not in ("did", "never"):
        yield draw.select("operator", _("Comparison"), fields.COMPARE, "gte")
        yield draw.number("value", _("Value"))
    yield from draw.window()


def _order(draw: Drawer) -> Iterable[Control]:
    spec = draw.row.spec
    unit = {"money": draw.options.workspace.currency, "percent": "%"}.get(spec.unit if spec else "", "")
    yield draw.select("operator", _("Comparison"), fields.COMPARE, "gte")
    yield draw.number("value", _("Value"), unit=unit)
    yield from draw.window()


def _ago(draw: Drawer) -> Iterable[Control]:
    yield draw.select("operator", _("Comparison"), fields.AGO, "older_than")
    yield draw.number("value", _("Days"), kind="days", unit=_("days"))


def _seen(draw: Drawer) -> Iterable[Control]:
    yield draw.select("operator", _("Comparison"), fields.SEEN, "newer_than")
    yield draw.number("value", _("Days"), kind="days", unit=_("days"))


def _touch(draw: Drawer) -> Iterable[Control]:
    dimension = draw.row.field.rpartition(".")[2]
    yield from draw.matched(fields.MATCH, draw.options.origins(dimension))


def _trait(draw: Drawer) -> Iterable[Control]:
    yield draw.text("name", _("Name of the trait"), names="names-trait", shapes=True)
    yield from _of_trait(draw, draw.row.text("name").strip())


def _place(draw: Drawer) -> Iterable[Control]:
    yield from _of_trait(draw, draw.row.field.partition(".")[2])


def _of_trait(draw: Drawer, name: str) -> Iterable[Control]:
    if name and catalog.is_personal(name):
        operators = [choice for choice in fields.TRAIT if choice[0] in SEALED_OPERATORS]
        yield from draw.matched(operators, [], _("Kept encrypted: compared whole, exactly as it was sent."))
    else:
        yield from draw.matched(fields.TRAIT, draw.options.traits(name))


def _flag(draw: Drawer) -> Iterable[Control]:
    yield draw.select("value", _("Value"), fields.FLAG, "yes")


def _segment(draw: Drawer) -> Iterable[Control]:
    yield draw.select("member", _("Comparison"), fields.MEMBER, "yes")
    yield draw.select("value", _("Segment"), [("", _("choose …")), *draw.options.segments])


def _rfm(draw: Drawer) -> Iterable[Control]:
    labels = {group.key: group.name for group in GROUPS}
    yield draw.select("member", _("Comparison"), fields.MEMBER, "yes")
    label = ", ".join(str(labels.get(value, value)) for value in draw.row.values)
    yield Control("many", draw.prefix + "values", label, choices=list(labels.items()), values=draw.row.values)


def _share(draw: Drawer) -> Iterable[Control]:
    yield draw.number("value", _("Percent"), unit="%")
    hint = _("Equal names draw the same people.")
    yield Control("text", draw.prefix + "salt", _("Name of the draw"), draw.row.text("salt", "share"), hint=hint)


def _consent(draw: Drawer) -> Iterable[Control]:
    yield draw.select("value", _("Purpose"), [("", _("choose …")), *draw.options.purposes])
    yield draw.select("state", _("Consent"), fields.STATES, "granted")


SHAPES: dict[str, Callable[[Drawer], Iterable[Control]]] = {
    "event": _event, "order": _order, "order_ago": _ago, "touch": _touch, "trait": _trait, "place": _place, "seen": _seen,
    "flag": _flag, "segment": _segment, "rfm": _rfm, "share": _share, "consent": _consent,
}  # fmt: skip
FILTERED = frozenset({"event", "order", "order_ago"})  # shapes whose rows take conditions on properties


class Filter(NamedTuple):
    """One condition on a property, and the button that takes it away."""

    controls: list[Control]
    remove: str


def filters(draw: Drawer, place: str) -> list[Filter]:
    return [
        Filter(_filter(draw, f"{draw.prefix}f{number}.", one), f"remove-filter:{place}:{number}")
        for number, one in enumerate(draw.row.filters)
    ]


def _filter(draw: Drawer, prefix: str, one: "dict[str, str] | object") -> list[Control]:
    texts = dict(one) if isinstance(one, dict) else {}
    operator = texts.get("operator") or "is"
    if draw.row.spec and draw.row.spec.shape != "event":
        labels = _order_properties()
        listed = [(code, labels[code]) for code in ORDER_PROPERTIES]
        found = Control("select", prefix + "property", _("Property"), texts.get("property") or listed[0][0], listed)
    else:
        found = Control("text", prefix + "property", _("Property"), texts.get("property", ""), suggests=True)
    compared = Control("select", prefix + "operator", _("Comparison"), operator, Operator.choices, shapes=True)
    if operator in fields.VALUELESS:
        return [found, compared]
    return [found, compared, Control("text", prefix + "value", _("Value"), texts.get("value", ""), suggests=True)]


def _order_properties() -> dict[str, str]:
    return {
        "channel": _("Channel"), "campaign": _("Campaign"), "source": _("Source"), "medium": _("Medium"), "value": _("Order value"),
    }  # fmt: skip
