"""Rules as one statement over any set of people.

The innermost query joins each source once; around it every distinct leaf is computed once; the outermost combines leaves.
"""

from collections.abc import Mapping
from datetime import datetime

from segments.compiling.events import Events
from segments.compiling.leaves import compile_leaf
from segments.compiling.people import People
from segments.compiling.plan import FENCE, Compiled, Plan, Source, Who
from segments.compiling.statements import Statement
from segments.compiling.tree import EXACT_HEIGHT, NEVER, Combined, combine
from segments.rules.grammar import All, AnyOf, Leaf, Node, Not, Rule
from segments.rules.references import expand
from workspaces.models import Workspace

# Rows of these move with identities and customers when profiles merge, in the same transaction.
LEADS = ("orders", "traits", "consents", "events", "identities")


class Leaves:
    """The distinct leaves of some rules, each a pair of columns of one inner query."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.found: dict[Leaf, Compiled] = {}
        self.places: dict[Leaf, int] = {}

    def of(self, leaf: Leaf) -> Compiled:
        """The leaf by the names of its columns."""
        if leaf not in self.found:
            self.places[leaf] = len(self.found)
            self.found[leaf] = compile_leaf(self.plan, leaf)
        one, place = self.found[leaf], self.places[leaf]
        return one._replace(truth=f"t{place}", due=f"d{place}" if one.due else None)

    def query(self, *, observed: bool = False) -> str:
        """One row per living person: id, t<n> and d<n>, and o<n> where wanted."""
        plan = self.plan
        base = f"FROM tracking_profile p {self._joins(plan.sources, 'p.id', frozenset(), plan.restrict)}"
        alive = f"p.workspace_id = {plan.space} AND p.merged_into_id IS NULL AND {plan.restrict('p.id')}"
        return f"SELECT p.id{self._columns(observed=observed)} {base} WHERE {alive} {FENCE}"

    def narrow_query(self, needs: frozenset[str], wanted: list[Leaf]) -> tuple[str, str]:
        """A common table expression, or nothing, and the same rows but for people whom `wanted` leaves, all of them necessary,
        neither hold for nor will.

        Where a source is necessary whose rows name living people only, it is read first, and the others only for its people.
        """
        plan = self.plan
        possible = {leaf: _possible(self.found[leaf]) for leaf in wanted}
        leads = [name for name in plan.sources if name in needs and name in LEADS]
        if not leads or any(one.of_profile for one in self.found.values()):
            alive = ["p.workspace_id = " + plan.space, "p.merged_into_id IS NULL", plan.restrict("p.id"), *possible.values()]
            joins = self._joins(plan.sources, "p.id", needs, plan.restrict)
            return "", f"SELECT p.id{self._columns()} FROM tracking_profile p {joins} WHERE {' AND '.join(alive)} {FENCE}"  # noqa: S608
        lead = plan.sources[min(leads, key=lambda name: _width(name, plan.sources[name]))]
        others = {name: source for name, source in plan.sources.items() if source is not lead}
        own = [sql for leaf, sql in possible.items() if self.found[leaf].needs == lead.alias and lead.alias != "consents"]
        first = f"SELECT * FROM ({lead.render(plan, plan.restrict)}) AS {lead.alias} WHERE {' AND '.join(own) or 'true'}"  # noqa: S608
        rest = " AND ".join(sql for sql in possible.values() if sql not in own) or "true"
        id_ = f"{lead.alias}.profile_id"
        columns = f"SELECT {id_} AS id{self._columns()}"
        if not others:
            return "", f"{columns} FROM ({first}) AS {lead.alias} WHERE {rest} {FENCE}"
        joins = self._joins(others, id_, needs, lambda column: f"{column} IN (SELECT profile_id FROM lead)")  # noqa: S608
        return f"lead AS MATERIALIZED ({first})", f"{columns} FROM lead AS {lead.alias} {joins} WHERE {rest} {FENCE}"

    def _columns(self, *, observed: bool = False) -> str:
        return "".join(
            f", {one.truth} AS t{place}"
            + (f", {one.due} AS d{place}" if one.due else "")
            + (f", {one.observed} AS o{place}" if observed else "")
            for place, one in enumerate(self.found.values())
        )

    def _joins(self, sources: Mapping[str, Source], id_: str, needs: frozenset[str], people: Who) -> str:
        return " ".join(
            f"{'JOIN' if name in needs else 'LEFT JOIN'} ({source.render(self.plan, people)}) AS {source.alias} "
            f"ON {source.alias}.profile_id = {id_}"
            for name, source in sources.items()
        )

    def statement(self, sql: str, common: str = "") -> Statement:
        parts = [part for part in (self.plan.people.common(self.plan.params, self.plan.space), common) if part]
        return Statement(f"WITH {', '.join(parts)} {sql}" if parts else sql, dict(self.plan.params), self.plan.params.spans)


def _width(name: str, source: Source) -> float:
    """How much a source is likely to read: few names in a window less than all orders, these less than everybody's traits."""
    if isinstance(source, Events):
        return {(True, True): -1, (True, False): 0.5}.get((bool(source.names), bool(source.sinces)), 3.5)
    return LEADS.index(name)


def verdicts(workspace: Workspace, rules: Mapping[int, Rule], people: People, now: datetime) -> Statement:
    """One row per living person of `people`: profile_id bigint, segments int[] (ids whose rule holds, in the order given),
    due timestamptz (the earliest instant after `now` at which time alone may change any of them; NULL = never).

    Raises references.Cycle and references.Unknown.
    """
    plan = Plan(workspace, people, now)
    leaves = Leaves(plan)
    found = {id_: combine(rule.where, leaves.of) for id_, rule in expand(workspace, rules).items()}
    cases = ", ".join(f"CASE WHEN {one.truth} THEN {plan.params.add(id_)} END" for id_, one in found.items())
    inner = leaves.query()
    return leaves.statement(
        f"SELECT id AS profile_id, array_remove(ARRAY[{cases}]::int[], NULL) AS segments, {_due(list(found.values()))} AS due "  # noqa: S608
        f"FROM ({inner}) AS leaves"
    )


def members(workspace: Workspace, rule: Rule, people: People, now: datetime) -> Statement:
    """The members of one rule and those whom time may move: profile_id bigint, is_member bool, due timestamptz (see verdicts)."""
    leaves = Leaves(Plan(workspace, people, now))
    where = expand(workspace, {0: rule})[0].where
    found = combine(where, leaves.of)
    due = _due([found])
    common, inner = leaves.narrow_query(found.needs, necessary(where) if found.height <= EXACT_HEIGHT else [])
    sql = f"SELECT id AS profile_id, {found.truth} AS is_member, {due} AS due FROM ({inner}) AS leaves WHERE {found.truth}"  # noqa: S608
    return leaves.statement(f"{sql} OR {due} IS NOT NULL" if found.due else sql, common)


def necessary(node: Node) -> list[Leaf]:
    """The leaves without any of which a rule neither holds nor will by time alone."""
    match node:
        case All(nodes):
            return [leaf for one in nodes for leaf in necessary(one)]
        case AnyOf(nodes) if len(nodes) > 1:
            return []
        case AnyOf(nodes):
            return necessary(nodes[0])
        case Not():
            return []
        case leaf:
            return [leaf]


def _possible(one: Compiled) -> str:
    return f"({one.truth} OR {one.due} IS NOT NULL)" if one.due else one.truth


def _due(found: list[Combined]) -> str:
    dues = list(dict.fromkeys(one.due for one in found if one.due))
    return f"nullif(least({', '.join(dues)}), {NEVER})" if dues else "NULL::timestamptz"
