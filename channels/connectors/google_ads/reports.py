"""What is asked of Google Ads, and its messages as rows."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from channels.connectors.base import DEFAULT_WINDOW, AccountInfo, Batch, ConnectorError, EntityRow, ErrorKind, StatRow, sentence

CONVERSION_DATE = "conversion_date"


def _query(resource: str, *fields: str) -> str:
    return " ".join(("SELECT", ", ".join(fields), "FROM", resource))


METRICS = (
    "metrics.cost_micros",
    "metrics.impressions",
    "metrics.clicks",
    "metrics.conversions",
    "metrics.conversions_value",
    "metrics.view_through_conversions",
    "metrics.conversions_by_conversion_date",
    "metrics.conversions_value_by_conversion_date",
)
CAMPAIGN = ("campaign.id", "campaign.name", "campaign.status", "campaign.advertising_channel_type")
AD_GROUP = ("ad_group.id", "ad_group.name", "ad_group.status")
AD = ("ad_group_ad.ad.id", "ad_group_ad.ad.name", "ad_group_ad.status")
STATISTICS = {
    "campaigns": _query("campaign", "campaign.id", "segments.date", *METRICS),
    "ads": _query("ad_group_ad", "campaign.id", "ad_group.id", "ad_group_ad.ad.id", "segments.date", *METRICS),
}
ENTITIES = {"campaigns": _query("campaign", *CAMPAIGN), "ads": _query("ad_group_ad", *CAMPAIGN, *AD_GROUP, *AD)}
CLIENTS = _query(
    "customer_client",
    "customer_client.id",
    "customer_client.descriptive_name",
    "customer_client.currency_code",
    "customer_client.time_zone",
    "customer_client.manager",
    "customer_client.status",
)
CHANNELS = {
    "SEARCH": "paid_search",
    "SHOPPING": "shopping",
    "PERFORMANCE_MAX": "cross_network",
    "MULTI_CHANNEL": "cross_network",
    "SMART": "cross_network",
    "LOCAL": "cross_network",
    "DISPLAY": "display",
    "DEMAND_GEN": "display",
    "VIDEO": "video",
}
STATUSES = {"ENABLED": "enabled", "PAUSED": "paused", "REMOVED": "removed"}
ZERO, MICRO = Decimal(0), Decimal("0.000001")  # a product is exact and takes half the time of scaleb


def days(first: date, last: date) -> str:
    """The WHERE clause for account-local days, both ends included."""
    return f" WHERE segments.date BETWEEN '{first}' AND '{last}'"


def enum_name(message: Any, field: str) -> str:
    """The name of an enum value; newer values than the client knows are "UNKNOWN"."""
    number = getattr(message, field)
    values = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return str(values[number].name) if number in values else "UNKNOWN"


def account(client: Any, manager_id: str) -> AccountInfo:
    """An account as its manager (or itself, manager_id "") lists it."""
    external_id = str(client.id)
    name = client.descriptive_name or f"{external_id[:3]}-{external_id[3:6]}-{external_id[6:]}"
    status = enum_name(client, "status").lower()
    return AccountInfo(external_id, name, client.currency_code, client.time_zone, manager_id, status)


def entities(results: Iterable[Any], seen: set[tuple[str, str]]) -> list[EntityRow]:
    """Campaigns, and ad groups and ads where they were selected; each once per pull, `seen` remembers."""
    found: list[EntityRow] = []
    for row in results:
        campaign_id, ad_group_id, ad_id = str(row.campaign.id), row.ad_group.id, row.ad_group_ad.ad.id
        ladder = [_campaign(row.campaign, campaign_id)]
        if ad_group_id:
            ladder.append(EntityRow("ad_group", str(ad_group_id), campaign_id, row.ad_group.name, _status(row.ad_group)))
        if ad_id:
            name = row.ad_group_ad.ad.name or f"Ad {ad_id}"  # most ads have no name of their own
            ladder.append(EntityRow("ad", str(ad_id), str(ad_group_id), name, _status(row.ad_group_ad)))
        for entity in ladder:
            if (entity.level, entity.external_id) not in seen:
                seen.add((entity.level, entity.external_id))
                found.append(entity)
    return found


def _campaign(campaign: Any, external_id: str) -> EntityRow:
    channel = CHANNELS.get(enum_name(campaign, "advertising_channel_type"), "other")
    return EntityRow("campaign", external_id, "", campaign.name, _status(campaign), channel)


def _status(message: Any) -> str:
    return STATUSES.get(enum_name(message, "status"), "paused")


class Statistics:
    """The rows of one pull: translated, and checked against each other and against Google's own totals.

    Reads attributes of raw protobuf messages: helpers such as MessageToDict would cost three quarters of the speed.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[int, int, int, str]] = set()
        self._days: dict[str, date] = {}
        self._ids = _Ids({0: ""})  # an id that was not selected is 0 on the wire
        self._micros = self._impressions = self._clicks = 0

    @property
    def entities(self) -> set[tuple[str, str]]:
        """(level, external id) of everything that has numbers."""
        campaigns = {("campaign", str(campaign)) for campaign, *_ in self._seen}
        return campaigns | {("ad", str(ad)) for _, _, ad, _ in self._seen if ad}

    def batch(self, message: Any, *, requests: int) -> Batch:
        """One message of the stream. PARTIAL when rows came twice or do not sum to the summary row."""
        rows = self._rows(message.results)
        if message.HasField("summary_row"):
            self._compare(message.summary_row.metrics)
        return Batch(rows=rows, requests=requests)

    def _rows(self, results: Iterable[Any]) -> list[StatRow]:
        rows: list[StatRow] = []
        add, seen, dates, exact, texts = rows.append, self._seen, self._days, _decimal, self._ids.__getitem__
        count = len(seen)
        for row in results:
            metrics, day = row.metrics, row.segments.date
            campaign, ad_group, ad = row.campaign.id, row.ad_group.id, row.ad_group_ad.ad.id
            seen.add((campaign, ad_group, ad, day))
            count += 1
            on = dates.get(day) or dates.setdefault(day, date.fromisoformat(day))
            micros, impressions, clicks = metrics.cost_micros, metrics.impressions, metrics.clicks
            viewed = metrics.view_through_conversions
            self._micros += micros
            self._impressions += impressions
            self._clicks += clicks
            ids = texts(campaign), texts(ad_group), texts(ad)
            add(StatRow(
                on, *ids, DEFAULT_WINDOW, impressions, clicks, Decimal(micros) * MICRO,
                exact(metrics.conversions), exact(metrics.conversions_value),
                Decimal(viewed) if viewed else ZERO, 0, 0,
            ))  # fmt: skip
            late, late_value = metrics.conversions_by_conversion_date, metrics.conversions_value_by_conversion_date
            if late or late_value:
                add(StatRow(on, *ids, CONVERSION_DATE, 0, 0, ZERO, exact(late), exact(late_value), ZERO, 0, 0))
        if count != len(seen):
            raise ConnectorError(
                ErrorKind.PARTIAL, sentence("Google Ads sent the same row twice."), sentence("The pull will be tried again.")
            )
        return rows

    def _compare(self, totals: Any) -> None:
        if (totals.cost_micros, totals.impressions, totals.clicks) != (self._micros, self._impressions, self._clicks):
            said = (
                sentence("The rows of Google Ads do not sum to its own totals: some are missing."),
                sentence("The pull will be tried again."),
            )
            raise ConnectorError(ErrorKind.PARTIAL, *said)


class _Ids(dict[int, str]):
    """Ids as text, each written once."""

    def __missing__(self, number: int) -> str:
        text = self[number] = str(number)
        return text


def _decimal(value: float) -> Decimal:
    """A double of the wire to 6 places: credits are fractions such as 0.333333."""
    return Decimal(round(value * 1_000_000)) * MICRO if value else ZERO
