"""The numbers of one dashboard: every result is read once, when the first widget asks for it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from campaigns.models import Budget
from channels.models import AdAccount, Connection, PlatformCampaign
from mops.lib.period import Period, month_start
from reporting.buckets import buckets
from reporting.charts import Known
from reporting.columns import STANDARD
from reporting.freshness import Freshness, freshness_of
from reporting.kpis import KPIS, MEASURES, Source
from reporting.query import Account, Query, Result, run
from reporting.scope import ACCOUNT_FIELDS, Sources
from reporting.selection import Selection
from tracking.models import Order
from workspaces.models import Invitation, Member, Workspace


class Board:
    """What the widgets of a page share. `filters` narrow the selection's own, for example to the page's channel.

    `page` is its name in the addresses of its exports, passport, columns and views (`reporting.views.questions`).
    """

    cards: tuple[str, ...] = (
        "spend", "net_revenue_after_refunds", "mer", "blended_cpa", "new_customers", "cac", "ltv", "ltv_cac",
    )  # fmt: skip

    def __init__(
        self, workspace: Workspace, selection: Selection, member: Member, filters: Mapping[str, Any] | None = None,
        campaign: PlatformCampaign | None = None, page: str = "",
    ) -> None:  # fmt: skip
        self.workspace, self.selection, self.member, self.campaign = workspace, selection, member, campaign
        self.page = page
        self.fixed = dict(filters or {})  # what the page is about; the rest can be chosen
        self.filters = dict(selection.filters) | self.fixed
        self.table = selection.columns or STANDARD

    def query(self, metrics: tuple[str, ...], dimensions: tuple[str, ...] = (), **fields: Any) -> Query:
        """A question with the selection's period, filters, window and knowledge."""
        chosen = self.selection
        common: dict[str, Any] = {"filters": self.filters, "comparison": chosen.comparison,
                                  "attribution_window": chosen.window, "as_of": chosen.known_until}  # fmt: skip
        return Query(self.workspace, metrics=metrics, dimensions=dimensions, **{"period": chosen.period} | common | fields)

    def run(self, query: Query) -> Result:
        return run(query, self.sources)

    @cached_property
    def accounts(self) -> list[AdAccount]:
        """All accounts of the workspace, for the filters to choose from."""
        rows = AdAccount.objects.filter(workspace=self.workspace).select_related("connection")
        return list(rows.order_by("platform", "name", "id"))

    @property
    def accounts_inside(self) -> list[AdAccount]:
        """Those that pass the account and platform filters."""
        ids, platforms = self.filters.get("account"), self.filters.get("platform")
        return [account for account in self.accounts
                if (ids is None or account.pk in ids) and (platforms is None or account.platform in platforms)]  # fmt: skip

    @cached_property
    def sources(self) -> Sources:
        return Sources(tuple(account_of(account) for account in self.accounts_inside), self.setup["ordered"])

    @cached_property
    def series(self) -> Result:
        """Cards and chart in time; its totals are the cards' numbers."""
        metrics = tuple(dict.fromkeys((*self.cards, *self.selection.chart)))
        return self.run(self.query(metrics, (self.selection.grain,)))

    @cached_property
    def lacking(self) -> frozenset[Source]:
        """Sources that do not know the whole comparison: a change would compare with a part of it."""
        comparison, first_order = self.selection.comparison, self.setup["first_order"]
        if comparison is None:
            return frozenset()
        beside = self.series.rows[: len(buckets(self.selection.grain, comparison))]  # it may be shorter than the period
        unpulled = self.accounts and any(row.previous and row.previous["spend"] is None for row in beside)
        too_young = first_order is not None and first_order > comparison.since
        return frozenset({Source.PLATFORM} if unpulled else ()) | frozenset({Source.ORDERS} if too_young else ())

    @property
    def is_even(self) -> bool:
        """Whether the comparison has as many days as the period."""
        comparison = self.selection.comparison
        return comparison is None or comparison.days == self.selection.period.days

    def is_comparable(self, metric: str) -> bool:
        return not any(MEASURES[term].source in self.lacking for term in KPIS[metric].terms)

    @property
    def has_figures(self) -> bool:
        """Whether cards and chart have anything to show, now or in the comparison."""
        totals = self.series.totals
        return any(totals.values.values()) or any((totals.previous or {}).values())

    @property
    def is_blank(self) -> bool:
        return not self.channels.rows

    @cached_property
    def channels(self) -> Result:
        return self.run(self.table_query("channel"))

    def table_query(self, dimension: str, limit: int | None = None) -> Query:
        """The question behind a table: its columns, and spend, by which it is ordered unless somebody chose otherwise."""
        sort = self.selection.sort
        order = sort if sort.removeprefix("-") in self.table else "-spend"
        metrics = tuple(dict.fromkeys((*self.table, "spend")))
        return self.query(metrics, (dimension,), comparison=None, order_by=order, limit=limit)

    @cached_property
    def freshness(self) -> Freshness:
        selected = [account for account in self.accounts_inside if account.selected]
        return freshness_of(self.workspace, self.selection.period, selected)

    @property
    def known(self) -> Known:
        return Known(self.selection.today, self.freshness.provisional_from)

    @cached_property
    def month(self) -> Result | None:
        """Spend and plan per channel of this month's complete days; None on its first day."""
        today = self.selection.today
        if today.day == 1:
            return None
        period = Period(month_start(today), today)
        return self.run(self.query(("spend", "budget"), ("channel",), period=period, comparison=None, as_of=None))

    @cached_property
    def setup(self) -> dict[str, Any]:
        """Which first steps are done, and the day of the first order, in one statement."""
        mine = {"workspace": OuterRef("pk")}
        selected = AdAccount.objects.filter(**mine, selected=True)
        steps = {
            "connected": Connection.objects.filter(**mine),
            "chosen": selected,
            "pulled": selected.filter(last_success_at__isnull=False),
            "planned": Budget.objects.filter(**mine),
            "invited": Invitation.objects.filter(**mine),
            "joined": Member.objects.filter(**mine).exclude(user_id=self.member.user_id),
        }
        first_order = Subquery(Order.objects.filter(**mine).order_by("day").values("day")[:1])
        rows = Workspace.objects.filter(pk=self.workspace.pk).values_list(first_order, *map(Exists, steps.values()))
        found = dict(zip(("first_order", *steps), rows.get(), strict=True))
        return found | {"ordered": found["first_order"] is not None}


def account_of(account: AdAccount) -> Account:
    return Account(*(getattr(account, field) for field in ACCOUNT_FIELDS))


class ChannelBoard(Board):
    """A channel or one of its campaigns: what was delivered beside what the shop sold."""

    cards = ("spend", "clicks", "cpc", "orders", "net_revenue_after_refunds", "mer", "cac", "ltv_cac")

    @property
    def is_blank(self) -> bool:
        return not self.has_figures
