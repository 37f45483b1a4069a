"""Google Analytics' report rows in the terms of the product.

A "campaign" here is source, medium and campaign together. Its id in the product is "source / medium / campaign id", or
with the campaign's name where links carry no id (utm_id): else all newsletters would be one campaign.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from channels.connectors.base import (
    DEFAULT_WINDOW,
    Batch,
    ConnectorError,
    EntityRow,
    ErrorKind,
    PullRequest,
    Sentence,
    StatRow,
    sentence,
)

DIMENSIONS = (
    "date", "sessionSource", "sessionMedium", "sessionCampaignId", "sessionCampaignName", "sessionDefaultChannelGroup",
)  # fmt: skip
GOALS = ("keyEvents", "transactions")
CHANNELS = {  # folded as tracking.channel_grouping folds them; what is missing is "other"
    "AI Assistant": "ai_assistant",
    "Affiliates": "affiliate",
    "Audio": "programmatic",
    "Cross-network": "cross_network",
    "Direct": "direct",
    "Display": "display",
    "Email": "email",
    "Mobile Push Notifications": "app",
    "Organic Search": "organic_search",
    "Organic Shopping": "organic_search",
    "Organic Social": "organic_social",
    "Organic Video": "organic_social",
    "Paid Search": "paid_search",
    "Paid Shopping": "shopping",
    "Paid Social": "paid_social",
    "Paid Video": "video",
    "Referral": "referral",
    "SMS": "app",
}
DAY_TOKENS = 200_000  # a standard property's; Analytics 360 has ten times as many
NOT_SET = "(not set)"
ZERO = Decimal(0)
MICRO = Decimal("0.000001")
Labels = tuple[str, ...]


def report_request(request: PullRequest, offset: int, limit: int) -> dict[str, Any]:
    """One page of the report. Ordered by all dimensions: without an order pages overlap."""
    last = request.until - timedelta(days=1)
    return {
        "property": f"properties/{request.account.external_id}",
        "dimensions": [{"name": name} for name in DIMENSIONS],
        "metrics": [{"name": name} for name in ("sessions", "engagedSessions", goal(request), "purchaseRevenue")],
        "date_ranges": [{"start_date": request.since.isoformat(), "end_date": last.isoformat()}],
        "order_bys": [{"dimension": {"dimension_name": name}} for name in DIMENSIONS],
        "limit": limit,
        "offset": offset,
        "return_property_quota": True,
    }


def goal(request: PullRequest) -> str:
    """The one metric counted as conversions."""
    wanted = request.goals.get("conversion") or GOALS[0]
    if wanted not in GOALS:
        said = sentence("Google Analytics has no goal %(goal)s; choose one of %(goals)s.", goal=wanted, goals=", ".join(GOALS))
        raise ConnectorError(ErrorKind.INVALID, said)
    return wanted


class Reading:
    """One pull. Rows that differ in campaign name or channel group only are summed into one."""

    def __init__(self, request: PullRequest) -> None:
        self._account = request.account
        days = [request.since + timedelta(days=n) for n in range((request.until - request.since).days)]
        self._days = {f"{day:%Y%m%d}": day for day in days}
        self._seen: set[Labels] = set()
        self._ids: dict[Labels, str] = {}  # labels without the day -> campaign id in the product
        self._entities: dict[str, EntityRow] = {}
        self._total = -1
        self._day = ""  # the day being read: pages may end in the middle of it
        self._open: dict[str, StatRow] = {}
        self._closed: set[str] = set()

    def batch(self, page: Any) -> Batch:
        """Translate one page (a raw RunReportResponse). PARTIAL when it does not fit to the pages before."""
        self._check(page)
        rows: list[StatRow] = []
        self._entities = {}
        try:
            for row in page.rows:
                rows += self._take(row)
        except (KeyError, ValueError, ArithmeticError) as error:
            raise _partial(sentence("Google Analytics sent a row that cannot be read.")) from error
        return Batch(rows, list(self._entities.values()), flags(page.metadata), quota(page.property_quota))

    def rest(self) -> Batch:
        """The rows of the last day, once all pages are read. PARTIAL when rows are missing."""
        if len(self._seen) != self._total:
            found = len(self._seen)
            raise _partial(sentence("Google Analytics sent %(found)s of %(total)s rows.", found=found, total=self._total))
        return Batch(self._close(""), requests=0)

    def _check(self, page: Any) -> None:
        if self._total not in (-1, page.row_count):
            raise _partial(sentence("Google Analytics changed the report while its pages were read."))
        self._total = page.row_count
        found = (page.metadata.currency_code, page.metadata.time_zone)
        known = (self._account.currency, self._account.time_zone)
        if found != known and all(found):
            said = sentence(
                "The property is now kept in %(found)s, not %(known)s.", found=" / ".join(found), known=" / ".join(known)
            )
            raise ConnectorError(ErrorKind.INVALID, said, sentence("Read the account list again."))

    def _take(self, row: Any) -> list[StatRow]:
        """Add a row to its day; the rows of the day before when this one starts a new day."""
        labels = tuple([each.value for each in row.dimension_values])
        if labels in self._seen:
            raise _partial(sentence("Google Analytics sent the same row twice (%(row)s).", row=", ".join(labels[:4])))
        self._seen.add(labels)
        finished = self._close(labels[0]) if labels[0] != self._day else []
        campaign = self._ids.get(labels[1:]) or self._meet(labels[1:])
        sessions, engaged, conversions, value = [each.value for each in row.metric_values]
        new = StatRow(
            self._days[labels[0]], campaign, "", "", DEFAULT_WINDOW, 0, 0, ZERO,
            _decimal(conversions), _decimal(value), ZERO, int(sessions), int(engaged),
        )  # fmt: skip
        old = self._open.get(campaign)
        self._open[campaign] = _sum(old, new) if old else new
        return finished

    def _close(self, next_day: str) -> list[StatRow]:
        self._closed.add(self._day)
        if next_day in self._closed and next_day:
            raise _partial(sentence("Google Analytics sent its rows out of order."))
        finished, self._open, self._day = list(self._open.values()), {}, next_day
        return finished

    def _meet(self, labels: Labels) -> str:
        """The campaign of labels not seen before; of several names the one of the latest day stays."""
        source, medium, campaign_id, name, group = labels
        named = bool(name) and not name.startswith("(")  # "(not set)", "(direct)", "(referral)" …
        identity = name if named and campaign_id in ("", NOT_SET) else campaign_id or NOT_SET
        external_id = f"{source} / {medium} / {identity}"
        shown = name if named else f"{source} / {medium}"
        self._entities[external_id] = EntityRow("campaign", external_id, "", shown, "enabled", CHANNELS.get(group, "other"))
        self._ids[labels] = external_id
        return external_id


def flags(metadata: Any) -> dict[str, str]:
    """What limits the answer: sampled (share read), thresholded, other_row, truncated, restricted, empty."""
    found = {}
    if metadata.sampling_metadatas:
        read = sum(each.samples_read_count for each in metadata.sampling_metadatas)
        space = sum(each.sampling_space_size for each in metadata.sampling_metadatas)
        found["sampled"] = f"{read / space:.1%}" if space else "yes"
    if metadata.subject_to_thresholding:
        found["thresholded"] = "yes"
    if metadata.data_loss_from_other_row:
        found["other_row"] = "yes"
    if metadata.data_truncation_reasons:
        found["truncated"] = "yes"
    if metadata.schema_restriction_response.active_metric_restrictions:
        found["restricted"] = "yes"
    if metadata.empty_reason:
        found["empty"] = metadata.empty_reason
    return found


def quota(found: Any) -> dict[str, float]:
    """The property's tokens of this day, and what is left of this hour's."""
    day = found.tokens_per_day
    if not day.consumed and not day.remaining:
        return {}
    limit = DAY_TOKENS if day.remaining <= DAY_TOKENS else DAY_TOKENS * 10
    left = {"remaining": float(day.remaining), "hour_remaining": float(found.tokens_per_hour.remaining)}
    return {"used": float(limit - day.remaining), "limit": float(limit), **left}


def _sum(old: StatRow, new: StatRow) -> StatRow:
    return old._replace(
        conversions=old.conversions + new.conversions,
        conversions_value=old.conversions_value + new.conversions_value,
        sessions=old.sessions + new.sessions,
        engaged_sessions=old.engaged_sessions + new.engaged_sessions,
    )


def _decimal(number: str) -> Decimal:
    return ZERO if number == "0" else Decimal(number).quantize(MICRO)


def _partial(said: Sentence) -> ConnectorError:
    return ConnectorError(ErrorKind.PARTIAL, said, sentence("Nothing was stored; the days are pulled again."))
