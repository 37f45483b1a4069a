"""What people fill in about a planned event: the event itself, and one small form per property."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.plan.exchange import LONGEST_OWNER
from tracking.plan.reading import LONGEST_PATTERN, LONGEST_TEXT, MOST_PROPERTIES, property_problem
from tracking.plan.schema import EventType, PlannedEvent, Property, Type
from tracking.plan_models import NAME_LENGTH, PROPERTY_LENGTH

SEPARATOR = re.compile(r"(?<!\\)\|")  # "\|" is a stroke inside a value
WORDS = {"true": True, "false": False}


class EventForm(forms.Form):
    type = forms.ChoiceField(label=_("What happens"), choices=EventType.choices)
    name = forms.CharField(
        label=_("Event name"),
        max_length=NAME_LENGTH,
        required=False,
        help_text=_("As it is sent, such as Order Completed."),
    )
    owner = forms.CharField(
        label=_("Event owner"),
        max_length=LONGEST_OWNER,
        required=False,
        help_text=_("The team that answers for it."),
    )
    description = forms.CharField(
        label=_("When it is sent"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea({"rows": 2})
    )
    closed = forms.BooleanField(label=_("Properties that are not listed below are violations"), required=False, initial=True)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        values["name"] = (values.get("name") or "").strip()
        if values.get("type") != EventType.TRACK:
            values["name"] = ""
        elif not values["name"] and "name" not in self.errors:
            self.add_error("name", gettext("Name the event."))
        return values


class PropertyForm(forms.Form):
    """One row. All rows have the same field names, the browser sends them as lists; a row without a name is none."""

    path = forms.CharField(label=_("Property"), max_length=PROPERTY_LENGTH, required=False)
    kind = forms.ChoiceField(label=_("Type"), choices=Type.choices, required=False)
    demand = forms.ChoiceField(label=_("Required"), choices=[("", _("optional")), ("required", _("required"))], required=False)
    note = forms.CharField(label=_("Description"), max_length=LONGEST_TEXT, required=False)
    values = forms.CharField(
        label=_("Allowed values"), max_length=20_000, required=False, help_text=_("Separated by |, such as EUR | CHF.")
    )
    pattern = forms.CharField(
        label=_("Pattern"), max_length=LONGEST_PATTERN, required=False, help_text=_("A regular expression, such as ^[A-Z]{3}$.")
    )
    empty = forms.ChoiceField(label=_("May be null"), choices=[("", _("no")), ("yes", _("yes"))], required=False)

    def clean_values(self) -> str:
        value: str = self.cleaned_data["values"]
        allowed(value, self.cleaned_data.get("kind", ""))
        return value

    def as_property(self) -> Property:
        said = self.cleaned_data
        return Property(said["path"].strip(), said["kind"], bool(said["demand"]), bool(said["empty"]),
                        allowed(said["values"], said["kind"]), said["pattern"], said["note"])  # fmt: skip

    @property
    def has_rules(self) -> bool:
        """Whether the rules beyond the type are worth showing at once."""
        return any(self[name].value() or self[name].errors for name in ("values", "pattern", "empty"))


FIELDS = tuple(PropertyForm.base_fields)


def allowed(text: str, kind: str) -> tuple[Any, ...]:
    """ "EUR | CHF" as the values of a property of this type. Raises ValidationError for what is no such value."""
    parts = [part.strip().replace("\\|", "|") for part in SEPARATOR.split(text)]
    return tuple(dict.fromkeys(_value(part, kind) for part in parts if part))


def _value(part: str, kind: str) -> Any:
    if kind == Type.BOOLEAN and part.lower() in WORDS:
        return WORDS[part.lower()]
    if kind not in (Type.NUMBER, Type.INTEGER, Type.BOOLEAN):
        return part
    try:
        number = float(part)
        return int(number) if number.is_integer() else number
    except (ValueError, OverflowError):
        raise forms.ValidationError(gettext("“%(value)s” does not fit the type.") % {"value": part[:80]}) from None


def as_text(values: Sequence[Any]) -> str:
    return " | ".join((str(value).lower() if isinstance(value, bool) else str(value)).replace("|", "\\|") for value in values)


def initial(event: PlannedEvent) -> dict[str, Any]:
    return {"type": event.type, "name": event.name, "owner": event.owner, "description": event.description, "closed": event.closed}


def row(number: str, prop: Property | None = None, data: Mapping[str, str] | None = None) -> PropertyForm:
    """The form of one property; `number` keeps the ids of its fields apart."""
    said = prop and {
        "path": prop.path, "kind": prop.type, "demand": "required" if prop.required else "", "note": prop.description,
        "values": as_text(prop.enum), "pattern": prop.pattern, "empty": "yes" if prop.nullable else "",
    }  # fmt: skip
    return PropertyForm(data, initial=said or {}, auto_id=f"row{number}_%s")


def rows_of(sent: QueryDict) -> list[PropertyForm]:
    """The rows as they were sent, those without a name left out."""
    columns = [sent.getlist(name)[: MOST_PROPERTIES + 1] for name in FIELDS]
    rows = [dict(zip(FIELDS, cells, strict=True)) for cells in zip(*columns, strict=False)]
    return [row(str(number), data=cells) for number, cells in enumerate(rows) if cells["path"].strip()]


def planned(form: EventForm, rows: Sequence[PropertyForm]) -> PlannedEvent | None:
    """The event the forms describe; None with the problems at their fields."""
    if not all([form.is_valid(), *(one.is_valid() for one in rows)]):
        return None
    said = form.cleaned_data
    properties = tuple(one.as_property() for one in rows)
    event = PlannedEvent(said["type"], said["name"], said["owner"], said["description"], properties, said["closed"])
    for one, prop in zip(rows, properties, strict=True):
        if found := property_problem(prop, event):
            one.add_error("path", found)
    return event if all(one.is_valid() for one in rows) else None
