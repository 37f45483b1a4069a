"""What a row of the builder can be about, by key, and which inputs it has. Words for people; rules stay in the rule language."""

from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Text = str | Promise
Choices = tuple[tuple[str, Text], ...]


class Field(NamedTuple):
    """One entry of the first select of a row. `leaf` holds what never changes of its rule; `shape` names its inputs."""

    key: str
    label: Text
    group: Text
    shape: str
    leaf: dict[str, Any]
    unit: str = ""  # of its value: "money", "percent"


BEHAVIOUR, PURCHASES, ORIGIN = _("Behaviour"), _("Orders"), _("Origin")
PERSON, PLACE, GROUPS, CONSENT = _("Person"), _("Place"), _("Groups"), _("Consent")


def _order(measure: str, label: Text, shape: str = "order", unit: str = "") -> Field:
    return Field(f"order.{measure}", label, PURCHASES, shape, {"kind": "order", "measure": measure}, unit)


def _touch(which: str, dimension: str, label: Text) -> Field:
    leaf = {"kind": "touch", "which": which, "dimension": dimension}
    return Field(f"touch.{which}.{dimension}", label, ORIGIN, "touch", leaf)


def _person(fact: str, label: Text, shape: str) -> Field:
    return Field(f"person.{fact}", label, PERSON, shape, {"kind": "person", "fact": fact})


def _place(name: str, label: Text) -> Field:
    return Field(f"trait.{name}", label, PLACE, "place", {"kind": "trait", "name": name})


FIELDS: dict[str, Field] = {
    field.key: field
    for field in (
        Field("event", _("Event"), BEHAVIOUR, "event", {"kind": "event", "event": {"type": "track"}}),
        Field("kind", _("Kind of event"), BEHAVIOUR, "event", {"kind": "event", "event": {"type": "kind"}}),
        Field("page", _("Page viewed"), BEHAVIOUR, "event", {"kind": "event", "event": {"type": "page"}}),
        Field("screen", _("App screen viewed"), BEHAVIOUR, "event", {"kind": "event", "event": {"type": "screen"}}),
        Field("any", _("Any activity"), BEHAVIOUR, "event", {"kind": "event", "event": {"type": "any"}}),
        _order("count", _("Number of orders")),
        _order("revenue", _("Revenue"), unit="money"),
        _order("average", _("Average order value"), unit="money"),
        _order("margin", _("Margin"), unit="money"),
        _order("last", _("Last order"), "order_ago"),
        _order("first", _("First order"), "order_ago"),
        _order("return_rate", _("Return rate"), unit="percent"),
        _touch("first", "channel", _("First channel")),
        _touch("first", "campaign", _("First campaign")),
        _touch("first", "source", _("First source")),
        _touch("first", "medium", _("First medium")),
        _touch("last", "channel", _("Last channel")),
        _touch("last", "campaign", _("Last campaign")),
        _touch("last", "source", _("Last source")),
        _touch("last", "medium", _("Last medium")),
        Field("trait", _("Trait"), PERSON, "trait", {"kind": "trait"}),
        _person("first_seen", _("First seen"), "seen"),
        _person("last_seen", _("Last seen"), "seen"),
        _person("created", _("Profile created"), "seen"),
        _person("has_email", _("Has an e-mail address"), "flag"),
        _person("has_phone", _("Has a telephone number"), "flag"),
        _person("is_known", _("Is known by name or number"), "flag"),
        _place("country", _("Country")),
        _place("city", _("City")),
        _place("postal_code", _("Postal code")),
        Field("segment", _("Segment"), GROUPS, "segment", {"kind": "segment"}),
        Field("rfm", _("RFM group"), GROUPS, "rfm", {"kind": "rfm"}),
        Field("share", _("Random share of people"), GROUPS, "share", {"kind": "share"}),
        Field("consent", _("Consent to a purpose"), CONSENT, "consent", {"kind": "consent"}),
    )
}
NESTED = "nested"  # a part of a rule deeper than rows: shown, kept, never edited

COMPARE: Choices = (
    ("gte", _("at least")), ("lte", _("at most")), ("gt", _("more than")), ("lt", _("less than")), ("eq", _("exactly")),
)  # fmt: skip
MEASURES: Choices = (
    ("did", _("happened")),
    ("never", _("did not happen")),
    ("count", _("number of times")),
    ("days", _("on different days")),
    ("visits", _("in different visits")),
    ("sum", _("sum of the property")),
    ("distinct", _("different values of the property")),
    ("last", _("last time")),
    ("first", _("first time")),
)
AGO: Choices = (("older_than", _("more than … days ago")), ("within", _("in the last … days")))
SEEN: Choices = (("older_than", _("more than … days ago")), ("newer_than", _("in the last … days")))
MATCH: Choices = (("is", _("is")), ("is_not", _("is not")), ("one_of", _("is one of")), ("contains", _("contains")))
HIDDEN: Choices = (
    ("is", _("is")), ("is_not", _("is not")), ("one_of", _("is one of")), ("exists", _("is known")), ("missing", _("is not known")),
)  # fmt: skip
TRAIT: Choices = (
    *HIDDEN[:3], ("contains", _("contains")), ("starts_with", _("starts with")), ("gte", _("at least")), ("lte", _("at most")),
    ("gt", _("more than")), ("lt", _("less than")), ("older_than", _("more than … days ago")),
    ("newer_than", _("in the last … days")), *HIDDEN[3:],
)  # fmt: skip
WINDOWS: Choices = (
    ("", pgettext_lazy("period", "ever")),
    ("days", _("in the last … days")),
    ("hours", _("in the last … hours")),
    ("between", _("between … and … days ago")),
    ("dates", _("from … to …")),
)
VALUELESS = frozenset({"exists", "missing"})
MEMBER: Choices = (("yes", _("is in")), ("no", _("is not in")))
FLAG: Choices = (("yes", _("yes")), ("no", _("no")))
STATES: Choices = (("granted", _("given")), ("missing", _("not given")))


def grouped() -> list[tuple[Text, list[Field]]]:
    """The fields by group, in their order, for the select."""
    groups: dict[str, tuple[Text, list[Field]]] = {}
    for field in FIELDS.values():
        groups.setdefault(str(field.group), (field.group, []))[1].append(field)
    return list(groups.values())
