"""What a segment's treatment brought: what people bought after coming in, treated against withheld.

Everybody is watched for the same number of days after their first entry in the period; who came in later than that many days ago
is not counted yet. An order without an exchange rate counts as a conversion and adds no revenue.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from mops.lib import clock
from segments import shares
from segments.holdouts.intervals import Estimate, Sample, of_conversion, of_revenue
from segments.models import Segment

WATCHED_DAYS = 30
LOOK_BACK_DAYS = 180
FEWEST = 50  # people on each side before a judgement means anything
BOUGHT = """
WITH stays AS (
    SELECT profile_id, since FROM segments_membership WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
    UNION ALL
    SELECT profile_id, since FROM segments_pastmembership WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
), people AS (
    SELECT s.profile_id, min(s.since) AS since, {bucket} < %(below)s AS is_withheld
    FROM stays s JOIN tracking_profile p ON p.id = s.profile_id
    WHERE s.since >= %(from)s AND s.since < %(until)s GROUP BY s.profile_id, p.uuid
), outcome AS (
    SELECT people.is_withheld, count(o.id) AS orders,
        coalesce(sum(o.net / source.rate * target.rate), 0)::float8 AS revenue
    FROM people
    LEFT JOIN tracking_customer c ON c.workspace_id = %(workspace)s AND c.profile_id = people.profile_id
    LEFT JOIN tracking_order o ON o.workspace_id = %(workspace)s AND o.customer_id = c.id
        AND o.ordered_at > people.since AND o.ordered_at <= people.since + %(watched)s
    LEFT JOIN channels_fxrate source ON source.currency = o.currency AND source.day = o.day
    LEFT JOIN channels_fxrate target ON target.currency = %(currency)s AND target.day = o.day
    GROUP BY people.profile_id, people.is_withheld
)
SELECT is_withheld, count(*), count(*) FILTER (WHERE orders > 0), sum(revenue), sum(revenue * revenue)
FROM outcome GROUP BY is_withheld
"""


class Lift(NamedTuple):
    """Both sides and the differences; revenue in the workspace's currency."""

    treated: Sample
    withheld: Sample
    conversion: Estimate | None
    revenue: Estimate | None
    days: int

    @property
    def is_enough(self) -> bool:
        return min(self.treated.people, self.withheld.people) >= FEWEST

    @property
    def is_without(self) -> bool:
        """Enough people on both sides, and neither conversion nor revenue is clearly better for the treated."""
        better = [estimate for estimate in (self.conversion, self.revenue) if estimate and estimate.low > 0]
        return self.is_enough and not better


def lift(segment: Segment, days: int = WATCHED_DAYS) -> Lift | None:
    """None for a segment without a control group."""
    if not segment.holdout_percent:
        return None
    now = clock.now()
    parameters: dict[str, Any] = {
        "workspace": segment.workspace_id,
        "segment": segment.pk,
        "salt": segment.salt,
        "below": shares.below(Decimal(segment.holdout_percent)),
        "from": now - timedelta(LOOK_BACK_DAYS),
        "until": now - timedelta(days),
        "watched": timedelta(days),
        "currency": segment.workspace.currency,
    }
    with connection.cursor() as cursor:
        cursor.execute(BOUGHT.format(bucket=shares.bucket_sql("%(salt)s", "p.uuid")), parameters)
        sides = {is_withheld: Sample(*figures) for is_withheld, *figures in cursor.fetchall()}
    nobody = Sample(0, 0, 0.0, 0.0)
    treated, withheld = sides.get(False, nobody), sides.get(True, nobody)
    return Lift(treated, withheld, of_conversion(treated, withheld), of_revenue(treated, withheld), days)
