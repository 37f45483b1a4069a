"""Conversion goals as marketers define them, the conversions they count, and the contact every visit is."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.taxonomy import channel_choices
from mops.lib.tenancy import SameWorkspace, WorkspaceKey


class Goal(models.Model):
    """An event that counts as success: its name, conditions on its properties, how often it counts and what it is worth."""

    class Kind(models.TextChoices):
        TRACK = "track", _("An event")
        PAGE = "page", _("A page view")

    class Counting(models.TextChoices):
        ALWAYS = "always", _("Every time")
        SESSION = "session", _("Once per visit")
        PERSON = "person", _("Once per person")

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="goals")
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("What happens"), max_length=10, choices=Kind, default=Kind.TRACK)
    event = models.CharField(_("event name"), max_length=255, blank=True)  # "" = any page view
    conditions = models.JSONField(default=list)  # [{"property", "operator", "value"}], see tracking.goals.conditions
    counting = models.CharField(_("counts"), max_length=10, choices=Counting, default=Counting.ALWAYS)
    value_property = models.CharField(_("property with the value"), max_length=100, blank=True)
    default_value = models.DecimalField(_("value otherwise"), max_digits=12, decimal_places=2, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "name"], name="tracking_goal_name_once"),
            models.CheckConstraint(condition=models.Q(state__in=["active", "archived"]), name="tracking_goal_state"),
            models.CheckConstraint(condition=models.Q(kind="page") | ~models.Q(event=""), name="tracking_goal_event"),
        ]

    def __str__(self) -> str:
        return self.name


class Conversion(models.Model):
    """A counted event of a goal. Written by `tracking.goals.computing` only; a day computed again changes nothing."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    goal = models.ForeignKey(Goal, models.CASCADE, related_name="conversions")
    message_id = models.TextField()  # of its event
    session_id = models.UUIDField(null=True)
    visitor = models.TextField()
    profile_id = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    day = models.DateField()  # in the workspace's zone
    channel = models.CharField(max_length=20, choices=channel_choices)  # of its visit
    value = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("goal", to="tracking.Goal"),
            models.UniqueConstraint(fields=["goal", "message_id"], name="tracking_conversion_once"),
        ]
        indexes = [
            models.Index(fields=["goal", "day", "channel"], name="tracking_conversion_day"),
            models.Index(fields=["goal", "visitor"], name="tracking_conversion_visitor"),
        ]


class Touchpoint(models.Model):
    """The contact a visit is: its channel and, where that can be told, the platform campaign that brought it."""

    class MatchedBy(models.TextChoices):
        UTM_ID = "utm_id", _("utm_id")
        CLICK_ID = "click_id", _("Click id")
        NAME = "name", _("Campaign name")
        NOTHING = "", _("Not matched")

    session = models.OneToOneField(  # visits are replaced by SQL, and their touchpoints with the next computation of the day
        "tracking.Session", models.DO_NOTHING, related_name="touchpoint", primary_key=True, db_constraint=False
    )
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    visitor = models.TextField()
    profile_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    day = models.DateField()  # in the workspace's zone
    channel = models.CharField(max_length=20, choices=channel_choices)
    utm_campaign = models.CharField(max_length=500, blank=True)
    click_id = models.CharField(max_length=500, blank=True)
    platform_campaign = models.ForeignKey("channels.PlatformCampaign", models.CASCADE, related_name="+", null=True)
    matched_by = models.CharField(max_length=10, choices=MatchedBy, blank=True)

    class Meta:
        constraints = [SameWorkspace("platform_campaign", to="channels.PlatformCampaign")]
        indexes = [
            models.Index(fields=["workspace", "visitor", "at"], name="tracking_touchpoint_visitor"),
            models.Index(fields=["workspace", "day", "channel"], name="tracking_touchpoint_day"),
            models.Index(fields=["workspace", "click_id"], name="tracking_touchpoint_click", condition=~models.Q(click_id="")),
        ]


class ChangedDay(models.Model):
    """A day whose events or goals changed since it was computed. Rows are only added and taken away, never shared."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    day = models.DateField()
