"""What is known about people: of each name the newest by (time, rank of its source, digest), as on a person's page.

Values that may say who somebody is are encrypted: they are compared by digest, in every JSON form the text can mean.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal

from segments.compiling import comparing
from segments.compiling.events import aged
from segments.compiling.plan import Compiled, Grouped, Plan, Who
from segments.rules.grammar import TraitRule
from tracking.blind_index import Indexer
from tracking.profiles.traits import PLAIN

ALIAS = "traits"
TEXT = "coalesce(t.value #>> '{}', '')"
NUMBER = "CASE WHEN jsonb_typeof(t.value) = 'number' THEN (t.value #>> '{}')::numeric END"
CLOCK = "([01][0-9]|2[0-3])(:[0-5][0-9]){1,2}([.][0-9]{1,6})?"
DATE = f"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([T ]{CLOCK}(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$"
# Without a zone it is UTC. The pattern comes first: "now" and "tomorrow" are valid instants too.
INSTANT = f"""
CASE WHEN jsonb_typeof(t.value) = 'string' AND t.value #>> '{{}}' ~ '{DATE}'
    AND pg_input_is_valid(t.value #>> '{{}}', 'timestamptz') THEN (t.value #>> '{{}}')::timestamptz END
"""
NEWEST = """
SELECT DISTINCT ON (i.profile_id{more}) i.profile_id, {columns}
FROM tracking_trait t JOIN tracking_identity i ON i.id = t.identity_id
WHERE t.workspace_id = {workspace} AND i.workspace_id = {workspace} AND t.name IN ({names}) AND {people}
ORDER BY i.profile_id{more}, t.at DESC, t.rank DESC, t.digest DESC
"""


@dataclass
class Traits(Grouped):
    """`facts` of the newest value of a name: column -> expression, aggregate that leaves it as it is, name."""

    alias: str = ALIAS
    names: dict[str, None] = field(default_factory=dict)
    facts: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def fact(self, expression: str, aggregate: str, name: str) -> str:
        column = self.column(f"{aggregate}({expression}) FILTER (WHERE t.name = {name})")
        self.facts[column.partition(".")[2]] = expression, aggregate, name
        return column

    def render(self, plan: Plan, people: Who) -> str:
        """Of one name the newest rows are the answer, without grouping them again: PostgreSQL knows how many there will be."""
        known = {"workspace": plan.space, "names": ", ".join(self.names), "people": people("i.profile_id")}
        if len(self.names) == 1:
            columns = ", ".join(f"{expression} AS {column}" for column, (expression, _, _) in self.facts.items())
            return NEWEST.format(more="", columns=columns, **known)
        newest = NEWEST.format(more=", t.name", columns="t.name, t.value, t.digest", **known)
        return f"SELECT t.profile_id{self.select()} FROM ({newest}) AS t GROUP BY 1"  # noqa: S608


def compile_trait(plan: Plan, leaf: TraitRule) -> Compiled:
    source = plan.sources.setdefault(ALIAS, Traits())
    assert isinstance(source, Traits)  # noqa: S101  for the type
    name = plan.params.add(leaf.name)
    source.names[name] = None
    plain = leaf.name in PLAIN
    shown = source.fact(TEXT, "min", name) if plain else "NULL::text"
    if leaf.operator in ("older_than", "newer_than"):
        instant = source.fact(INSTANT, "min", name)
        operator = "older_than" if leaf.operator == "older_than" else "within"
        return aged(plan, instant, operator, int(str(leaf.value)), ALIAS)._replace(observed=shown)
    holds = _plain(plan, leaf) if plain else _sealed(plan, leaf)
    column = source.fact(holds, "bool_or", name)
    without = leaf.operator in ("missing", "is_not")
    return Compiled(f"coalesce({column}, {'true' if without else 'false'})", None, shown, None if without else ALIAS)


def _plain(plan: Plan, leaf: TraitRule) -> str:
    if leaf.operator in ("exists", "missing"):
        return f"t.value {'<>' if leaf.operator == 'exists' else '='} 'null'::jsonb"
    if isinstance(leaf.value, Decimal):
        return f"{NUMBER} {comparing.SIGNS[leaf.operator]} {plan.params.add(leaf.value)}"
    return comparing.text(plan, TEXT, leaf.operator, leaf.value if isinstance(leaf.value, tuple) else str(leaf.value))


def _sealed(plan: Plan, leaf: TraitRule) -> str:
    indexer = Indexer(plan.workspace.pk)
    values = leaf.value if isinstance(leaf.value, tuple) else ("null",) if leaf.value is None else (str(leaf.value),)
    forms = ["null"] if leaf.value is None else [form for value in values for form in json_forms(value)]
    digests = plan.params.add([indexer.index("trait", form) for form in forms])
    sign = "<> ALL" if leaf.operator in ("is_not", "exists") else "= ANY"
    return f"t.digest {sign} ({digests}::text[])"


def json_forms(text: str) -> list[str]:
    """What the text may have been when it was sent, as the canonical JSON the digest is taken of: "5" is also the number 5."""
    forms = [json.dumps(text)]
    try:
        value = json.loads(text)
    except ValueError:
        return forms
    if isinstance(value, bool | int | float):
        forms.append(json.dumps(value))
    return forms
