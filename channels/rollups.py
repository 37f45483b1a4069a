"""Sums that dashboards read instead of facts. Refreshed for the touched days inside the swap, so never stale.

Money stays in the account's currency: conversion is by day, so monthly sums are read only for accounts that already
count in the workspace's currency (`reporting.query`).
"""

from datetime import date

from django.db import connection, models

from channels.facts import MEASURES, Measures
from channels.taxonomy import channel_choices
from mops.lib.period import month_start
from mops.lib.tenancy import SameWorkspace


class Rollup(Measures):
    workspace = models.ForeignKey("workspaces.Workspace", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey("channels.AdAccount", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    attribution_window = models.CharField(max_length=20)

    class Meta:
        abstract = True


class AccountDay(Rollup):
    """Day x account x channel: every channel and trend widget."""

    day = models.DateField()
    channel = models.CharField(max_length=20, choices=channel_choices)
    pk = models.CompositePrimaryKey("workspace_id", "day", "account_id", "channel", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]


class CampaignMonth(Rollup):
    """Month x campaign: campaign tables over long periods, with the edge days read from the facts."""

    month = models.DateField()
    campaign = models.ForeignKey("channels.PlatformCampaign", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    pk = models.CompositePrimaryKey("workspace_id", "month", "account_id", "campaign_id", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]


SUMS = ", ".join(f"sum({measure})" for measure in MEASURES)
COLUMNS = ", ".join(MEASURES)


def refresh(workspace_id: int, account_id: int, days: list[date]) -> None:
    """Rebuild the roll-ups of one account for the given days and their months. Call inside the swap's transaction."""
    if not days:
        return
    months = sorted({month_start(day) for day in days})
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM channels_accountday WHERE workspace_id = %s AND account_id = %s AND day = ANY(%s)",
                       [workspace_id, account_id, days])  # fmt: skip
        cursor.execute(
            f"""INSERT INTO channels_accountday (workspace_id, day, account_id, channel, attribution_window, {COLUMNS})
                SELECT f.workspace_id, f.day, f.account_id, c.channel, f.attribution_window, {SUMS}
                FROM channels_dailystat f JOIN channels_platformcampaign c ON c.id = f.campaign_id
                WHERE f.workspace_id = %s AND f.account_id = %s AND f.day = ANY(%s)
                GROUP BY 1, 2, 3, 4, 5""",  # noqa: S608  column names are constants
            [workspace_id, account_id, days],
        )
        cursor.execute("DELETE FROM channels_campaignmonth WHERE workspace_id = %s AND account_id = %s AND month = ANY(%s)",
                       [workspace_id, account_id, months])  # fmt: skip
        cursor.execute(
            f"""INSERT INTO channels_campaignmonth (workspace_id, month, account_id, campaign_id, attribution_window, {COLUMNS})
                SELECT workspace_id, m.month, account_id, campaign_id, attribution_window, {SUMS}
                FROM unnest(%s::date[]) AS m (month)
                JOIN channels_dailystat ON day >= m.month AND day < m.month + interval '1 month'
                WHERE workspace_id = %s AND account_id = %s
                GROUP BY 1, 2, 3, 4, 5""",  # noqa: S608
            [months, workspace_id, account_id],
        )
