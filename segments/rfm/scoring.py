"""Recency, frequency and monetary value of every buyer, as quintiles among the workspace's buyers, kept by month.

Buyers are people with an order in the 24 months before; equal values always get equal scores, whatever their number. Money is
net of refunds, in the workspace's currency at the rate of the order's day. An order without a rate counts for frequency only.
"""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from segments.models import RfmScore
from segments.rfm import groups
from tracking import changes
from workspaces.models import Workspace

MONTHS = 24
FACET = "rfm"
SCORES = """
WITH kept AS (
    SELECT r.order_id, sum(r.net) AS net FROM tracking_refund r
    WHERE r.workspace_id = %(workspace)s AND r.refunded_at < %(until)s GROUP BY r.order_id
), bought AS (
    SELECT c.profile_id, max(o.ordered_at) AS last_at, count(*) AS orders,
        coalesce(sum((o.net - coalesce(kept.net, 0)) / source.rate * target.rate), 0) AS net
    FROM tracking_order o
    JOIN tracking_customer c ON c.id = o.customer_id AND c.profile_id IS NOT NULL
    LEFT JOIN kept ON kept.order_id = o.id
    LEFT JOIN channels_fxrate source ON source.currency = o.currency AND source.day = o.day
    LEFT JOIN channels_fxrate target ON target.currency = %(currency)s AND target.day = o.day
    WHERE o.workspace_id = %(workspace)s AND o.ordered_at >= %(since)s AND o.ordered_at < %(until)s
    GROUP BY c.profile_id
), scored AS (
    SELECT profile_id,
        least(5, 1 + floor(5 * percent_rank() OVER (ORDER BY last_at)))::smallint AS recency,
        least(5, 1 + floor(5 * percent_rank() OVER (ORDER BY orders)))::smallint AS frequency,
        least(5, 1 + floor(5 * percent_rank() OVER (ORDER BY net)))::smallint AS monetary
    FROM bought
)
SELECT s.profile_id, s.recency, s.frequency, s.monetary, named.name AS "group"
FROM scored s JOIN unnest(%(keys)s::text[], %(names)s::text[]) AS named (key, name)
    ON named.key = s.recency || '-' || s.frequency || '-' || s.monetary
"""
WRITE = f"""
WITH fresh AS MATERIALIZED ({SCORES}), old AS (
    SELECT * FROM segments_rfmscore WHERE workspace_id = %(workspace)s AND month = %(month)s
), gone AS (
    DELETE FROM segments_rfmscore x USING old LEFT JOIN fresh ON fresh.profile_id = old.profile_id
    WHERE x.workspace_id = %(workspace)s AND x.month = %(month)s AND x.profile_id = old.profile_id AND fresh.profile_id IS NULL
    RETURNING x.profile_id
), written AS (
    INSERT INTO segments_rfmscore AS x (workspace_id, month, profile_id, recency, frequency, monetary, "group")
    SELECT %(workspace)s, %(month)s, fresh.* FROM fresh LEFT JOIN old ON old.profile_id = fresh.profile_id
    WHERE (old.recency, old.frequency, old.monetary, old."group")
        IS DISTINCT FROM (fresh.recency, fresh.frequency, fresh.monetary, fresh."group")
    ON CONFLICT (workspace_id, month, profile_id) DO UPDATE
        SET recency = excluded.recency, frequency = excluded.frequency, monetary = excluded.monetary, "group" = excluded."group"
    RETURNING x.profile_id
)
SELECT profile_id FROM gone UNION SELECT profile_id FROM written
"""  # noqa: S608  constants, values are parameters


def score(workspace: Workspace, month: date) -> int:
    """Write the scores of a month (its first day), as of its end or, in the current month, as of now. How many changed."""
    with transaction.atomic():
        lock_in_transaction("rfm", workspace.pk)
        with connection.cursor() as cursor:
            cursor.execute(WRITE, _parameters(workspace, month))
            changed = [profile_id for (profile_id,) in cursor.fetchall()]
        changes.tell(workspace.pk, ((profile_id, FACET) for profile_id in changed))
    return len(changed)


def score_all() -> int:
    """The current month of every workspace, and the one before until it was written some days after its end."""
    return sum(score(workspace, month) for workspace in Workspace.objects.all() for month in _open_months(workspace))


def first_of_month(day: date, back: int = 0) -> date:
    """The first day of the month `back` months before the one of `day`."""
    index = day.year * 12 + day.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def _open_months(workspace: Workspace) -> list[date]:
    today = clock.today(workspace.time_zone)
    this, before = first_of_month(today), first_of_month(today, 1)
    is_open = today.day <= 3 or not RfmScore.objects.filter(workspace=workspace, month=before).exists()
    return [before, this] if is_open else [this]


def _parameters(workspace: Workspace, month: date) -> dict[str, Any]:
    until = min(clock.now(), _midnight(first_of_month(month, -1), workspace))
    triples = [(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)]
    return {
        "workspace": workspace.pk,
        "currency": workspace.currency,
        "month": month,
        "since": _midnight(first_of_month(month, MONTHS - 1), workspace),
        "until": until,
        "keys": ["-".join(map(str, triple)) for triple in triples],
        "names": [groups.group_of(*triple) for triple in triples],
    }


def _midnight(day: date, workspace: Workspace) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(workspace.time_zone)).astimezone(UTC)
