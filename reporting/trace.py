"""From a number down to its source: channel, campaign, day, and there the stored rows with pull and history."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from channels.facts import MEASURES
from channels.models import AdDailyStatHistory, DailyStatHistory
from reporting.dimensions import AD_LEVEL
from reporting.question import Query
from reporting.sql import Params, conditions, fetch
from tracking.models import Order
from workspaces.models import Workspace

LADDER = ("channel", "campaign", "day")
LIMIT = 500  # rows shown of one number; a person narrows down before that
KEYS = ("account_id", "day", "campaign_id", "attribution_window")


@dataclass(frozen=True)
class Rate:
    """Units of a currency per euro on a day; `published` is the ECB's day (earlier on weekends)."""

    currency: str
    rate: Decimal
    published: date


@dataclass(frozen=True)
class Version:
    """What the platform said earlier, from `observed_at` until `replaced_at`."""

    observed_at: datetime
    replaced_at: datetime
    run_id: int
    replaced_by_id: int
    sums: Mapping[str, Any]


@dataclass(frozen=True)
class StoredRow:
    """One row as it was pulled: sums in the account's currency, and what is needed to check them."""

    account_id: int
    account: str
    platform: str
    time_zone: str
    currency: str
    campaign_id: int
    campaign: str
    campaign_external_id: str
    ad: str
    day: date
    attribution_window: str
    sums: Mapping[str, Any]
    observed_at: datetime
    run_id: int
    pulled_at: datetime | None
    api_version: str
    rates: tuple[Rate, ...]  # of the account's and of the workspace's currency, where they differ
    versions: tuple[Version, ...]


def drill(query: Query, key: tuple[Any, ...]) -> Query | None:
    """The same question one step deeper, for the row `key`; None when only the stored rows are left."""
    fixed = dict(query.filters) | {name: (value,) for name, value in zip(query.dimensions, key, strict=True)}
    deeper = next((step for step in LADDER if step not in fixed), None)
    return replace(query, dimensions=(deeper,), filters=fixed, order_by="", limit=None) if deeper else None


def stored_rows(query: Query) -> list[StoredRow]:
    """The rows behind the query's platform numbers, newest day first, at most LIMIT."""
    with_ads = bool(query.used & AD_LEVEL)
    rows = _rows(query, with_ads)
    versions = _versions(query.workspace, rows, with_ads)
    rates = _rates({(currency, row["day"]) for row in rows for currency in (row["currency"], query.workspace.currency)})
    return [_stored(query.workspace, row, versions, rates) for row in rows]


def stored_orders(query: Query) -> list[Order]:
    """The orders behind the query's own numbers (channel and time filters), newest first, at most LIMIT."""
    rows = Order.objects.filter(workspace=query.workspace, day__gte=query.period.since, day__lt=query.period.until)
    for name in ("channel", "day"):
        if name in query.filters:
            rows = rows.filter(**{f"{name}__in": query.filters[name]})
    if query.as_of:
        rows = rows.filter(received_at__lte=query.as_of)
    return list(rows.select_related("customer").prefetch_related("refunds").order_by("-ordered_at", "pk")[:LIMIT])


def _rows(query: Query, with_ads: bool) -> list[dict[str, Any]]:
    params = Params()
    table, ad = ("channels_addailystat", "d.name, f.ad_id") if with_ads else ("channels_dailystat", "'', NULL")
    columns = {
        "channel": "c.channel", "platform": "a.platform", "account": "f.account_id", "campaign": "f.campaign_id",
        "own_campaign": "l.campaign_id", "ad_group": "d.ad_group_id", "ad": "f.ad_id", "day": "f.day",
        "week": "date_trunc('week', f.day)::date", "month": "date_trunc('month', f.day)::date",
    }  # fmt: skip
    names = ["account", "platform", "time_zone", "currency", "campaign", "campaign_external_id", "ad", "ad_id",
             "run_id", "observed_at", "pulled_at", "api_version", *KEYS, *MEASURES]  # fmt: skip
    where = [f"f.workspace_id = {params.add(query.workspace.pk)}", f"f.day >= {params.add(query.period.since)}",
             f"f.day < {params.add(query.period.until)}", *conditions(params, columns, query.filters)]  # fmt: skip
    found = fetch(
        "SELECT a.name, a.platform, a.time_zone, a.currency, c.name, c.external_id, "  # noqa: S608  values are parameters
        f"{ad}, f.run_id, f.observed_at, r.finished_at, coalesce(r.api_version, ''), "
        f"{', '.join(f'f.{name}' for name in (*KEYS, *MEASURES))} FROM {table} f "
        "JOIN channels_adaccount a ON a.id = f.account_id JOIN channels_platformcampaign c ON c.id = f.campaign_id "
        "LEFT JOIN channels_syncrun r ON r.id = f.run_id "
        "LEFT JOIN campaigns_campaignlink l ON l.platform_campaign_id = f.campaign_id "
        f"{'JOIN channels_ad d ON d.id = f.ad_id ' if with_ads else ''}"
        f"WHERE {' AND '.join(where)} "
        f"ORDER BY f.day DESC, a.name, c.name, f.campaign_id, f.attribution_window LIMIT {LIMIT}",
        params,
    )
    return [dict(zip(names, row, strict=True)) for row in found]


def _versions(workspace: Workspace, rows: list[dict[str, Any]], with_ads: bool) -> dict[tuple[Any, ...], list[Version]]:
    """Earlier versions by row key, oldest first."""
    model = AdDailyStatHistory if with_ads else DailyStatHistory
    extra = ("ad_id",) if with_ads else ()
    found = model._default_manager.filter(
        workspace=workspace, account__in={row["account_id"] for row in rows}, day__in={row["day"] for row in rows}
    ).order_by("observed_at")
    versions: dict[tuple[Any, ...], list[Version]] = {}
    for entry in found.values(*KEYS, *extra, "observed_at", "replaced_at", "run_id", "replaced_by_id", *MEASURES):
        version = Version(entry["observed_at"], entry["replaced_at"], entry["run_id"], entry["replaced_by_id"],
                          {name: entry[name] for name in MEASURES})  # fmt: skip
        versions.setdefault(_key(entry), []).append(version)
    return versions


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(row[name] for name in KEYS), row.get("ad_id"))


def _rates(wanted: set[tuple[str, date]]) -> dict[tuple[str, date], Rate]:
    params = Params()
    currencies, days = params.add([currency for currency, _ in wanted]), params.add([day for _, day in wanted])
    rows = fetch(
        "SELECT x.currency, x.day, x.rate, (SELECT max(p.day) FROM channels_fxrate p "  # noqa: S608
        "WHERE p.currency = x.currency AND p.day <= x.day AND NOT p.is_carried) "
        f"FROM channels_fxrate x JOIN unnest({currencies}::text[], {days}::date[]) AS w (currency, day) "
        "ON x.currency = w.currency AND x.day = w.day",
        params,
    )
    return {(currency, day): Rate(currency, rate, published or day) for currency, day, rate, published in rows}


def _stored(
    workspace: Workspace, row: dict[str, Any], versions: Mapping[Any, list[Version]], rates: Mapping[Any, Rate]
) -> StoredRow:
    abroad = row["currency"] != workspace.currency
    pair = [rates.get((currency, row["day"])) for currency in (row["currency"], workspace.currency)] if abroad else []
    plain = ("account_id", "account", "platform", "time_zone", "currency", "campaign_id", "campaign", "campaign_external_id", "ad",
             "day", "attribution_window", "observed_at", "run_id", "pulled_at", "api_version")  # fmt: skip
    return StoredRow(
        **{name: row[name] for name in plain},
        sums={name: row[name] for name in MEASURES},
        rates=tuple(rate for rate in pair if rate),
        versions=tuple(versions.get(_key(row), ())),
    )
