"""What the team plans: campaigns over several channels, the platform campaigns that run them, and budgets."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from mops.lib.tenancy import SameWorkspace, WorkspaceKey


class Campaign(models.Model):
    """A campaign as the team means it, over any number of channels and platform campaigns."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        FINISHED = "finished", _("Finished")
        ARCHIVED = "archived", _("Archived")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="campaigns")
    name = models.CharField(_("name"), max_length=200)
    objective = models.CharField(_("objective"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    starts_on = models.DateField(_("start"), null=True, blank=True)
    ends_on = models.DateField(_("end"), null=True, blank=True)
    owner = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, blank=True, verbose_name=_("owner"))
    target_roas = models.DecimalField(_("target ROAS"), max_digits=8, decimal_places=2, null=True, blank=True)
    target_cpa = models.DecimalField(_("target CPA"), max_digits=12, decimal_places=2, null=True, blank=True)
    name_rule = models.CharField(_("name rule"), max_length=200, blank=True)  # text that platform names contain, * as wildcard
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "name"], name="campaigns_campaign_once"),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(starts_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaigns_campaign_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CampaignLink(models.Model):
    """A platform campaign belongs to at most one campaign, so that spend is never counted twice."""

    class Origin(models.TextChoices):
        MANUAL = "manual", _("By hand")
        RULE = "rule", _("By name rule")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="links")
    platform_campaign = models.OneToOneField("channels.PlatformCampaign", models.CASCADE, related_name="campaign_link")
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.MANUAL)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("campaign", to="campaigns.Campaign"),
            SameWorkspace("platform_campaign", to="channels.PlatformCampaign"),
        ]


class Budget(models.Model):
    """Planned spend of a month in a channel, in the workspace's currency; without campaign: of the whole channel."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="budgets")
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="budgets", null=True, blank=True)
    channel = models.CharField(_("channel"), max_length=20, choices=channel_choices)
    month = models.DateField(_("month"))  # its first day
    planned = models.DecimalField(_("plan"), max_digits=18, decimal_places=2)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("campaign", to="campaigns.Campaign"),
            models.UniqueConstraint(
                fields=["workspace", "campaign", "channel", "month"], name="campaigns_budget_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(planned__gte=0), name="campaigns_budget_positive"),
        ]
