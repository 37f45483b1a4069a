"""Where people first and last came from: the channel and campaign of their earliest and latest event that names an origin.

Somebody none of whose events names one came directly.
"""

from dataclasses import dataclass

from segments.compiling import comparing
from segments.compiling.plan import Compiled, Plan, Who
from segments.rules.grammar import TouchRule

COLUMNS = {
    "channel": "coalesce({0}.channel, 'direct')",
    "campaign": "coalesce({0}.acquisition->>'utm_campaign', '')",
    "source": "coalesce({0}.acquisition->>'utm_source', '')",
    "medium": "coalesce({0}.acquisition->>'utm_medium', '')",
}
ORDER = {"first": "e.occurred_at, e.id", "last": "e.occurred_at DESC, e.id DESC"}


@dataclass
class Touches:
    alias: str
    which: str

    def render(self, plan: Plan, people: Who) -> str:
        return (
            f"SELECT DISTINCT ON (e.profile_id) e.profile_id, e.channel, e.acquisition FROM tracking_event e "  # noqa: S608
            f"WHERE e.workspace_id = {plan.space} AND e.state = 'stored' AND e.profile_id IS NOT NULL AND {people('e.profile_id')} "
            f"AND e.channel <> '' AND e.occurred_at <= {plan.at} ORDER BY e.profile_id, {ORDER[self.which]}"
        )


def compile_touch(plan: Plan, leaf: TouchRule) -> Compiled:
    alias = f"{leaf.which}_touch"
    plan.sources.setdefault(alias, Touches(alias, leaf.which))
    column = COLUMNS[leaf.dimension].format(alias)
    truth = f"({comparing.text(plan, column, leaf.operator, leaf.value)})"
    return Compiled(truth, None, column)
