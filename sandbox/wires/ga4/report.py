"""A report of the Data API: the request checked as Analytics does, the market's sessions grouped by its dimensions."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sandbox.market import Account, Market, SessionDay
from sandbox.wires.ga4.refusals import invalid

MOST_DIMENSIONS, MOST_METRICS, MOST_ROWS = 9, 10, 250_000
USUAL_ROWS = 10_000
DIMENSIONS: dict[str, Callable[[SessionDay], str]] = {
    "date": lambda row: f"{row.day:%Y%m%d}",
    "sessionSource": lambda row: row.source,
    "sessionMedium": lambda row: row.medium,
    "sessionSourceMedium": lambda row: f"{row.source} / {row.medium}",
    "sessionCampaignId": lambda row: row.campaign_id,
    "sessionCampaignName": lambda row: row.campaign_name,
    "sessionDefaultChannelGroup": lambda row: row.channel_group,
}
MILLIONTHS = 1_000_000
METRICS: dict[str, Callable[[SessionDay], int]] = {  # in millionths
    "sessions": lambda row: row.sessions * MILLIONTHS,
    "engagedSessions": lambda row: row.engaged_sessions * MILLIONTHS,
    "totalUsers": lambda row: row.users * MILLIONTHS,
    "keyEvents": lambda row: row.key_events,
    "transactions": lambda row: row.transactions,
    "purchaseRevenue": lambda row: row.revenue_micros,
    "totalRevenue": lambda row: row.revenue_micros,
}
FLOATS = {"keyEvents", "purchaseRevenue", "totalRevenue"}
CURRENCIES = {"purchaseRevenue", "totalRevenue"}
Line = tuple[tuple[str, ...], tuple[str, ...]]


class Query(NamedTuple):
    """A checked request; days inclusive. `order` holds (is a metric, index, descending)."""

    since: date
    until: date
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    order: tuple[tuple[bool, int, bool], ...]
    limit: int
    offset: int


def parse(request: Any, today: date) -> Query:
    """The request (raw RunReportRequest). Refused with INVALID_ARGUMENT otherwise."""
    dimensions, metrics = tuple(one.name for one in request.dimensions), tuple(one.name for one in request.metrics)
    _known(dimensions, DIMENSIONS, MOST_DIMENSIONS, "dimension")
    _known(metrics, METRICS, MOST_METRICS, "metric")
    if not metrics:
        raise invalid("A report needs at least one metric.")
    if len(request.date_ranges) != 1:
        raise invalid("Exactly one date range is served here.")
    span = request.date_ranges[0]
    since, until = _day(span.start_date, today), _day(span.end_date, today)
    if since > until:
        raise invalid("The start date is after the end date.")
    if request.limit > MOST_ROWS or request.limit < 0 or request.offset < 0:
        raise invalid(f"The limit must be between 1 and {MOST_ROWS}.")
    order = tuple(_order(one, dimensions, metrics) for one in request.order_bys)
    return Query(since, until, dimensions, metrics, order, request.limit or USUAL_ROWS, request.offset)


def _known(names: tuple[str, ...], known: dict[str, Any], most: int, kind: str) -> None:
    if len(names) > most:
        raise invalid(f"Requests are limited to {most} {kind}s within a nested request. This request is for {len(names)}.")
    for name in names:
        if name not in known:
            raise invalid(f"Field {name} is not a valid {kind}.")


def _day(text: str, today: date) -> date:
    named = {"today": today, "yesterday": today - timedelta(days=1)}
    try:
        return named.get(text) or date.fromisoformat(text)
    except ValueError:
        raise invalid(f"Invalid date: {text}. Dates are YYYY-MM-DD, today or yesterday.") from None


def _order(order: Any, dimensions: tuple[str, ...], metrics: tuple[str, ...]) -> tuple[bool, int, bool]:
    names, name = (metrics, order.metric.metric_name) if order.HasField("metric") else (dimensions, order.dimension.dimension_name)
    if name not in names:
        raise invalid(f"Cannot order by {name}: it is not in the report.")
    return names is metrics, names.index(name), bool(order.desc)


def lines(market: Market, account: Account, query: Query, as_of: datetime) -> list[Line]:
    """All rows of the report as text, ordered. Without an order the biggest first, as Analytics likes it."""
    groups: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(query.metrics))
    dimensions, metrics = [DIMENSIONS[name] for name in query.dimensions], [METRICS[name] for name in query.metrics]
    for row in market.sessions(account.external_id, query.since, query.until, as_of):
        sums = groups[tuple(read(row) for read in dimensions)]
        for n, read in enumerate(metrics):
            sums[n] += read(row)
    found = sorted(groups.items())
    for is_metric, index, descending in reversed(query.order or ((True, 0, True),)):
        found.sort(key=lambda item: item[1 if is_metric else 0][index], reverse=descending)
    return [(labels, tuple(map(number, sums))) for labels, sums in found]


def number(millionths: int) -> str:
    """A metric as Analytics writes it: no point for whole numbers, no zeros at the end."""
    whole, rest = divmod(millionths, MILLIONTHS)
    return str(whole) if not rest else f"{whole}.{rest:06d}".rstrip("0")


def local_day(account: Account, now: datetime) -> date:
    return now.astimezone(ZoneInfo(account.time_zone)).date()
