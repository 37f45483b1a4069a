"""Rules as one statement over any set of people.

The innermost query joins each source once; around it every distinct leaf is computed once; the outermost combines leaves.
"""

from collections.abc import Mapping
from datetime import datetime

from segments.compiling.leaves import compile_leaf
from segments.compiling.people import People
from segments.compiling.plan import Compiled, Plan
from segments.compiling.statements import Statement
from segments.compiling.tree import NEVER, Combined, combine
from segments.rules.grammar import Leaf, Rule
from segments.rules.references import expand
from workspaces.models import Workspace


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

    def query(self, *, needs: frozenset[str] = frozenset(), observed: bool = False) -> str:
        """One row per living person: id, t<n> and d<n>, and o<n> where wanted. OFFSET: columns stay columns."""
        plan = self.plan
        columns = "".join(
            f", {one.truth} AS t{place}"
            + (f", {one.due} AS d{place}" if one.due else "")
            + (f", {one.observed} AS o{place}" if observed else "")
            for place, one in enumerate(self.found.values())
        )
        joins = " ".join(
            f"{'JOIN' if name in needs else 'LEFT JOIN'} ({source.render(plan, plan.restrict)}) AS {source.alias} "
            f"ON {source.alias}.profile_id = p.id"
            for name, source in plan.sources.items()
        )
        return (
            f"SELECT p.id{columns} FROM tracking_profile p {joins} "  # noqa: S608  columns and names are ours, values are parameters
            f"WHERE p.workspace_id = {plan.space} AND p.merged_into_id IS NULL AND {plan.restrict('p.id')} OFFSET 0"
        )

    def statement(self, sql: str) -> Statement:
        common = self.plan.people.common(self.plan.params, self.plan.space)
        return Statement(f"WITH {common} {sql}" if common else sql, dict(self.plan.params))


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
    found = combine(expand(workspace, {0: rule})[0].where, leaves.of)
    due = _due([found])
    inner = leaves.query(needs=found.needs)
    sql = f"SELECT id AS profile_id, {found.truth} AS is_member, {due} AS due FROM ({inner}) AS leaves WHERE {found.truth}"  # noqa: S608
    return leaves.statement(f"{sql} OR {due} IS NOT NULL" if found.due else sql)


def _due(found: list[Combined]) -> str:
    dues = list(dict.fromkeys(one.due for one in found if one.due))
    return f"nullif(least({', '.join(dues)}), {NEVER})" if dues else "NULL::timestamptz"
