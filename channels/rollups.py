"""Sums that dashboards read instead of facts. Refreshed for the touched days inside the swap, so never stale.

    DailyStat ─┬─ AccountDay ─┬─ AccountMonth
               │              └─ ChannelDay     all accounts of a workspace
               └─ CampaignMonth

Money stays in the account's currency: conversion is by day, so monthly sums are read only for accounts that already
count in the workspace's currency (`reporting.facts_sql`). Everything is recomputed from the level below, never added up
by differences: a roll-up that was wrong is right after the next pull of its days.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection, models

from channels.facts import MEASURES, Measures
from channels.taxonomy import channel_choices
from mops.lib.locks import lock_in_transaction
from mops.lib.period import month_start
from mops.lib.tenancy import SameWorkspace


class Rollup(Measures):
    workspace = models.ForeignKey("workspaces.Workspace", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey("channels.AdAccount", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    attribution_window = models.CharField(max_length=20)

    class Meta:
        abstract = True


class AccountDay(Rollup):
    """Day x account x channel: tables of accounts and whatever is filtered by account."""

    day = models.DateField()
    channel = models.CharField(max_length=20, choices=channel_choices)
    pk = models.CompositePrimaryKey("workspace_id", "day", "account_id", "channel", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]


class AccountMonth(Rollup):
    """Month x account x channel: the whole months of long periods, with the edge days read from a table of days."""

    month = models.DateField()
    channel = models.CharField(max_length=20, choices=channel_choices)
    pk = models.CompositePrimaryKey("workspace_id", "month", "account_id", "channel", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]


class CampaignMonth(Rollup):
    """Month x campaign: campaign tables over long periods, with the edge days read from the facts.

    `days` are those with a row: a month less its edge days counts where any is left.
    """

    month = models.DateField()
    days = models.PositiveSmallIntegerField(default=0)
    campaign = models.ForeignKey("channels.PlatformCampaign", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    pk = models.CompositePrimaryKey("workspace_id", "month", "account_id", "campaign_id", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]


class ChannelDay(Measures):
    """Day x platform x channel x currency of all accounts: every question that names neither account nor campaign."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    platform = models.CharField(max_length=20)
    channel = models.CharField(max_length=20, choices=channel_choices)
    currency = models.CharField(max_length=3)  # of the accounts: rates are by currency and day
    attribution_window = models.CharField(max_length=20)
    pk = models.CompositePrimaryKey("workspace_id", "day", "platform", "channel", "currency", "attribution_window")


SUMS = ", ".join(f"sum({measure})" for measure in MEASURES)
COLUMNS = ", ".join(MEASURES)


def refresh(workspace_id: int, account_id: int, days: Sequence[date], campaigns: Sequence[int] | None = None) -> None:
    """Rebuild what stands on the given days of one account: call as the last step of the transaction that changed them.

    `campaigns` are those whose sums changed (None: any; none: channels only). The caller holds the account's lock; the
    workspace's is taken here, after everything else, and held until the commit.
    """
    if not days:
        return
    values = {"workspace": workspace_id, "account": account_id, "days": list(days), "campaigns": campaigns and list(campaigns),
              "months": sorted({month_start(day) for day in days})}  # fmt: skip
    _run(ACCOUNT_DAYS, values)
    _run(ACCOUNT_MONTHS, values)
    if campaigns is None or campaigns:
        _run(CAMPAIGN_MONTHS, values)
    refresh_channels(workspace_id, days)


def refresh_channels(workspace_id: int, days: Sequence[date] | None = None) -> None:
    """Add the accounts of a workspace up again, for the given days or for all: accounts vanished or changed currency.

    Without the lock two swaps of one workspace would each add up the other's old days. It needs READ COMMITTED: what the
    lock waited for must be seen by the next statement.
    """
    lock_in_transaction("channels.rollups", workspace_id)
    _run(CHANNEL_DAYS, {"workspace": workspace_id, "days": days and list(days)})


def _rebuild(table: str, keys: str, where: str, source: str, columns: str = COLUMNS) -> tuple[str, str]:
    """Empty the rows `where` and fill them from `source`, a SELECT of keys and sums without its GROUP BY: in the order of
    the keys, so that rows read together stand together."""
    positions = ", ".join(str(position) for position in range(1, keys.count(",") + 2))
    return (
        f"DELETE FROM {table} WHERE {where}",  # noqa: S608  constants; values are parameters
        f"INSERT INTO {table} ({keys}, {columns}) {source} GROUP BY {positions} ORDER BY {positions}",
    )


def _run(statements: tuple[str, str], values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


OF_ACCOUNT = "workspace_id = %(workspace)s AND account_id = %(account)s"
CHANGED = "(%(campaigns)s::bigint[] IS NULL OR campaign_id = ANY(%(campaigns)s::bigint[]))"
MONTHS = "unnest(%(months)s::date[]) AS m (month)"
IN_MONTH = "day >= m.month AND day < m.month + interval '1 month'"
ALL_OR_DAYS = "workspace_id = %(workspace)s AND (%(days)s::date[] IS NULL OR day = ANY(%(days)s::date[]))"

ACCOUNT_DAYS = _rebuild(
    "channels_accountday", "workspace_id, day, account_id, channel, attribution_window",
    f"{OF_ACCOUNT} AND day = ANY(%(days)s)",
    f"""SELECT f.workspace_id, f.day, f.account_id, c.channel, f.attribution_window, {SUMS}
        FROM channels_dailystat f JOIN channels_platformcampaign c ON c.id = f.campaign_id
        WHERE f.workspace_id = %(workspace)s AND f.account_id = %(account)s AND f.day = ANY(%(days)s)""",  # noqa: S608
)  # fmt: skip
ACCOUNT_MONTHS = _rebuild(
    "channels_accountmonth", "workspace_id, month, account_id, channel, attribution_window",
    f"{OF_ACCOUNT} AND month = ANY(%(months)s)",
    f"""SELECT workspace_id, m.month, account_id, channel, attribution_window, {SUMS}
        FROM {MONTHS} JOIN channels_accountday ON {IN_MONTH} WHERE {OF_ACCOUNT}""",  # noqa: S608
)  # fmt: skip
CAMPAIGN_MONTHS = _rebuild(
    "channels_campaignmonth", "workspace_id, month, account_id, campaign_id, attribution_window",
    f"{OF_ACCOUNT} AND month = ANY(%(months)s) AND {CHANGED}",
    f"""SELECT workspace_id, m.month, account_id, campaign_id, attribution_window, {SUMS}, count(*)
        FROM {MONTHS} JOIN channels_dailystat ON {IN_MONTH} WHERE {OF_ACCOUNT} AND {CHANGED}""",  # noqa: S608
    f"{COLUMNS}, days",
)  # fmt: skip
CHANNEL_DAYS = _rebuild(
    "channels_channelday", "workspace_id, day, platform, channel, currency, attribution_window", ALL_OR_DAYS,
    f"""SELECT f.workspace_id, f.day, a.platform, f.channel, a.currency, f.attribution_window, {SUMS}
        FROM (SELECT * FROM channels_accountday WHERE {ALL_OR_DAYS}) f JOIN channels_adaccount a ON a.id = f.account_id""",  # noqa: S608
)  # fmt: skip
