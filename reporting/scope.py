"""What one read covers: a period, the accounts the filters leave, and the measures it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from channels.connectors import PLATFORMS
from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.period import Period
from reporting.dimensions import AD_LEVEL, CAMPAIGN_LEVEL, DIMENSIONS
from reporting.kpis import MEASURES, Source, measures_of
from reporting.question import Account, Query
from reporting.sql import Params, conditions, fetch
from tracking.models import Order
from workspaces.models import Workspace

# The stored column behind each pulled measure: an analytics property keeps its key events where ads keep conversions.
COLUMNS = {key: key for key, measure in MEASURES.items() if measure.source in (Source.PLATFORM, Source.ANALYTICS)} | {
    "key_events": "conversions", "analytics_revenue": "conversions_value",
}  # fmt: skip
DELIVERY = ("impressions", "clicks", "spend", "sessions", "engaged_sessions")
ACCOUNT_FIELDS = ("id", "name", "platform", "external_id", "currency", "time_zone")
MONEY_COLUMNS = ("spend", "conversions_value")


@dataclass(frozen=True)
class Scope:
    """A Query bound to one period, with everything looked up that the SQL needs."""

    workspace: Workspace
    period: Period
    accounts: tuple[Account, ...]
    dimensions: tuple[str, ...]
    filters: Mapping[str, Sequence[Any]]
    measures: frozenset[str]
    window: str
    as_of: datetime | None
    has_orders: bool = False  # own orders exist and can be told apart by what was asked

    @cached_property
    def counted(self) -> dict[str, frozenset[str]]:
        """The platforms whose rows count for each pulled measure.

        Ads claim conversions, analytics has key events; asked for analytics alone, they are the conversions.
        """
        asked = self.filters.get("platform", ())
        only_analytics = bool(asked) and not any(PLATFORMS[platform].has_spend for platform in asked if platform in PLATFORMS)
        return {
            key: frozenset(
                platform.key for platform in PLATFORMS.values()
                if platform.has_spend == (measure.source == Source.PLATFORM)
                or (not platform.has_spend and measure.claimed and only_analytics)
            )
            for key, measure in MEASURES.items() if key in self.measures and key in COLUMNS
        }  # fmt: skip

    @cached_property
    def columns_by_platform(self) -> dict[str, dict[str, str]]:
        """For each platform the stored column of every pulled measure, "" where its rows do not count for it."""
        return {
            platform: {key: COLUMNS[key] if platform in counted else "" for key, counted in self.counted.items()}
            for platform in PLATFORMS
        }

    @cached_property
    def as_stored(self) -> frozenset[str]:
        """The platforms whose stored sums are the measures, one for one."""
        return frozenset(
            platform for platform, columns in self.columns_by_platform.items()
            if columns.keys() == self.measures and all(key == column for key, column in columns.items())
        )  # fmt: skip

    @cached_property
    def relevant(self) -> tuple[Account, ...]:
        """The accounts with anything to add: for spend nobody reads what analytics pulled."""
        platforms = frozenset().union(*self.counted.values())
        return tuple(account for account in self.accounts if account.platform in platforms)

    @cached_property
    def tells_platforms(self) -> bool:
        """Whether the sums of each platform must be known apart: claims never add up, analytics is no ad platform."""
        return any(MEASURES[key].claimed for key in self.counted) or len(set(self.counted.values())) > 1

    @cached_property
    def used(self) -> frozenset[str]:
        return frozenset((*self.dimensions, *self.filters))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The stored columns to sum, in a fixed order."""
        return tuple(sorted({COLUMNS[key] for key in self.measures if key in COLUMNS}))

    @cached_property
    def by_account(self) -> bool:
        """Whether each row of the answer belongs to one account anyway, so that original amounts can be told."""
        return len(self.accounts) == 1 or bool({"account", "campaign", *AD_LEVEL} & set(self.dimensions))

    def is_whole(self, accounts: tuple[Account, ...]) -> bool:
        """Whether these are all accounts of the workspace, so that naming them would only slow the reading down."""
        return not self.filters.keys() & {"account", "platform"} and len(accounts) == len(self.accounts)

    def fits(self, source: Source) -> bool:
        """Own orders belong to no platform, account or ad, budgets to no platform campaign either."""
        if source == Source.BUDGET:
            return not self.used & {"platform", "account", "campaign", *AD_LEVEL}
        return source != Source.ORDERS or all(DIMENSIONS[dimension].splits_orders for dimension in self.used)

    @property
    def needs_campaign(self) -> bool:
        return bool(self.used & CAMPAIGN_LEVEL)

    def wants(self, source: Source) -> bool:
        return any(MEASURES[key].source == source for key in self.measures)

    def window_of(self, platform: str) -> str:
        """The chosen attribution window, or the standard one where the platform does not offer it."""
        return self.window if self.window in PLATFORMS[platform].windows else DEFAULT_WINDOW


@dataclass(frozen=True)
class Sources:
    """Where numbers can come from under some filters: looked up once for all questions of a page."""

    accounts: tuple[Account, ...]
    has_orders: bool | None = None  # None: look when orders are wanted


def scope_of(query: Query, period: Period, accounts: tuple[Account, ...], has_orders: bool | None = None) -> Scope:
    scope = Scope(
        query.workspace, period, accounts, query.dimensions, query.filters, frozenset(measures_of(query.metrics)),
        query.attribution_window, query.as_of,
    )  # fmt: skip
    if not scope.wants(Source.ORDERS) or not scope.fits(Source.ORDERS):
        return scope
    if has_orders is None:
        has_orders = Order.objects.filter(workspace=query.workspace).exists()
    return replace(scope, has_orders=has_orders)


def accounts_of(workspace: Workspace, filters: Mapping[str, Sequence[Any]]) -> tuple[Account, ...]:
    """The workspace's accounts that pass the account and platform filters."""
    params = Params()
    where = [f"workspace_id = {params.add(workspace.pk)}"]
    where += conditions(params, {"account": "id", "platform": "platform"}, filters)
    rows = fetch(
        f"SELECT {', '.join(ACCOUNT_FIELDS)} FROM channels_adaccount WHERE {' AND '.join(where)} "  # noqa: S608  constants
        "ORDER BY platform, name, id",
        params,
    )
    return tuple(Account(*row) for row in rows)
