"""The step that holds events against the plan. It makes notes and never refuses an event."""

from collections.abc import Sequence

from django.db import connection

from tracking.ingest.arrival import Arrival
from tracking.plan.compiled import compiled

TRAITS = ("identify", "group")  # their plan speaks about traits, not properties
CURRENT = """
SELECT DISTINCT ON (workspace_id) workspace_id, id FROM tracking_planversion WHERE workspace_id = ANY(%s)
ORDER BY workspace_id, number DESC
"""


def check(arrivals: Sequence[Arrival]) -> None:
    """Say of every event which version of the plan it was held against and what it breaks."""
    current = current_versions({arrival.workspace_id for arrival in arrivals})
    for arrival in arrivals:
        check_one(arrival, current.get(arrival.workspace_id, 0))


def current_versions(workspace_ids: set[int]) -> dict[int, int]:
    """Workspace → id of the version that counts now. Workspaces without a plan are left out."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT, [list(workspace_ids)])
        return dict(cursor.fetchall())


def check_one(arrival: Arrival, version: int) -> None:
    """Hold it against the version of this id; 0 for none."""
    plan = compiled(version) if version else None
    if plan is None:
        return
    content = arrival.traits if arrival.type in TRAITS else arrival.properties
    try:
        found = plan.violations(arrival.type, arrival.name, content)
    except ValueError:  # nothing a collector lets through, but an event is worth more than a check
        found = None
    if found is None:
        return
    arrival.plan_version = version
    arrival.violations = [(one.kind, one.property) for one in found]
    arrival.notes += [("plan", f"{kind} {path}".strip()) for kind, path in found]
