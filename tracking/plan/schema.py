"""An event as planned, and the same as JSON Schema (draft 7, the one Segment's tracking plans use).

A property is named by its path: "total"; "address.city" inside an object; "products[].price" inside the objects of a list;
"tags[]" for the values of a list. One level of nesting, as deep as anything the product reads.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

DRAFT = "http://json-schema.org/draft-07/schema#"
FORMATS = ("date-time", "date", "email", "uri", "uuid")  # texts of a certain form
Schema = dict[str, Any]


class Type(TextChoices):
    """What a value is: JSON's types, and texts of a certain form."""

    ANY = "", _("anything")
    STRING = "string", _("text")
    NUMBER = "number", _("number")
    INTEGER = "integer", _("whole number")
    BOOLEAN = "boolean", _("yes or no")
    DATE_TIME = "date-time", _("date and time")
    DATE = "date", _("date")
    EMAIL = "email", _("e-mail address")
    URI = "uri", _("web address")
    UUID = "uuid", _("UUID")
    ARRAY = "array", _("list")
    OBJECT = "object", _("object")
    NULL = "null", _("empty (null)")


class EventType(TextChoices):
    """What a plan can speak about: tracked events by their name, the other calls as a whole."""

    TRACK = "track", _("Event")
    PAGE = "page", _("Page view")
    SCREEN = "screen", _("Screen view")
    IDENTIFY = "identify", _("Identify: traits of a person")
    GROUP = "group", _("Group: traits of a company")


@dataclass(frozen=True)
class Property:
    """One property of an event. `enum` are JSON texts or numbers, () for any; `pattern` is searched in a text."""

    path: str
    type: str = Type.ANY
    required: bool = False
    nullable: bool = False
    enum: tuple[Any, ...] = ()
    pattern: str = ""
    description: str = ""

    @property
    def type_label(self) -> str:
        return str(Type(self.type).label)


@dataclass(frozen=True)
class PlannedEvent:
    """An event of the plan. `closed`: a property that is not planned is a violation."""

    type: str
    name: str  # "" for all but tracked events
    owner: str = ""
    description: str = ""
    properties: tuple[Property, ...] = ()
    closed: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.type, self.name

    @property
    def label(self) -> str:
        return self.name or str(EventType(self.type).label)

    @property
    def short(self) -> str:
        """The name in counts of violations: of a tracked event its name, else its type."""
        return self.name or self.type

    @property
    def content(self) -> dict[str, Any]:
        """What it plans, however its properties are sorted."""
        return {"type": self.type, "name": self.name, "owner": self.owner, "description": self.description,
                "schema": to_schema(self)}  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """For the database, which does not keep the order of an object's names."""
        return {**self.content, "order": [prop.path for prop in self.properties]}


def to_schema(event: PlannedEvent) -> Schema:
    """The JSON Schema of the event's properties (of its traits for identify and group)."""
    root = _object(event.closed)
    for prop in sorted(event.properties, key=lambda one: split(one.path)[1] != ""):  # outer ones first
        outer, inner = split(prop.path)
        if not inner:
            root["properties"][outer] = _rules(prop)
            _require(root, outer, prop)
        elif inner == "[]":
            root["properties"].setdefault(outer, {"type": "array"})["items"] = _rules(prop)
        else:
            home = _home(root, outer, event.closed)
            home["properties"][inner] = _rules(prop)
            _require(home, inner, prop)
    return root


def _home(root: Schema, outer: str, closed: bool) -> Schema:
    """Where the inner properties of `outer` stand: in the object, or in the objects of the list."""
    if not outer.endswith("[]"):
        home: Schema = root["properties"].setdefault(outer, {"type": "object"})
    else:
        home = root["properties"].setdefault(outer.removesuffix("[]"), {"type": "array"}).setdefault("items", {"type": "object"})
    home.setdefault("properties", {})
    if closed:
        home["additionalProperties"] = False
    return home


def split(path: str) -> tuple[str, str]:
    """("products[]", "price"), ("address", "city"), ("tags", "[]") or ("total", "")."""
    outer, _dot, inner = path.partition(".")
    if not inner and outer.endswith("[]"):
        return outer.removesuffix("[]"), "[]"
    return outer, inner


def _object(closed: bool) -> Schema:
    return {"type": "object", "properties": {}, **({"additionalProperties": False} if closed else {})}


def _require(home: Schema, name: str, prop: Property) -> None:
    if prop.required:
        home["required"] = [*home.get("required", []), name]


def _rules(prop: Property) -> Schema:
    base = "string" if prop.type in FORMATS else prop.type
    kinds: Any = [base, "null"] if prop.nullable and base not in ("", "null") else base
    rules: Schema = {"type": kinds} if base else {}
    if prop.type in FORMATS:
        rules["format"] = str(prop.type)
    if prop.enum:
        rules["enum"] = [*prop.enum, None] if prop.nullable else list(prop.enum)
    if prop.pattern:
        rules["pattern"] = prop.pattern
    if prop.description:
        rules["description"] = prop.description
    return rules
