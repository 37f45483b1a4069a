"""The small parts of a sentence about a rule: quotes, numbers, days, windows, comparisons, filters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from segments.rules.grammar import Between, Dates, Filter, Last, Value, Window


@dataclass(frozen=True)
class Names:
    """What ids and keys in a rule are called; what is missing is shown by its id or key."""

    segments: Mapping[int, str] = field(default_factory=dict)
    purposes: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    traits: Mapping[str, str] = field(default_factory=dict)
    currency: str = "EUR"


def quoted(text: object) -> str:
    return _("“%(text)s”") % {"text": text}


def either(texts: Iterable[str]) -> str:
    """ "a, b or c"."""
    found = list(texts)
    if len(found) < 2:
        return "".join(found)
    return _("%(first)s or %(last)s") % {"first": ", ".join(found[:-1]), "last": found[-1]}


def value_of(value: Value) -> str:
    return either(quoted(one) for one in (value if isinstance(value, tuple) else (value,)))


def number(value: Decimal) -> str:
    """As people of the active language write it, without zeros at the end."""
    plain = format(value, "f")
    decimals = len(plain.partition(".")[2].rstrip("0"))
    return formats.number_format(value, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def day(value: date) -> str:
    return formats.date_format(value, "DATE_FORMAT")


def days_ago(days: int) -> str:
    """For "more than … ago"."""
    return pgettext("ago", "one day") if days == 1 else pgettext("ago", "%(count)s days") % {"count": number(Decimal(days))}


def times(operator: str, value: Decimal) -> str:
    """How often; "" for at least once."""
    if operator == "gte" and value == 1:
        return ""
    words = {
        "gte": _("at least %(count)s times"), "gt": _("more than %(count)s times"), "eq": _("exactly %(count)s times"),
        "lte": _("at most %(count)s times"), "lt": _("fewer than %(count)s times"),
    }  # fmt: skip
    return words[operator] % {"count": number(value)}


def amount(operator: str, value: Decimal, unit: str = "") -> str:
    words = {"gte": _("at least %(number)s"), "gt": _("more than %(number)s"), "eq": _("exactly %(number)s"),
             "lte": _("at most %(number)s"), "lt": _("less than %(number)s")}  # fmt: skip
    shown = number(value)
    return words[operator] % {"number": f"{shown}\N{NO-BREAK SPACE}{unit}" if unit else shown}


def window(found: Window | None) -> str:
    match found:
        case Last(1, "hours"):
            return _("in the last hour")
        case Last(count, "hours"):
            return _("in the last %(count)s hours") % {"count": count}
        case Last(1, _unit):
            return _("in the last 24 hours")
        case Last(count, _unit):
            return _("in the last %(count)s days") % {"count": number(Decimal(count))}
        case Between(from_days, to_days):
            return _("between %(from)s and %(to)s days ago") % {"from": from_days, "to": to_days}
        case Dates(since, None) if since:
            return _("since %(day)s") % {"day": day(since)}
        case Dates(None, until) if until:
            return _("until %(day)s") % {"day": day(until - timedelta(days=1))}
        case Dates(since, until) if since and until:
            return _("from %(since)s to %(until)s") % {"since": day(since), "until": day(until - timedelta(days=1))}
        case _:
            return ""


def filters(where: Iterable[Filter], names: Mapping[str, str] | None = None) -> str:
    """In parentheses; "" for none."""
    found = [_filter(one, names or {}) for one in where]
    return f"({', '.join(found)})" if found else ""


def _filter(one: Filter, names: Mapping[str, str]) -> str:
    words = {
        "is": _("%(name)s is %(value)s"), "is_not": _("%(name)s is not %(value)s"), "one_of": _("%(name)s is %(value)s"),
        "contains": _("%(name)s contains %(value)s"), "starts_with": _("%(name)s starts with %(value)s"),
        "exists": _("%(name)s is there"), "missing": _("%(name)s is missing"),
        "lt": _("%(name)s is less than %(value)s"), "lte": _("%(name)s is at most %(value)s"),
        "gt": _("%(name)s is more than %(value)s"), "gte": _("%(name)s is at least %(value)s"),
    }  # fmt: skip
    is_number = one.operator in ("lt", "lte", "gt", "gte")
    value = number(Decimal(str(one.value))) if is_number else value_of(one.value)
    return words[one.operator] % {"name": names.get(one.property) or quoted(one.property), "value": value}
