"""What was spent, in the workspace's currency: per month and channel, for the whole workspace or one campaign.

Each day is converted at its own ECB rate: spend / rate(account's currency) x rate(workspace's). Where a rate is missing
the sum is unknown (None), never too small.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from mops.lib.period import Period
from workspaces.models import Workspace

Spend = dict[tuple[date, str], Decimal | None]  # (first of month, channel) → spend, None where a rate is missing

# Rates are units of a currency for one euro, so the euro's own is 1.
FACTOR = """(CASE WHEN account.currency = %(target)s THEN 1 ELSE
    (CASE %(target)s WHEN 'EUR' THEN 1 ELSE target.rate END)
    / (CASE account.currency WHEN 'EUR' THEN 1 ELSE source.rate END) END)"""
SUM = f"""CASE WHEN bool_or(stat.spend <> 0 AND {FACTOR} IS NULL) THEN NULL
    ELSE round(sum(stat.spend * {FACTOR}), 6) END"""
RATES = """
    LEFT JOIN channels_fxrate AS source ON source.currency = account.currency AND source.day = stat.day
    LEFT JOIN channels_fxrate AS target ON target.currency = %(target)s AND target.day = stat.day"""
OF_PERIOD = """stat.workspace_id = %(workspace)s AND stat.day >= %(since)s AND stat.day < %(until)s
    AND stat.attribution_window = 'default'"""
OF_LINKS = f"""
    campaigns_campaignlink AS link
    JOIN channels_platformcampaign AS platform ON platform.id = link.platform_campaign_id
    JOIN channels_dailystat AS stat ON stat.workspace_id = link.workspace_id AND stat.campaign_id = platform.id
    JOIN channels_adaccount AS account ON account.id = stat.account_id {RATES}"""

BY_CHANNEL = f"""
    SELECT date_trunc('month', stat.day)::date, stat.channel, {SUM}
    FROM channels_accountday AS stat JOIN channels_adaccount AS account ON account.id = stat.account_id {RATES}
    WHERE {OF_PERIOD} GROUP BY 1, 2"""  # noqa: S608  made of constants and placeholders
BY_CHANNEL_OF_CAMPAIGN = f"""
    SELECT date_trunc('month', stat.day)::date, platform.channel, {SUM}
    FROM {OF_LINKS} WHERE {OF_PERIOD} AND link.campaign_id = %(campaign)s GROUP BY 1, 2"""  # noqa: S608
BY_CAMPAIGN = f"SELECT link.campaign_id, {SUM} FROM {OF_LINKS} WHERE {OF_PERIOD} GROUP BY 1"  # noqa: S608
BY_PLATFORM_CAMPAIGN = f"""
    SELECT stat.campaign_id, {SUM}
    FROM channels_dailystat AS stat JOIN channels_adaccount AS account ON account.id = stat.account_id {RATES}
    WHERE {OF_PERIOD} AND stat.campaign_id = ANY(%(ids)s) GROUP BY 1"""  # noqa: S608


def spend_by_channel(workspace: Workspace, period: Period, campaign_id: int | None = None) -> Spend:
    """Spend per (month, channel) in `period`, of one own campaign if given. No entry = no rows."""
    rows = _rows(BY_CHANNEL_OF_CAMPAIGN if campaign_id else BY_CHANNEL, workspace, period, campaign=campaign_id)
    return {(month, channel): spend for month, channel, spend in rows}


def spend_by_campaign(workspace: Workspace, period: Period) -> dict[int, Decimal | None]:
    """Spend of each own campaign's platform campaigns in `period`."""
    return dict(_rows(BY_CAMPAIGN, workspace, period))


def spend_by_platform_campaign(workspace: Workspace, period: Period, ids: list[int]) -> dict[int, Decimal | None]:
    """Spend of these platform campaigns in `period`."""
    return dict(_rows(BY_PLATFORM_CAMPAIGN, workspace, period, ids=ids))


def _rows(statement: str, workspace: Workspace, period: Period, **values: Any) -> list[tuple[Any, ...]]:
    params: dict[str, Any] = {"workspace": workspace.pk, "target": workspace.currency, "since": period.since, "until": period.until}
    with connection.cursor() as cursor:
        cursor.execute(statement, params | values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
