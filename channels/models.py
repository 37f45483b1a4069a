"""What is connected: credentials, ad accounts and the campaigns, ad groups and ads the platforms know.

The pulled numbers stand in `channels.facts`, the record of pulling in `channels.sync_models`.
"""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.connectors import PLATFORMS
from channels.connectors.base import ErrorKind
from channels.taxonomy import channel_choices
from channels.told import ToldField
from mops.lib import crypto
from mops.lib.tenancy import SameWorkspace, WorkspaceKey
from workspaces.models import User, Workspace


def platform_choices() -> list[tuple[str, str]]:
    return [(platform.key, platform.label) for platform in PLATFORMS.values()]


def error_kinds() -> list[tuple[str, str]]:
    return [(kind.value, kind.name) for kind in ErrorKind]


class Connection(models.Model):
    """One credential at one platform. The credential itself is sealed and never shown again."""

    class State(models.TextChoices):
        CONNECTED = "connected", _("Connected")
        EXPIRING = "expiring", _("Expires soon")
        REAUTH = "reauth_required", _("Reconnect needed")
        ERROR = "error", _("Error")
        PAUSED = "paused", _("Paused")
        DISCONNECTED = "disconnected", _("Disconnected")  # credential wiped, data kept

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="connections")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    platform = models.CharField(_("platform"), max_length=20, choices=platform_choices)
    name = models.CharField(_("name"), max_length=120)
    sealed_credentials = models.BinaryField()
    state = models.CharField(max_length=20, choices=State, default=State.CONNECTED)
    identity = models.CharField(max_length=200, blank=True)  # whose token it is, as the platform tells
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    error_kind = models.CharField(max_length=12, choices=error_kinds, blank=True)
    error_message = ToldField(blank=True)
    checked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.CheckConstraint(
                condition=models.Q(state__in=["connected", "expiring", "reauth_required", "error", "paused", "disconnected"]),
                name="channels_connection_state",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner(self) -> str:
        """What the credential is sealed for: it does not open in another row or workspace."""
        return f"connection:{self.workspace_id}:{self.uuid}"

    @property
    def credentials(self) -> dict[str, str]:
        return crypto.unseal(bytes(self.sealed_credentials), self.owner)

    @credentials.setter
    def credentials(self, values: dict[str, str]) -> None:
        self.sealed_credentials = crypto.seal(values, self.owner)


class AdAccount(models.Model):
    """An account (or analytics property) seen by a connection; pulled only when `selected`."""

    workspace = models.ForeignKey(
        Workspace, models.CASCADE, related_name="ad_accounts", db_index=False
    )  # the workspace key begins with it
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="accounts")
    platform = models.CharField(max_length=20, choices=platform_choices)
    external_id = models.CharField(max_length=40)
    manager_id = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    time_zone = models.CharField(max_length=50)
    selected = models.BooleanField(default=False)
    goal = models.CharField(max_length=80, blank=True)  # Meta: the one action type that counts as conversion
    error_kind = models.CharField(max_length=12, choices=error_kinds, blank=True)  # permission: this account only
    error_message = ToldField(blank=True)
    last_success_at = models.DateTimeField(null=True)
    quota = models.JSONField(default=dict)  # as the platform said last: {"used": …, "limit": …, "remaining": …}
    blocked_until = models.DateTimeField(null=True)  # rate limit: no call before
    backfilled_from = models.DateField(null=True)  # first day the backfill was planned for
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("connection", to="channels.Connection"),
            models.UniqueConstraint(fields=["workspace", "platform", "external_id"], name="channels_adaccount_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PlatformEntity(models.Model):
    """What campaigns, ad groups and ads share. Names change over time (EntityName); the external id does not."""

    class Status(models.TextChoices):
        ENABLED = "enabled", _("Active")
        PAUSED = "paused", _("Paused")
        REMOVED = "removed", _("Removed")

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)  # the workspace key begins with it
    account = models.ForeignKey(AdAccount, models.CASCADE, related_name="%(class)ss")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=500)
    status = models.CharField(max_length=10, choices=Status, default=Status.ENABLED)
    first_seen_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class PlatformCampaign(PlatformEntity):
    channel = models.CharField(_("channel"), max_length=20, choices=channel_choices)
    channel_is_manual = models.BooleanField(default=False)  # a person classified it: pulls leave it alone

    class Meta:
        constraints = [
            WorkspaceKey(),
            WorkspaceKey(within="account"),
            SameWorkspace("account", to="channels.AdAccount"),
            models.UniqueConstraint(fields=["account", "external_id"], name="channels_campaign_once"),
        ]


class AdGroup(PlatformEntity):
    campaign = models.ForeignKey(PlatformCampaign, models.CASCADE, related_name="ad_groups")

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("campaign", to="channels.PlatformCampaign"),
            models.UniqueConstraint(fields=["account", "external_id"], name="channels_adgroup_once"),
        ]


class Ad(PlatformEntity):
    ad_group = models.ForeignKey(AdGroup, models.CASCADE, related_name="ads")

    class Meta:
        constraints = [
            WorkspaceKey(within="account"),
            SameWorkspace("account", to="channels.AdAccount"),
            SameWorkspace("ad_group", to="channels.AdGroup"),
            models.UniqueConstraint(fields=["account", "external_id"], name="channels_ad_once"),
        ]


class EntityName(models.Model):
    """The names an entity has had, by the day they were first seen."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    level = models.CharField(max_length=10, choices=[("campaign", "campaign"), ("ad_group", "ad_group"), ("ad", "ad")])
    entity_id = models.BigIntegerField()
    name = models.CharField(max_length=500)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["level", "entity_id", "-seen_at"], name="channels_entityname_latest")]


class FxRate(models.Model):
    """Units of `currency` for one euro on `day` (ECB reference rate; weekends carry the last one)."""

    pk = models.CompositePrimaryKey("currency", "day")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    is_carried = models.BooleanField(default=False)  # no publication that day: the last published rate

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(rate__gt=0), name="channels_fxrate_positive")]


from channels.facts import AdDailyStat, AdDailyStatHistory, DailyStat, DailyStatHistory  # noqa: E402
from channels.rollups import AccountDay, AccountMonth, CampaignMonth, ChannelDay  # noqa: E402
from channels.sync_models import Coverage, SyncRun  # noqa: E402

__all__ = [
    "AccountDay", "AccountMonth", "Ad", "AdAccount", "AdDailyStat", "AdDailyStatHistory", "AdGroup", "CampaignMonth", "ChannelDay",
    "Connection", "Coverage", "DailyStat", "DailyStatHistory", "EntityName", "FxRate", "PlatformCampaign", "PlatformEntity",
    "SyncRun",
]  # fmt: skip
