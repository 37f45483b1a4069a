"""What the members of a segment are worth and where they come from. Money in the workspace's currency, as its reports count.

Orders and conversions are summed over all members; where they come from and which other segments they are in is read from a
stable sample of them, because a share does not get truer with half a million people.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from segments.models import Segment

SAMPLED = 2_000  # members whose origin is looked at
RECENT = timedelta(days=30)
YEAR = timedelta(days=365)
MOST = 12
RATE = "CASE {currency} WHEN 'EUR' THEN 1 ELSE (SELECT rate FROM channels_fxrate WHERE currency = {currency} AND day = {day}) END"
SALES = """
WITH people AS MATERIALIZED (
    SELECT profile_id FROM segments_membership WHERE workspace_id = %(workspace)s AND segment_id = %(segment)s
), bought AS (
    SELECT c.profile_id, c.acquisition_channel AS channel, o.id, o.ordered_at, {amount} AS amount
    FROM people JOIN tracking_customer c ON c.profile_id = people.profile_id
    JOIN tracking_order o ON o.workspace_id = c.workspace_id AND o.customer_id = c.id
    WHERE c.workspace_id = %(workspace)s AND o.ordered_at <= %(now)s
), refunded AS (
    SELECT b.channel, sum({refund}) AS amount FROM bought b JOIN tracking_refund r ON r.order_id = b.id
    WHERE r.workspace_id = %(workspace)s GROUP BY 1
)
SELECT b.channel, count(DISTINCT b.profile_id), count(DISTINCT b.profile_id) FILTER (WHERE b.ordered_at > %(recent)s), count(*),
    count(*) FILTER (WHERE b.ordered_at > %(recent)s), sum(b.amount), sum(b.amount) FILTER (WHERE b.ordered_at > %(recent)s),
    (SELECT amount FROM refunded r WHERE r.channel = b.channel)
FROM bought b GROUP BY 1
"""
WON = """
SELECT acquisition_channel, count(*) FROM tracking_customer
WHERE workspace_id = %(workspace)s AND first_order_at >= %(year)s AND first_order_at <= %(now)s GROUP BY 1
"""
SPENT = """
SELECT d.channel, sum({amount}) FROM channels_channelday d
WHERE d.workspace_id = %(workspace)s AND d.day >= %(year)s::date GROUP BY 1
"""
CONVERTED = """
SELECT g.id, g.name, count(*), count(DISTINCT c.profile_id) FROM tracking_conversion c JOIN tracking_goal g ON g.id = c.goal_id
JOIN segments_membership m ON m.workspace_id = c.workspace_id AND m.profile_id = c.profile_id AND m.segment_id = %(segment)s
WHERE c.workspace_id = %(workspace)s AND c.day >= %(recent)s::date AND g.state = 'active'
GROUP BY 1, 2 ORDER BY 4 DESC LIMIT %(most)s
"""
SAMPLE = """
SELECT m.profile_id FROM segments_membership m JOIN tracking_profile p ON p.id = m.profile_id
WHERE m.workspace_id = %(workspace)s AND m.segment_id = %(segment)s AND p.uuid < %(until)s::uuid LIMIT %(limit)s
"""
FIRST_TOUCH = """
SELECT touch.channel, count(*) FROM unnest(%(people)s::bigint[]) AS people (id) CROSS JOIN LATERAL (
    SELECT coalesce((SELECT e.channel FROM tracking_event e WHERE e.workspace_id = %(workspace)s AND e.profile_id = people.id
        AND e.state = 'stored' AND e.channel <> '' ORDER BY e.occurred_at LIMIT 1), 'direct') AS channel
) AS touch GROUP BY 1 ORDER BY 2 DESC
"""
COUNTRY = """
SELECT newest.country, count(*) FROM unnest(%(people)s::bigint[]) AS people (id) LEFT JOIN LATERAL (
    SELECT t.value #>> '{}' AS country FROM tracking_identity i JOIN tracking_trait t ON t.identity_id = i.id
    WHERE i.profile_id = people.id AND t.name = 'country' ORDER BY t.at DESC, t.rank DESC, t.digest DESC LIMIT 1
) AS newest ON true GROUP BY 1 ORDER BY 2 DESC LIMIT %(most)s
"""
OVERLAP = """
SELECT s.id, s.name, s.size, count(*) FROM segments_membership m JOIN segments_segment s ON s.id = m.segment_id
WHERE m.workspace_id = %(workspace)s AND m.profile_id = ANY(%(people)s) AND m.segment_id <> %(segment)s AND s.state <> 'archived'
GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT %(most)s
"""


class Sales(NamedTuple):
    """Of the members who were won through one channel; the sums of `Worth` are over all channels."""

    channel: str
    buyers: int
    recent_buyers: int
    orders: int
    recent_orders: int
    revenue: Decimal
    recent_revenue: Decimal
    refunds: Decimal
    spend: Decimal | None  # what winning these buyers cost, at the channel's price per new customer of the last 365 days

    @property
    def net(self) -> Decimal:
        """Revenue after refunds."""
        return self.revenue - self.refunds

    @property
    def roi(self) -> Decimal | None:
        """Revenue for each unit of spend."""
        return self.net / self.spend if self.spend else None


class Worth(NamedTuple):
    size: int
    total: Sales
    channels: Sequence[Sales]

    @property
    def value_per_member(self) -> Decimal | None:
        """Lifetime value so far: revenue after refunds by member."""
        return self.total.net / self.size if self.size else None

    @property
    def recent_rate(self) -> float | None:
        """Share of the members who ordered in the last 30 days."""
        return self.total.recent_buyers / self.size if self.size else None

    @property
    def roi(self) -> Decimal | None:
        """Of the buyers whose channel has spend."""
        net = sum((one.net for one in self.channels if one.spend), Decimal())
        return net / self.total.spend if self.total.spend else None

    @property
    def average_order(self) -> Decimal | None:
        return self.total.revenue / self.total.orders if self.total.orders else None


class Share(NamedTuple):
    """People of a sample who have something in common."""

    key: str
    people: int
    share: float


class Overlap(NamedTuple):
    id: int
    name: str
    share: float  # of this segment's members


class Goal(NamedTuple):
    id: int
    name: str
    conversions: int
    people: int
    rate: float | None  # of the members


class Origin(NamedTuple):
    sampled: int
    channels: Sequence[Share]
    countries: Sequence[Share]
    overlaps: Sequence[Overlap]


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _values(segment: Segment, now: datetime) -> dict[str, Any]:
    return {
        "workspace": segment.workspace_id, "segment": segment.pk, "now": now, "recent": now - RECENT, "year": now - YEAR,
        "most": MOST, "wanted": segment.workspace.currency,
    }  # fmt: skip


def _money(table: str, column: str) -> str:
    """An amount in the workspace's currency at the rate of its own day."""
    of, into = RATE.format(currency=f"{table}.currency", day=f"{table}.day"), RATE.format(currency="%(wanted)s", day=f"{table}.day")
    return f"(CASE WHEN {table}.currency = %(wanted)s THEN {table}.{column} ELSE {table}.{column} * ({into}) / ({of}) END)"


def worth(segment: Segment, now: datetime) -> Worth:
    """Three queries over all members."""
    values, basis = _values(segment, now), segment.workspace.revenue_basis
    sold = _rows(SALES.format(amount=_money("o", basis), refund=_money("r", basis)), values)
    won = dict(_rows(WON, values))
    spent = dict(_rows(SPENT.format(amount=_money("d", "spend")), values))
    channels = [_sales(row, won, spent) for row in sold]
    return Worth(segment.size or 0, _total(channels), sorted(channels, key=lambda one: one.net, reverse=True))


def _total(channels: Sequence[Sales]) -> Sales:
    spends = [one.spend for one in channels if one.spend is not None]
    return Sales(
        channel="",
        buyers=sum(one.buyers for one in channels),
        recent_buyers=sum(one.recent_buyers for one in channels),
        orders=sum(one.orders for one in channels),
        recent_orders=sum(one.recent_orders for one in channels),
        revenue=sum((one.revenue for one in channels), Decimal()),
        recent_revenue=sum((one.recent_revenue for one in channels), Decimal()),
        refunds=sum((one.refunds for one in channels), Decimal()),
        spend=sum(spends, Decimal()) if spends else None,
    )


def _sales(row: tuple[Any, ...], won: dict[str, int], spent: dict[str, Decimal]) -> Sales:
    channel, buyers, recent_buyers, orders, recent_orders, revenue, recent_revenue, refunds = row
    spend = spent[channel] / won[channel] * buyers if spent.get(channel) and won.get(channel) else None
    zero = Decimal()
    return Sales(
        channel, buyers, recent_buyers, orders, recent_orders, revenue or zero, recent_revenue or zero, refunds or zero, spend
    )


def goals(segment: Segment, now: datetime) -> list[Goal]:
    """Conversions of the members in the last 30 days."""
    size = segment.size
    return [
        Goal(id_, name, conversions, people, people / size if size else None)
        for id_, name, conversions, people in _rows(CONVERTED, _values(segment, now))
    ]


def origin(segment: Segment, now: datetime) -> Origin:
    """First channel, country and other segments of a stable sample of the members."""
    size = segment.size or 0
    part = min(1.0, 1.2 * SAMPLED / size) if size else 1.0
    until = f"{min(int(part * 2**128), 2**128 - 1):032x}"
    values = _values(segment, now) | {"until": until, "limit": SAMPLED}
    values["people"] = [profile_id for (profile_id,) in _rows(SAMPLE, values)]
    sampled = len(values["people"])
    if not sampled:
        return Origin(0, [], [], [])
    channels, countries = (
        [Share(key or "", people, people / sampled) for key, people in _rows(sql, values)] for sql in (FIRST_TOUCH, COUNTRY)
    )
    overlaps = [Overlap(id_, name, shared / sampled) for id_, name, _size, shared in _rows(OVERLAP, values)]
    return Origin(sampled, channels, countries, overlaps)
