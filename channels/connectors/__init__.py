"""The registry: one line per platform. Forms, choices, schedule, docs and the contract tests derive from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module

from channels.connectors.base import DEFAULT_WINDOW, Connector, Credentials, Endpoint


@dataclass(frozen=True)
class LookBack:
    """Re-pull the last `days` days every `every_days` days (platforms restate the past)."""

    every_days: int
    days: int


@dataclass(frozen=True)
class Platform:
    """What the product must know about a platform besides how to talk to it."""

    key: str
    label: str
    connector: str  # "module:Class", imported on first use: client libraries take seconds
    api_version: str
    api_sunset: date  # the platform's announced end of this version
    reports: tuple[str, ...]  # "campaigns" gives the totals, "ads" the drill-down
    windows: tuple[str, ...]  # attribution windows, the default one first
    scopes: tuple[str, ...]
    retention_days: int
    slice_days: int  # days per backfill run
    look_backs: tuple[LookBack, ...]
    provisional_days: int  # a day younger than this may still change at the platform
    daily_requests: int  # budget per account and day, below the platform's own limit
    goal: str = ""  # default action type where the platform counts several
    has_spend: bool = True

    def connect(self, endpoint: Endpoint, credentials: Credentials) -> Connector:
        module, name = self.connector.split(":")
        factory: type[Connector] = getattr(import_module(module), name)
        return factory(endpoint, credentials)


MONTHS_37 = 37 * 30 + 17

PLATFORMS: Mapping[str, Platform] = {
    platform.key: platform
    for platform in (
        Platform(
            key="google_ads", label="Google Ads", connector="channels.connectors.google_ads:GoogleAds",
            api_version="v26", api_sunset=date(2027, 11, 30), reports=("campaigns", "ads"),
            windows=(DEFAULT_WINDOW, "conversion_date"), scopes=("https://www.googleapis.com/auth/adwords",),
            retention_days=MONTHS_37, slice_days=30, provisional_days=30, daily_requests=1_000,
            look_backs=(LookBack(1, 30), LookBack(7, 90)),
        ),
        Platform(
            key="meta", label="Meta Ads", connector="channels.connectors.meta:Meta",
            api_version="v26.0", api_sunset=date(2027, 7, 29), reports=("campaigns", "ads"),
            windows=(DEFAULT_WINDOW, "1d_click", "7d_click", "28d_click", "1d_view"), scopes=("ads_read",),
            retention_days=MONTHS_37, slice_days=30, provisional_days=28, daily_requests=2_000,
            look_backs=(LookBack(1, 28), LookBack(7, 35)), goal="omni_purchase",
        ),
        Platform(
            key="ga4", label="Google Analytics 4", connector="channels.connectors.ga4:Ga4",
            api_version="v1beta", api_sunset=date(2028, 12, 31), reports=("campaigns",),
            windows=(DEFAULT_WINDOW,), scopes=("https://www.googleapis.com/auth/analytics.readonly",),
            retention_days=14 * 30, slice_days=30, provisional_days=12, daily_requests=1_000,
            look_backs=(LookBack(1, 14),), has_spend=False,
        ),
    )
}  # fmt: skip
