"""What one leaf says, as the part of a sentence behind "people who …", and the same denied.

In English the verb comes first, in German last, so every phrase is one message with places for its parts.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from segments.rules.grammar import (
    ConsentRule,
    EventRule,
    Leaf,
    ListRule,
    OrderRule,
    PersonRule,
    RfmRule,
    SegmentRule,
    ShareRule,
    TouchRule,
    TraitRule,
)
from segments.rules.wording import (
    Names,
    amount,
    days_ago,
    either,
    filters,
    number,
    quoted,
    times,
    value_of,
    window,
)
from tracking.models import Event

NEVER = {("lt", Decimal(1)), ("lte", Decimal(0)), ("eq", Decimal(0))}
EVER = {("gte", Decimal(1)), ("gt", Decimal(0))}
OPPOSITE = {"gte": "lt", "gt": "lte", "lte": "gt", "lt": "gte"}


def phrase(leaf: Leaf, names: Names, *, holds: bool) -> str:
    """What is said of somebody whom the leaf holds for, or of somebody it does not hold for."""
    text = PHRASES[type(leaf)](leaf, names, holds)
    return " ".join(part for part in text.split(" ") if part)


def _event(leaf: EventRule, names: Names, holds: bool) -> str:
    what = _what(leaf)
    if leaf.measure in ("first", "last"):
        return _age_of(leaf, what, holds)
    when = window(leaf.window)
    is_visit = leaf.measure == "visits" and leaf.event.type == "any" and not leaf.where
    often, holds = _often(leaf.operator, leaf.value, holds) if leaf.measure == "count" or is_visit else _measured(leaf, holds)
    if is_visit:
        words = _("visited %(often)s %(when)s") if holds else _("did not visit %(often)s %(when)s")
        return words % {"often": often, "when": when}
    if leaf.event.type == "any" and not leaf.where:
        words = _("were active %(often)s %(when)s") if holds else _("were not active %(often)s %(when)s")
        return words % {"often": often, "when": when}
    if leaf.event.type in ("page", "screen"):
        words = _("viewed %(what)s %(often)s %(when)s") if holds else _("did not view %(what)s %(often)s %(when)s")
        return words % {"what": _viewed(leaf), "often": often, "when": when}
    words = _("did %(what)s %(often)s %(when)s") if holds else _("did not do %(what)s %(often)s %(when)s")
    return words % {"what": what, "often": often, "when": when}


def _what(leaf: EventRule) -> str:
    name = leaf.event.name
    match leaf.event.type:
        case "track":
            what = quoted(name)
        case "page":
            what = _("a view of the page %(name)s") % {"name": quoted(name)} if name else _("a page view")
        case "screen":
            what = _("a view of the app screen %(name)s") % {"name": quoted(name)} if name else _("a view in the app")
        case "kind":
            what = _("something of the kind %(name)s") % {"name": quoted(Event.Kind(name).label)}
        case _:
            what = pgettext("did", "anything")
    found = filters(leaf.where)
    return f"{what} {found}" if found else what


def _viewed(leaf: EventRule) -> str:
    name = quoted(leaf.event.name)
    if leaf.event.type == "page":
        what = _("the page %(name)s") % {"name": name} if leaf.event.name else _("any page")
    else:
        what = _("the app screen %(name)s") % {"name": name} if leaf.event.name else _("any screen of the app")
    return f"{what} {filters(leaf.where)}"


def _often(operator: str, value: Decimal, holds: bool) -> tuple[str, bool]:
    """Times, and whether the sentence affirms: never is a denial of once, and a denied comparison is its opposite."""
    if (operator, value) in NEVER:
        return "", not holds
    if (operator, value) in EVER:
        return "", holds
    if not holds and operator in OPPOSITE:
        operator, holds = OPPOSITE[operator], True
    return times(operator, value), holds


def _measured(leaf: EventRule, holds: bool) -> tuple[str, bool]:
    operator = leaf.operator
    if not holds and operator in OPPOSITE:
        operator, holds = OPPOSITE[operator], True
    measured = amount(operator, leaf.value)
    words = {
        "days": _("(days: %(amount)s)"), "visits": _("(visits: %(amount)s)"),
        "distinct": _("(different values of %(name)s: %(amount)s)"), "sum": _("(sum of %(name)s: %(amount)s)"),
    }  # fmt: skip
    return words[leaf.measure] % {"amount": measured, "name": quoted(leaf.property)}, holds


def _age_of(leaf: EventRule, what: str, holds: bool) -> str:
    days = days_ago(int(leaf.value))
    if leaf.event.type == "any" and not leaf.where and leaf.measure == "last":
        active = {
            ("older_than", True): _("were last active more than %(days)s ago"),
            ("within", True): _("were last active less than %(days)s ago"),
            ("older_than", False): _("were active less than %(days)s ago or never"),
            ("within", False): _("were not active in the last %(days)s"),
        }
        return active[leaf.operator, holds] % {"days": days}
    words = {
        ("last", "older_than", True): _("did %(what)s for the last time more than %(days)s ago"),
        ("last", "within", True): _("did %(what)s for the last time less than %(days)s ago"),
        ("first", "older_than", True): _("did %(what)s for the first time more than %(days)s ago"),
        ("first", "within", True): _("did %(what)s for the first time less than %(days)s ago"),
        ("last", "older_than", False): _("did %(what)s less than %(days)s ago or never"),
        ("last", "within", False): _("did not do %(what)s in the last %(days)s"),
        ("first", "older_than", False): _("did not do %(what)s earlier than %(days)s ago"),
        ("first", "within", False): _("did %(what)s for the first time more than %(days)s ago or never"),
    }
    return words[leaf.measure, leaf.operator, holds] % {"what": what, "days": days}


def _order(leaf: OrderRule, names: Names, holds: bool) -> str:
    if leaf.measure in ("first", "last"):
        return _age_of_order(leaf, names, holds)
    when, which = window(leaf.window), _which_orders(leaf, names)
    if leaf.measure == "count":
        often, holds = _often(leaf.operator, leaf.value, holds)
        words = _("ordered %(often)s %(which)s %(when)s") if holds else _("did not order %(often)s %(which)s %(when)s")
        return words % {"often": often, "which": which, "when": when}
    operator = leaf.operator
    if not holds and operator in OPPOSITE:
        operator, holds = OPPOSITE[operator], True
    much = amount(operator, leaf.value, "%" if leaf.measure == "return_rate" else names.currency)
    words_of = {
        ("revenue", True): _("spent %(much)s %(which)s %(when)s"),
        ("revenue", False): _("did not spend %(much)s %(which)s %(when)s"),
        ("margin", True): _("brought a margin of %(much)s %(which)s %(when)s"),
        ("margin", False): _("did not bring a margin of %(much)s %(which)s %(when)s"),
        ("average", True): _("spent %(much)s per order %(which)s %(when)s"),
        ("average", False): _("did not spend %(much)s per order %(which)s %(when)s"),
        ("return_rate", True): _("returned %(much)s of what they ordered %(which)s %(when)s"),
        ("return_rate", False): _("did not return %(much)s of what they ordered %(which)s %(when)s"),
    }
    return words_of[leaf.measure, holds] % {"much": much, "which": which, "when": when}


def _which_orders(leaf: OrderRule, names: Names) -> str:
    properties = {"channel": _("channel"), "campaign": _("campaign"), "source": _("source"), "medium": _("medium"),
                  "value": _("order value")}  # fmt: skip
    return filters(leaf.where, properties)


def _age_of_order(leaf: OrderRule, names: Names, holds: bool) -> str:
    words = {
        ("last", "older_than", True): _("ordered %(which)s for the last time more than %(days)s ago"),
        ("last", "within", True): _("ordered %(which)s for the last time less than %(days)s ago"),
        ("first", "older_than", True): _("ordered %(which)s for the first time more than %(days)s ago"),
        ("first", "within", True): _("ordered %(which)s for the first time less than %(days)s ago"),
        ("last", "older_than", False): _("ordered %(which)s less than %(days)s ago or never"),
        ("last", "within", False): _("did not order %(which)s in the last %(days)s"),
        ("first", "older_than", False): _("did not order %(which)s earlier than %(days)s ago"),
        ("first", "within", False): _("ordered %(which)s for the first time more than %(days)s ago or never"),
    }
    return words[leaf.measure, leaf.operator, holds] % {"which": _which_orders(leaf, names), "days": days_ago(int(leaf.value))}


def _trait(leaf: TraitRule, names: Names, holds: bool) -> str:
    operator = leaf.operator
    if operator in ("is_not", "missing"):
        operator, holds = {"is_not": "is", "missing": "exists"}[operator], not holds
    if isinstance(leaf.value, Decimal) and not holds:
        operator = {"lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"}[operator]
    known = {
        ("is", True): _("have %(value)s as %(name)s"), ("is", False): _("do not have %(value)s as %(name)s"),
        ("contains", True): _("have something with %(value)s as %(name)s"),
        ("contains", False): _("have nothing with %(value)s as %(name)s"),
        ("starts_with", True): _("have something that starts with %(value)s as %(name)s"),
        ("starts_with", False): _("have nothing that starts with %(value)s as %(name)s"),
        ("exists", True): _("have anything as %(name)s"), ("exists", False): _("have nothing as %(name)s"),
        ("older_than", True): _("have a day more than %(days)s ago as %(name)s"),
        ("older_than", False): _("have no day more than %(days)s ago as %(name)s"),
        ("newer_than", True): _("have a day less than %(days)s ago as %(name)s"),
        ("newer_than", False): _("have no day less than %(days)s ago as %(name)s"),
        ("number", True): _("have %(value)s as %(name)s"), ("number", False): _("have %(value)s or no number as %(name)s"),
    }  # fmt: skip
    values = {"name": names.traits.get(leaf.name) or quoted(leaf.name), "value": "", "days": ""}
    if isinstance(leaf.value, Decimal):
        return known["number", holds] % {**values, "value": amount(operator, leaf.value)}
    if isinstance(leaf.value, int):
        return known[operator, holds] % {**values, "days": days_ago(leaf.value)}
    return known["is" if operator == "one_of" else operator, holds] % {**values, "value": value_of(leaf.value)}


def _touch(leaf: TouchRule, names: Names, holds: bool) -> str:
    if leaf.operator == "is_not":
        holds = not holds
    values = leaf.value if isinstance(leaf.value, tuple) else (str(leaf.value),)
    shown = either(quoted(names.channels.get(one, one) if leaf.dimension == "channel" else one) for one in values)
    value = _("something with %(value)s") % {"value": shown} if leaf.operator == "contains" else shown
    dimension = {"channel": _("channel"), "campaign": _("campaign"), "source": _("source"), "medium": _("medium")}[leaf.dimension]
    words = {
        ("first", True): _("first came by %(dimension)s %(value)s"),
        ("first", False): _("did not first come by %(dimension)s %(value)s"),
        ("last", True): _("last came by %(dimension)s %(value)s"),
        ("last", False): _("did not last come by %(dimension)s %(value)s"),
    }
    return words[leaf.which, holds] % {"dimension": dimension, "value": value}


def _consent(leaf: ConsentRule, names: Names, holds: bool) -> str:
    words = _("agreed to %(purpose)s") if (leaf.state == "granted") == holds else _("did not agree to %(purpose)s")
    return words % {"purpose": quoted(names.purposes.get(leaf.purpose, leaf.purpose))}


def _segment(leaf: SegmentRule | ListRule, names: Names, holds: bool) -> str:
    words = _("are in %(segment)s") if leaf.member == holds else _("are not in %(segment)s")
    return words % {"segment": quoted(names.segments.get(leaf.segment, leaf.segment))}


def _rfm(leaf: RfmRule, names: Names, holds: bool) -> str:
    groups = either(quoted(names.groups.get(group, group)) for group in leaf.groups)
    words = _("are in the RFM group %(groups)s") if leaf.member == holds else _("are not in the RFM group %(groups)s")
    return words % {"groups": groups}


def _share(leaf: ShareRule, names: Names, holds: bool) -> str:
    words = _("were drawn among %(percent)s by the draw %(salt)s")
    if not holds:
        words = _("were not drawn among %(percent)s by the draw %(salt)s")
    return words % {"percent": f"{number(leaf.percent)}\N{NO-BREAK SPACE}%", "salt": quoted(leaf.salt)}


def _person(leaf: PersonRule, names: Names, holds: bool) -> str:
    flags = {
        ("has_email", True): _("have an e-mail address"), ("has_email", False): _("have no e-mail address"),
        ("has_phone", True): _("have a telephone number"), ("has_phone", False): _("have no telephone number"),
        ("is_known", True): _("are known by address or number"), ("is_known", False): _("are anonymous"),
    }  # fmt: skip
    if leaf.operator == "is":
        return flags[leaf.fact, bool(leaf.value) == holds]
    words = {
        ("first_seen", True): _("were first seen more than %(days)s ago"),
        ("first_seen", False): _("were first seen less than %(days)s ago"),
        ("last_seen", True): _("were last seen more than %(days)s ago"),
        ("last_seen", False): _("were last seen less than %(days)s ago"),
        ("created", True): _("have had a profile for more than %(days)s"),
        ("created", False): _("have had a profile for less than %(days)s"),
    }
    return words[leaf.fact, (leaf.operator == "older_than") == holds] % {"days": days_ago(int(leaf.value))}


PHRASES: dict[type, Callable[[Any, Names, bool], str]] = {
    EventRule: _event, OrderRule: _order, TraitRule: _trait, TouchRule: _touch, ConsentRule: _consent, SegmentRule: _segment,
    ListRule: _segment, RfmRule: _rfm, ShareRule: _share, PersonRule: _person,
}  # fmt: skip
