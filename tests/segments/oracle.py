"""What a rule says of somebody, the slow way: plain Python over the rows of the tables, sharing no code with the compiler."""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from segments.models import ListEntry, RfmScore, Segment
from segments.rules import grammar as g
from segments.rules.parsing import parse
from segments.shares import bucket
from tracking.blind_index import Indexer
from tracking.models import (
    ConsentState,
    Customer,
    Event,
    Identity,
    Order,
    Profile,
    Refund,
    Suppression,
    Trait,
)
from workspaces.models import Workspace

COMPARE = {
    "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "eq": lambda a, b: a == b,
    "gte": lambda a, b: a >= b, "gt": lambda a, b: a > b,
}  # fmt: skip
DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d(:\d\d){1,2}(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


class World:
    """Everything a workspace knows, read once."""

    def __init__(self, workspace: Workspace, rates: dict[tuple[str, Any], Decimal] | None = None) -> None:
        self.workspace, self.zone = workspace, ZoneInfo(workspace.time_zone)
        self.rates = rates or {}
        self.profiles = {p.pk: p for p in Profile.objects.filter(workspace=workspace, merged_into=None)}
        self.events = _by(Event.objects.filter(workspace=workspace, state="stored"), lambda e: e.profile_id)
        self.identities = _by(Identity.objects.filter(workspace=workspace), lambda i: i.profile_id)
        owner = {c.pk: c.profile_id for c in Customer.objects.filter(workspace=workspace)}
        orders = [o for o in Order.objects.filter(workspace=workspace) if o.customer_id]
        self.orders = _by(orders, lambda o: owner[o.customer_id])
        self.refunds = _by(Refund.objects.filter(workspace=workspace), lambda r: r.order_id)
        home = {i.pk: i.profile_id for rows in self.identities.values() for i in rows}
        self.traits = _by(Trait.objects.filter(workspace=workspace), lambda t: home[t.identity_id])
        self.consents = list(ConsentState.objects.filter(workspace=workspace).select_related("purpose"))
        self.suppressed = set(Suppression.objects.filter(workspace=workspace).values_list("subject", flat=True))
        self.listed = set(ListEntry.objects.filter(workspace=workspace).values_list("segment_id", "profile_id"))
        scores = RfmScore.objects.filter(workspace=workspace)
        newest = max((s.month for s in scores), default=None)
        self.groups = {s.profile_id: s.group for s in scores if s.month == newest}
        self.segments = {s.pk: s for s in Segment.objects.filter(workspace=workspace).select_related("version")}
        self.indexer = Indexer(workspace.pk)

    def holds(self, node: g.Node, profile: int, now: datetime) -> bool:
        match node:
            case g.All(nodes):
                return all(self.holds(one, profile, now) for one in nodes)
            case g.AnyOf(nodes):
                return any(self.holds(one, profile, now) for one in nodes)
            case g.Not(inner):
                return not self.holds(inner, profile, now)
            case leaf:
                return bool(getattr(self, f"_{type(leaf).__name__}")(leaf, profile, now))

    def members(self, rule: g.Rule, now: datetime) -> set[int]:
        return {profile for profile in self.profiles if self.holds(rule.where, profile, now)}

    # Leaves

    def _EventRule(self, leaf: g.EventRule, profile: int, now: datetime) -> bool:
        found = [e for e in self.events.get(profile, []) if e.occurred_at <= now and _is_named(e, leaf.event)
                 and all(_filter(e, one) for one in leaf.where)]  # fmt: skip
        if leaf.measure in ("first", "last"):
            return _aged([e.occurred_at for e in found], leaf, now)
        found = [e for e in found if self._inside(e.occurred_at, leaf.window, now)]
        match leaf.measure:
            case "count":
                number: Any = len(found)
            case "days":
                number = len({e.occurred_at.astimezone(self.zone).date() for e in found})
            case "visits":
                number = len({e.session_id for e in found if e.session_id})
            case "distinct":
                values = [_property(e, leaf.property) for e in found]
                number = len({_text(value) for value in values if value is not None})
            case _:
                values = [_property(e, leaf.property) for e in found]
                number = sum((Decimal(str(v)) for v in values if _is_number(v)), Decimal(0))
        return COMPARE[leaf.operator](number, leaf.value)

    def _OrderRule(self, leaf: g.OrderRule, profile: int, now: datetime) -> bool:
        found = [
            o for o in self.orders.get(profile, []) if o.ordered_at <= now and all(self._order_filter(o, f) for f in leaf.where)
        ]
        if leaf.measure in ("first", "last"):
            return _aged([o.ordered_at for o in found], leaf, now)
        found = [o for o in found if self._inside(o.ordered_at, leaf.window, now)]
        basis = self.workspace.revenue_basis
        amounts = [a for o in found if (a := self._money(o, basis)) is not None]
        match leaf.measure:
            case "count":
                number: Any = len(found)
            case "revenue":
                number = sum(amounts, Decimal(0))
            case "margin":
                number = sum((m for o in found if (m := self._money(o, "margin")) is not None), Decimal(0))
            case "average":
                number = sum(amounts, Decimal(0)) / len(amounts) if amounts else None
            case _:
                back = [a for o in found for r in self.refunds.get(o.pk, []) if (a := self._money(r, basis)) is not None]
                total = sum(amounts, Decimal(0))
                number = 100 * sum(back, Decimal(0)) / total if total else None
        return number is not None and COMPARE[leaf.operator](number, leaf.value)

    def _TraitRule(self, leaf: g.TraitRule, profile: int, now: datetime) -> bool:
        rows = [t for t in self.traits.get(profile, []) if t.name == leaf.name]
        newest = max(rows, key=lambda t: (t.at, t.rank, t.digest), default=None)
        if newest is None:
            return leaf.operator in ("missing", "is_not")
        if newest.sealed:
            return self._sealed(leaf, newest.digest)
        if leaf.operator in ("older_than", "newer_than"):
            instant = _instant(newest.value)
            if instant is None:
                return False
            old = instant <= now - timedelta(days=int(str(leaf.value)))
            return old if leaf.operator == "older_than" else not old
        return _compare(newest.value, leaf.operator, leaf.value)

    def _sealed(self, leaf: g.TraitRule, digest: str) -> bool:
        if leaf.operator in ("exists", "missing"):
            return (digest == self.indexer.index("trait", "null")) == (leaf.operator == "missing")
        wanted = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
        same = any(digest == self.indexer.index("trait", form) for one in wanted for form in (json.dumps(one), str(one)))
        return same != (leaf.operator == "is_not")

    def _TouchRule(self, leaf: g.TouchRule, profile: int, now: datetime) -> bool:
        named = [e for e in self.events.get(profile, []) if e.channel and e.occurred_at <= now]
        named.sort(key=lambda e: (e.occurred_at, e.pk))
        touch = (named[0] if leaf.which == "first" else named[-1]) if named else None
        if leaf.dimension == "channel":
            value = touch.channel if touch else "direct"
        else:
            value = ((touch and touch.acquisition) or {}).get(f"utm_{leaf.dimension}") or ""
        return _compare(value, leaf.operator, leaf.value)

    def _ConsentRule(self, leaf: g.ConsentRule, profile: int, now: datetime) -> bool:
        kinds = ("user_id", "anonymous_id", "email", "phone")
        subjects = {i.index for i in self.identities.get(profile, []) if i.kind in kinds}
        states = [s for s in self.consents if s.subject in subjects and s.purpose.key == leaf.purpose]
        granted = any(s.decision == "granted" and s.expires_at and s.expires_at > now for s in states)
        refused = any(s.decision in ("denied", "withdrawn") for s in states)
        return (granted and not refused and not subjects & self.suppressed) == (leaf.state == "granted")

    def _SegmentRule(self, leaf: g.SegmentRule, profile: int, now: datetime) -> bool:
        segment = self.segments[leaf.segment]
        if segment.kind == "list":
            return ((segment.pk, profile) in self.listed) == leaf.member
        version = segment.version or segment.versions.order_by("-number")[0]
        return self.holds(parse(version.rule).where, profile, now) == leaf.member

    def _RfmRule(self, leaf: g.RfmRule, profile: int, now: datetime) -> bool:
        return (self.groups.get(profile) in leaf.groups) == leaf.member

    def _ShareRule(self, leaf: g.ShareRule, profile: int, now: datetime) -> bool:
        return bucket(leaf.salt, self.profiles[profile].uuid) < leaf.percent * 100

    def _PersonRule(self, leaf: g.PersonRule, profile: int, now: datetime) -> bool:
        row, kinds = self.profiles[profile], {i.kind for i in self.identities.get(profile, [])}
        flags = {"has_email": "email" in kinds, "has_phone": "phone" in kinds,
                 "is_known": bool(kinds & {"user_id", "crm_id", "email", "phone"})}  # fmt: skip
        if leaf.fact in flags:
            return flags[leaf.fact] == leaf.value
        instant = {"first_seen": row.first_seen, "last_seen": row.last_seen, "created": row.created_at}[leaf.fact]
        return (instant <= now - timedelta(days=int(leaf.value))) == (leaf.operator == "older_than")

    # Pieces

    def _inside(self, at: datetime, window: g.Window | None, now: datetime) -> bool:
        match window:
            case g.Last(count, unit):
                return now - timedelta(**{unit: count}) < at
            case g.Between(from_days, to_days):
                return now - timedelta(days=from_days) < at <= now - timedelta(days=to_days)
            case g.Dates(since, until):
                day = at.astimezone(self.zone).date()
                return (since is None or day >= since) and (until is None or day < until)
            case _:
                return True

    def _money(self, row: Any, column: str) -> Decimal | None:
        amount = getattr(row, column)
        if amount is None or row.currency == self.workspace.currency:
            return amount
        rates = [Decimal(1) if c == "EUR" else self.rates.get((c, row.day)) for c in (self.workspace.currency, row.currency)]
        return None if None in rates else amount * rates[0] / rates[1]

    def _order_filter(self, order: Order, one: g.Filter) -> bool:
        if one.property == "value":
            amount = self._money(order, self.workspace.revenue_basis)
            return amount is not None and COMPARE[one.operator](amount, Decimal(str(one.value)))
        value = order.channel if one.property == "channel" else getattr(order, f"utm_{one.property}")
        return _compare(value or None, one.operator, one.value)


def _by(rows: Iterable[Any], key: Any) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def _is_named(event: Event, wanted: g.EventName) -> bool:
    if wanted.type == "any":
        return True
    if wanted.type == "kind":
        return event.kind == wanted.name
    return event.type == wanted.type and wanted.name in ("", event.name)


def _aged(instants: list[datetime], leaf: Any, now: datetime) -> bool:
    if not instants:
        return False
    instant = min(instants) if leaf.measure == "first" else max(instants)
    old = instant <= now - timedelta(days=int(leaf.value))
    return old if leaf.operator == "older_than" else not old


def _filter(event: Event, one: g.Filter) -> bool:
    column, path = _place(event, one.property)
    if "*" not in path:
        return _compare(_walk(column, path), one.operator, one.value)
    values = _elements([column], path)
    if one.operator in ("is_not", "missing"):
        opposite = {"is_not": "is", "missing": "exists"}[one.operator]
        return not any(_compare(value, opposite, one.value) for value in values)
    return any(_compare(value, one.operator, one.value) for value in values)


def _property(event: Event, name: str) -> Any:
    return _walk(*_place(event, name))


def _place(event: Event, name: str) -> tuple[Any, list[str]]:
    path = name.split(".")
    return (event.context, path[1:]) if path[0] == "context" and len(path) > 1 else (event.properties, path)


def _walk(value: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _elements(values: list[Any], path: list[str]) -> list[Any]:
    for step in path:
        found: list[Any] = []
        for value in values:
            inner = value if isinstance(value, list) else [value]
            found += inner if step == "*" else [one[step] for one in inner if isinstance(one, dict) and step in one]
        values = found
    return values


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value)


def _compare(value: Any, operator: str, wanted: Any) -> bool:
    text = _text(value)
    match operator:
        case "exists":
            return value is not None
        case "missing":
            return value is None
        case "is":
            return text == str(wanted)
        case "is_not":
            return text != str(wanted)
        case "one_of":
            return text in wanted
        case "contains":
            return str(wanted) in text
        case "starts_with":
            return text.startswith(str(wanted))
        case _:
            return _is_number(value) and COMPARE[operator](Decimal(str(value)), Decimal(str(wanted)))


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else datetime.combine(found.date(), found.time() or time(), UTC)
