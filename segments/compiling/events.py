"""What people did: one scan of the events of these people, by name and time where every leaf allows it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from segments.compiling import comparing, properties
from segments.compiling.plan import FENCE, Compiled, Grouped, Plan, Who
from segments.compiling.windows import due_of, span_of
from segments.rules.grammar import EventName, EventRule

ALIAS = "events"
AT = "e.occurred_at"
TYPES = {"track": "e.type = 'track'", "page": "e.type = 'page'", "screen": "e.type = 'screen'"}


@dataclass
class Events(Grouped):
    """`names` and `sinces` narrow the scan; None as soon as one leaf looks at all of them."""

    alias: str = ALIAS
    names: set[str] | None = field(default_factory=set)
    sinces: set[str] | None = field(default_factory=set)
    parts: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # column -> aggregate, match, when

    def add(self, aggregate: str, match: str, when: str) -> str:
        column = self.column(f"{aggregate} FILTER (WHERE {match} AND {when})")
        self.parts[column.partition(".")[2]] = aggregate, match, when
        return column

    def narrow(self, name: str | None, since: str | None) -> None:
        if self.names is not None:
            self.names = None if name is None else self.names | {name}
        if self.sinces is not None:
            self.sinces = None if since is None else self.sinces | {since}

    def render(self, plan: Plan, people: Who) -> str:
        """What all columns ask for is asked once, of the scan; what several ask for, once per event."""
        where = [f"e.workspace_id = {plan.space}", "e.state = 'stored'", "e.profile_id IS NOT NULL", people("e.profile_id"),
                 f"{AT} <= {plan.at}", *self._narrowed(by_month=not plan.people.is_everybody)]  # fmt: skip
        matches = Counter(match for _, match, _ in self.parts.values())
        whens = {when for _, _, when in self.parts.values()}
        common = [parts.pop() for parts in (set(matches), whens) if len(parts) == 1]
        where += [part for part in common if part != "true"]
        shared = [match for match, uses in matches.items() if uses > 1 and match != "true" and match not in common]
        flags = {match: f"e.m{place}" for place, match in enumerate(shared)}
        columns = [_column(name, aggregate, flags.get(match, match), when, common)
                   for name, (aggregate, match, when) in self.parts.items()]  # fmt: skip
        scan = f"tracking_event e WHERE {' AND '.join(where)}"
        if flags:
            asked = "".join(f", ({match}) AS {flag.removeprefix('e.')}" for match, flag in flags.items())
            scan = f"(SELECT e.*{asked} FROM {scan} {FENCE}) AS e"  # noqa: S608
        return f"SELECT e.profile_id, {', '.join(columns)} FROM {scan} GROUP BY e.profile_id"  # noqa: S608

    def _narrowed(self, *, by_month: bool) -> list[str]:
        """`by_month`: only look into months it can be in. Nothing is received before it happens; of everybody's an index knows
        all but when they were received."""
        names, sinces = sorted(self.names or ()), sorted(self.sinces or ())
        found = [f"e.name = {names[0]}" if len(names) == 1 else f"e.name IN ({', '.join(names)})"] if names else []
        if sinces:
            first = sinces[0] if len(sinces) == 1 else f"least({', '.join(sinces)})"
            found.append(f"{AT} >= {first}")
            found += [f"e.received_at >= {first}"] if by_month else []
        return found


def _column(name: str, aggregate: str, match: str, when: str, common: list[str]) -> str:
    wanted = [part for part in (match, when) if part not in common and part != "true"]
    only = f" FILTER (WHERE {' AND '.join(wanted)})" if wanted else ""
    return f"{aggregate}{only} AS {name}"


def compile_event(plan: Plan, leaf: EventRule) -> Compiled:
    source = plan.sources.setdefault(ALIAS, Events())
    assert isinstance(source, Events)  # noqa: S101  for the type
    match = _match(plan, leaf)
    span = span_of(plan, leaf.window, AT, future=False)
    source.narrow(_name(plan, leaf.event), span.since)

    def column(aggregate: str, when: str) -> str:
        return source.add(aggregate, match, when)

    if leaf.measure in ("first", "last"):
        edge = column(f"{'min' if leaf.measure == 'first' else 'max'}({AT})", "true")
        return aged(plan, edge, leaf.operator, int(leaf.value), ALIAS)
    number = f"coalesce({column(_aggregate(plan, leaf), span.inside)}, 0)"
    truth = f"({number} {comparing.SIGNS[leaf.operator]} {plan.params.add(leaf.value)})"
    rises = None if leaf.measure == "sum" else comparing.rises(leaf.operator, leaf.value)
    # Visits and distinct values may be none although there are events.
    at_one = leaf.measure in ("count", "days") and comparing.at_one(leaf.operator, leaf.value)
    due = due_of(plan, span, column, AT, truth, rises=rises, at_one=at_one)
    return Compiled(truth, due, f"{number}::text", None if comparing.holds(leaf.operator, leaf.value) else ALIAS)


def aged(plan: Plan, instant: str, operator: str, days: int, source: str | None) -> Compiled:
    """An instant, NULL for never, against an age in days. Neither holds where there is none."""
    span = timedelta(days=days)
    sign = "<=" if operator == "older_than" else ">"
    due = f"CASE WHEN {instant} > {plan.ago(span)} THEN {instant} + {plan.span(span)} END"
    return Compiled(f"coalesce({instant} {sign} {plan.ago(span)}, false)", due, f"{instant}::text", source)


def _match(plan: Plan, leaf: EventRule) -> str:
    parts = [_named(plan, leaf.event), *(properties.condition(plan, one) for one in leaf.where)]
    return " AND ".join(dict.fromkeys(parts))


def _named(plan: Plan, event: EventName) -> str:
    if event.type == "any":
        return "true"
    if event.type == "kind":
        return f"e.kind = {plan.params.add(event.name)}"
    return TYPES[event.type] + (f" AND e.name = {plan.params.add(event.name)}" if event.name else "")


def _name(plan: Plan, event: EventName) -> str | None:
    return plan.params.add(event.name) if event.name and event.type != "kind" else None


def _aggregate(plan: Plan, leaf: EventRule) -> str:
    match leaf.measure:
        case "sum":
            return f"sum({properties.number(plan, leaf.property)})"
        case "distinct":
            return f"count(DISTINCT {properties.text(plan, leaf.property)})"
        case "days":
            return f"count(DISTINCT ({AT} AT TIME ZONE {plan.params.add(plan.workspace.time_zone)})::date)"
        case "visits":
            return "count(DISTINCT e.session_id)"
        case _:
            return "count(*)"
