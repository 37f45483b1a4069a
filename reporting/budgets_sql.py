"""Planned spend of a period: each month's budget spread evenly over its days.

A channel's own budget counts for the whole channel; where there is none, the channel's campaigns add up.
"""

from typing import Any

from reporting.scope import Scope
from reporting.sql import Params, conditions, fetch

OF_CHANNELS = (
    "SELECT channel, NULL::bigint AS campaign_id, month, "
    "coalesce(sum(planned) FILTER (WHERE campaign_id IS NULL), sum(planned)) AS planned "
    "FROM campaigns_budget WHERE workspace_id = {workspace} GROUP BY channel, month"
)
OF_CAMPAIGNS = (
    "SELECT channel, campaign_id, month, planned FROM campaigns_budget WHERE workspace_id = {workspace} AND campaign_id IS NOT NULL"
)
DAYS_OF_MONTH = "extract(day FROM b.month + interval '1 month' - interval '1 day')"


def read_budgets(scope: Scope) -> list[tuple[Any, ...]]:
    """Rows of (dimension values …, planned spend in the workspace's currency)."""
    params = Params()
    columns = {"channel": "b.channel", "own_campaign": "b.campaign_id", "day": "d.day::date",
               "week": "date_trunc('week', d.day)::date", "month": "b.month"}  # fmt: skip
    source = (OF_CAMPAIGNS if "own_campaign" in scope.used else OF_CHANNELS).format(workspace=params.add(scope.workspace.pk))
    key = [columns[name] for name in scope.dimensions]
    where = ["true", *conditions(params, columns, scope.filters)]
    since, last = params.add(scope.period.since), params.add(scope.period.last)
    days = f"generate_series({since}::date, {last}::date, interval '1 day')"
    grouping = f"GROUP BY {', '.join(str(position + 1) for position in range(len(key)))}" if key else "HAVING count(*) > 0"
    return fetch(
        f"SELECT {', '.join([*key, f'round(sum(b.planned / {DAYS_OF_MONTH}), 6)'])} "  # noqa: S608  values are parameters
        f"FROM ({source}) b JOIN {days} AS d (day) ON date_trunc('month', d.day)::date = b.month "
        f"WHERE {' AND '.join(where)} {grouping}",
        params,
    )
