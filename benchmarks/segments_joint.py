"""Many rules as one statement by hand: what somebody writes who needs the answers of fifty rules for everybody at once.

One scan of the events, one of the orders, a column for each condition, and the numbers of the rules that hold.
"""

from typing import Any

SIGNS = {"gte": ">=", "gt": ">", "eq": "="}
STATEMENT = """
SELECT p.id AS profile_id, array_remove(ARRAY[{cases}]::int[], NULL) AS segments
FROM tracking_profile p
LEFT JOIN (
    SELECT e.profile_id {events} FROM tracking_event e
    WHERE e.workspace_id = %(workspace)s AND e.state = 'stored' AND e.profile_id IS NOT NULL AND e.occurred_at <= %(now)s
        AND e.occurred_at > %(now)s - interval '{days} days' GROUP BY 1
) e ON e.profile_id = p.id
LEFT JOIN (
    SELECT c.profile_id {orders} FROM tracking_order o JOIN tracking_customer c ON c.id = o.customer_id
    WHERE o.workspace_id = %(workspace)s AND c.profile_id IS NOT NULL AND o.ordered_at <= %(now)s GROUP BY 1
) o ON o.profile_id = p.id
WHERE p.workspace_id = %(workspace)s AND p.merged_into_id IS NULL
"""
ORDER = {"count": "count(*)", "revenue": "sum(o.net)"}


def joint(rules: dict[int, dict[str, Any]]) -> str:
    """For rules of benchmarks.segments_rules.many: profile_id, segments."""
    events: dict[str, str] = {}
    orders: dict[str, str] = {}
    longest = 1

    def holds(node: dict[str, Any]) -> str:
        nonlocal longest
        if "all" in node:
            return " AND ".join(holds(one) for one in node["all"])
        days = (node["window"] or {}).get("days")
        if node["kind"] == "order":
            within = f" FILTER (WHERE o.ordered_at > %(now)s - interval '{days} days')" if days else ""
            column = "o." + orders.setdefault(ORDER[node["measure"]] + within, f"o{len(orders)}")
        else:
            longest = max(longest, days)
            column = "e." + events.setdefault(_of_events(node, days), f"e{len(events)}")
        return f"coalesce({column}, 0) {SIGNS[node['operator']]} {node['value']}"

    cases = ", ".join(f"CASE WHEN {holds(where)} THEN {number} END" for number, where in rules.items())
    columns = ["".join(f", {sql} AS {name}" for sql, name in found.items()) for found in (events, orders)]
    return STATEMENT.format(cases=cases, events=columns[0], orders=columns[1], days=longest)


def _of_events(node: dict[str, Any], days: int) -> str:
    name = node["event"].get("name")
    which = f"e.type = 'track' AND e.name = '{name}'" if name else "e.type = 'page'"
    number = "count(DISTINCT e.session_id)" if node["measure"] == "visits" else "count(*)"
    return f"{number} FILTER (WHERE {which} AND e.occurred_at > %(now)s - interval '{days} days')"
