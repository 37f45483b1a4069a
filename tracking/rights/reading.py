"""The answer to a person as a page of its own, without scripts, to be read, printed or kept (Art. 12(1), 15 GDPR)."""

import json
import re
from typing import Any, NamedTuple

from django.apps import apps
from django.template.defaultfilters import yesno
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from tracking.models import DataSubjectRequest, Order, Source
from tracking.rights import activities, held, labels
from tracking.rights.declaring import Kept
from tracking.rights.retention import TIMERS

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$")
Row = dict[str, Any]


class Reason(NamedTuple):
    """One activity in the reader's language; `kept` says how long which data is kept."""

    name: str
    purpose: str
    bases: list[str]
    tables: list[str]
    kept: list[tuple[str, str]]


class Went(NamedTuple):
    """Somebody the data went to."""

    name: str
    where: str
    purpose: str
    first: str
    last: str


def page(content: dict[str, Any], language: str) -> str:
    """The bundle of access in this language."""
    with translation.override(language):
        kinds = dict(DataSubjectRequest.IdentifierKind.choices)
        data = content["data"]
        filled = [table for table, rows in data.items() if rows]
        context = {
            "bundle": content, "language": language, "made_at": _text(content["about"]["made_at"]),
            "identifiers": [(kinds.get(one["kind"], one["kind"]), one["value"]) for one in content["identifiers"]],
            "why": [_reason(one) for one in content["why"]], "purposes": [_purpose(one) for one in content["purposes"]],
            "recipients": [_went(one) for one in content["recipients"]], "sources": _sources(content),
            "parts": [(labels.table(table), [lines(row, table) for row in data[table]]) for table in labels.ordered(filled)],
            "mentions": [lines(row) for row in content["mentions"]], "is_anything": held.is_anything(content),
        }  # fmt: skip
        return render_to_string("tracking/rights/bundle.html", context)


def _reason(one: Row) -> Reason:
    kept = [period(Kept(kind["kind"]), kind["days"]) for kind in one["kept"]]
    name, purpose, tables = one["activity"], one["purpose"], [labels.table(table) for table in one["tables"]]
    return Reason(_(name), _(purpose), [_(basis) for basis in one["legal_basis"]], tables, kept)


def period(kind: Kept, days: int | None) -> tuple[str, str]:
    """What is kept, and how long, in words."""
    if days is None:
        label, words = activities.UNTIMED[kind]
        return _(label), _(words)
    return str(TIMERS[kind].label), _("one day") if days == 1 else _("%(days)s days") % {"days": days}


def _purpose(one: Row) -> tuple[str, str, str, str]:
    """Name, what was said, until when that holds, and the legal basis."""
    name, basis = one["purpose"], one["legal_basis"]
    return _(name), _shown(one["decision"], "tracking.ConsentState", "decision"), _text(one["expires_at"] or ""), _(basis)


def _went(one: Row) -> Went:
    purpose, first, last = one["purpose"], _text(one["first_at"]), _text(one["last_at"])
    return Went(whom(one["destination"]), where(one["country"], one["beyond"]), _(purpose), first, last)


def whom(destination: str) -> str:
    """The company behind a destination, or the way it took, with the destination as it is called here."""
    known, way = activities.recipient(destination), activities.WAYS.get(destination.partition(":")[0])
    name = known.company if known else _(way) if way else ""
    return f"{name} ({destination})" if name else destination


def where(country: str, beyond: str) -> str:
    """Ireland; also outside the EEA: USA. Empty where it is not known."""
    names = [_(activities.COUNTRIES[code]) for code in (country, beyond) if code]
    if not beyond:
        return "".join(names)
    return _("%(country)s; also outside the EEA: %(beyond)s") % {"country": names[0], "beyond": names[1]}


def _sources(content: Row) -> list[tuple[str, str]]:
    """Where events came from, and by what way orders did."""
    kinds, ways = dict(Source.Kind.choices), dict(Order.Source.choices)
    found = [(one["name"], str(kinds.get(one["kind"], one["kind"]))) for one in content["sources"]]
    orders = sorted({row["source"] for row in content["data"]["tracking.Order"]})
    return found + [(_("Orders"), ", ".join(str(ways.get(source, source)) for source in orders))] * bool(orders)


def lines(row: Row, table: str = "") -> list[tuple[str, str]]:
    """What a row says, without what it leaves empty. Of texts others sent the path is given as it is."""
    said = ((name, value) for name, value in row.items() if value not in (None, "", {}, []))
    return [(name if "." in name else labels.field(name), _shown(value, table, name)) for name, value in said]


def _shown(value: Any, table: str, name: str) -> str:
    """A choice by its label, a name every workspace begins with in the reader's language."""
    if isinstance(value, bool):
        return str(yesno(value))
    if name == "purpose":
        return _(value)
    if isinstance(value, str) and table and name in {field.name for field in apps.get_model(table)._meta.concrete_fields}:
        choices = dict(getattr(apps.get_model(table)._meta.get_field(name), "flatchoices", ()))
        return str(choices[value]) if value in choices else _text(value)
    return _text(value)


def _text(value: Any) -> str:
    """Instants to the second in UTC; contents as JSON."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1)
    return f"{value[:10]} {value[11:19]} UTC" if isinstance(value, str) and INSTANT.match(value) else str(value)
