"""The pulled numbers: one row per account day, campaign (or ad) and attribution window, and every earlier version of it.

Totals come from the campaign level (`DailyStat`): Performance Max has no ads. `AdDailyStat` is for the drill-down only.
Rows are written by `channels.swap` alone. `observed_at` is when this version of the number was first seen; a version
that was replaced moves to the history with `replaced_at`, so that "as of" any instant can be read:
current rows with observed_at <= T, and history rows with observed_at <= T < replaced_at.
"""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.connectors.base import DEFAULT_WINDOW
from mops.lib.tenancy import SameWorkspace

MEASURES = (
    "impressions", "clicks", "spend", "conversions", "conversions_value", "view_through_conversions",
    "sessions", "engaged_sessions",
)  # fmt: skip


def _amount() -> "models.DecimalField[Decimal | int, Decimal]":
    return models.DecimalField(max_digits=18, decimal_places=6, default=0)


class Measures(models.Model):
    """What is counted. Money in the account's currency; delivery only in rows of the default window."""

    impressions = models.BigIntegerField(default=0)
    clicks = models.BigIntegerField(default=0)
    spend = _amount()
    conversions = _amount()
    conversions_value = _amount()
    view_through_conversions = _amount()
    sessions = models.BigIntegerField(default=0)
    engaged_sessions = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class Fact(Measures):
    """A measured day of something in one attribution window; keys are checked by SameWorkspace."""

    workspace = models.ForeignKey("workspaces.Workspace", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey("channels.AdAccount", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    day = models.DateField(_("day"))  # the account's own day, never shifted
    campaign = models.ForeignKey("channels.PlatformCampaign", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    attribution_window = models.CharField(max_length=20, default=DEFAULT_WINDOW)
    run = models.ForeignKey("channels.SyncRun", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    observed_at = models.DateTimeField()

    class Meta:
        abstract = True


class DailyStat(Fact):
    pk = models.CompositePrimaryKey("workspace_id", "account_id", "day", "campaign_id", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("campaign", to="channels.PlatformCampaign", within="account")]
        indexes = [models.Index(fields=["workspace", "campaign", "day"], name="channels_dailystat_campaign")]


class AdDailyStat(Fact):
    ad = models.ForeignKey("channels.Ad", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    pk = models.CompositePrimaryKey("workspace_id", "account_id", "day", "ad_id", "attribution_window")

    class Meta:
        constraints = [SameWorkspace("ad", to="channels.Ad", within="account")]
        indexes = [models.Index(fields=["workspace", "campaign", "day"], name="channels_addailystat_campaign")]


class History(Fact):
    """A version of a number that was true from `observed_at` until `replaced_at` (restated or vanished then)."""

    replaced_at = models.DateTimeField()
    replaced_by = models.ForeignKey("channels.SyncRun", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        abstract = True


class DailyStatHistory(History):
    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]
        indexes = [models.Index(fields=["workspace", "account", "day", "replaced_at"], name="channels_dailystat_asof")]


class AdDailyStatHistory(History):
    ad = models.ForeignKey("channels.Ad", models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]
        indexes = [models.Index(fields=["workspace", "account", "day", "replaced_at"], name="channels_addailystat_asof")]
