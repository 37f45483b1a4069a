"""Segments and their rules by version, who is in them and was, what is to be looked at, builds, sizes by day, RFM, webhooks.

Memberships, touched and due rows are written by SQL over whole sets (`segments.engine`), never row by row through the ORM.
"""

import secrets
import uuid

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey


def new_salt() -> str:
    return secrets.token_hex(8)


class Segment(models.Model):
    """People described by a rule, or listed by hand."""

    class Kind(models.TextChoices):
        RULE = "rule", _("Rule")
        LIST = "list", _("List")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")  # never built
        LIVE = "live", _("Live")  # kept true by every event
        PAUSED = "paused", _("Paused")  # its members stand still
        ARCHIVED = "archived", _("Archived")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="segments")
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=500, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.RULE)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    purpose = models.ForeignKey("tracking.Purpose", models.PROTECT, related_name="+", null=True, verbose_name=_("purpose"))
    version = models.ForeignKey("segments.SegmentVersion", models.PROTECT, related_name="+", null=True)  # whose members are shown
    holdout_percent = models.PositiveSmallIntegerField(_("control group in percent"), default=0, validators=[MaxValueValidator(50)])
    salt = models.CharField(max_length=16, default=new_salt, editable=False)  # draws the control group
    size = models.IntegerField(null=True)  # members now; None = never built
    changed_at = models.DateTimeField(null=True)  # last entry or exit
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("purpose", to="tracking.Purpose"),
            SameWorkspace("version", to="segments.SegmentVersion"),
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=~Q(state="archived"), name="segments_segment_name_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=["rule", "list"]), name="segments_segment_kind"),
            models.CheckConstraint(condition=Q(state__in=["draft", "live", "paused", "archived"]), name="segments_segment_state"),
            models.CheckConstraint(condition=Q(holdout_percent__lte=50), name="segments_segment_holdout"),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """A rule as it was saved; never changed."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField()  # segments.rules
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("segment", to="segments.Segment"),
            models.UniqueConstraint(fields=["segment", "number"], name="segments_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id} v{self.number}"


class Cause(models.TextChoices):
    """Why somebody came in or went out."""

    BUILD = "build", _("Segment built")
    RULE = "rule", _("Rule changed")
    CHANGE = "change", _("Something happened")  # `detail` says which facets
    TIME = "time", _("Time passed")
    LIST = "list", _("List changed")


class Membership(models.Model):
    """Somebody who is in a segment now, since when and why. Leaving turns the row into a PastMembership."""

    pk = models.CompositePrimaryKey("workspace_id", "segment_id", "profile_id")
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="memberships", db_constraint=False, db_index=False)
    profile = models.ForeignKey("tracking.Profile", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    since = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "profile"], name="segments_membership_person"),
            models.Index(fields=["segment", "since"], name="segments_membership_since"),
        ]


class PastMembership(models.Model):
    """A stay that ended."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="past_memberships", db_constraint=False, db_index=False)
    profile = models.ForeignKey("tracking.Profile", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    cause = models.CharField(max_length=10, choices=Cause)  # of coming
    detail = models.CharField(max_length=200, blank=True)
    end_cause = models.CharField(max_length=10, choices=Cause)
    end_detail = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "profile"], name="segments_past_person"),
            models.Index(fields=["segment", "until"], name="segments_past_until"),
        ]


class ListEntry(models.Model):
    """Somebody a member put on a list."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="entries", db_index=False)
    profile = models.ForeignKey("tracking.Profile", models.CASCADE, related_name="+")
    added_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+", db_index=False)
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("segment", to="segments.Segment"),
            SameWorkspace("profile", to="tracking.Profile"),
            models.UniqueConstraint(fields=["segment", "profile"], name="segments_listentry_once"),
        ]


class Touched(models.Model):
    """Somebody whose data changed, written in the transaction that changed it; taken away by the update that looked at them."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    profile_id = models.BigIntegerField()
    facet = models.TextField()  # tracking.changes

    class Meta:
        indexes = [models.Index(fields=["workspace", "id"], name="segments_touched_order")]


class Due(models.Model):
    """The earliest moment after which a rule may say something else of somebody only because time has passed."""

    pk = models.CompositePrimaryKey("workspace_id", "profile_id")
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    profile = models.ForeignKey("tracking.Profile", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="segments_due_at")]


class Build(models.Model):
    """One evaluation of a version over everybody, in the background. The row is the truth, a task only works on it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Failed")

    class Step(models.TextChoices):
        EVALUATE = "evaluate", _("Looking at everybody")
        COMPARE = "compare", _("Comparing with the members")
        WRITE = "write", _("Writing the difference")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="builds")
    version = models.ForeignKey(SegmentVersion, models.CASCADE, related_name="builds", null=True)  # None: a list
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    step = models.CharField(max_length=10, choices=Step, blank=True)
    cause = models.CharField(max_length=10, choices=Cause, default=Cause.BUILD)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    backend_pid = models.IntegerField(null=True)  # of the connection to interrupt
    is_cancelled = models.BooleanField(default=False)  # somebody asked for it
    expected_ms = models.IntegerField(null=True)
    expected_size = models.IntegerField(null=True)
    size = models.IntegerField(null=True)
    entered = models.IntegerField(null=True)
    left = models.IntegerField(null=True)
    error = models.TextField(blank=True)
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("segment", to="segments.Segment"),
            models.UniqueConstraint(
                fields=["segment"], condition=Q(state__in=["queued", "running"]), name="segments_build_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "done", "cancelled", "failed"]), name="segments_build_state"
            ),
        ]
        indexes = [models.Index(fields=["lease_until"], name="segments_build_open", condition=Q(state__in=["queued", "running"]))]

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at and self.started_at else None

    @property
    def expected_seconds(self) -> float | None:
        return None if self.expected_ms is None else self.expected_ms / 1000


class Missed(models.Model):
    """Somebody whose change was looked at while a build ran: the build looks at them again before it ends."""

    build = models.ForeignKey(Build, models.CASCADE, related_name="missed", db_constraint=False, db_index=False)
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    profile_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["build"], name="segments_missed_build")]


class SegmentDay(models.Model):
    """A segment at the end of a day of the workspace's zone."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    size = models.IntegerField()
    entered = models.IntegerField()
    left = models.IntegerField()

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("segment", to="segments.Segment"),
            models.UniqueConstraint(fields=["segment", "day"], name="segments_segmentday_once"),
        ]


class Flag(models.Model):
    """Something odd about a segment, with what to do about it; closed by itself when it is over, or by a member."""

    class Kind(models.TextChoices):
        EMPTY = "empty", _("Nobody is in it")
        GREW = "grew", _("Grew tenfold overnight")
        NO_LIFT = "no_lift", _("Shows no lift")
        FAILED = "failed", _("Could not be computed")
        CORRECTED = "corrected", _("Members were wrong and were corrected")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=10, choices=Kind)
    figures = models.JSONField(default=dict)  # the numbers its text shows
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("segment", to="segments.Segment"),
            models.UniqueConstraint(fields=["segment", "kind"], condition=Q(closed_at=None), name="segments_flag_once"),
        ]


class RfmScore(models.Model):
    """Recency, frequency and monetary quintile (5 = best) of a buyer in a month, by the orders of the 24 months before its end."""

    pk = models.CompositePrimaryKey("workspace_id", "month", "profile_id")
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    profile = models.ForeignKey("tracking.Profile", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    month = models.DateField()  # its first day; the current month's row is renewed all the time
    recency = models.SmallIntegerField()
    frequency = models.SmallIntegerField()
    monetary = models.SmallIntegerField()
    group = models.CharField(max_length=20)  # segments.rfm.groups

    class Meta:
        indexes = [models.Index(fields=["workspace", "profile", "month"], name="segments_rfm_person")]


class Endpoint(models.Model):
    """Where a segment's entries and exits are sent: a webhook after the Standard Webhooks specification."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        FAILING = "failing", _("Failing")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=80)
    url = models.URLField(_("address"), max_length=500)
    sealed_secret = models.BinaryField()
    segments = models.ManyToManyField(Segment, related_name="endpoints", through="EndpointSegment")
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "name"], name="segments_endpoint_name_once"),
            models.CheckConstraint(condition=Q(state__in=["active", "paused", "failing"]), name="segments_endpoint_state"),
        ]

    def __str__(self) -> str:
        return self.name


class EndpointSegment(models.Model):
    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="+")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("endpoint", to="segments.Endpoint"),
            SameWorkspace("segment", to="segments.Segment"),
            models.UniqueConstraint(fields=["endpoint", "segment"], name="segments_endpointsegment_once"),
        ]


class Delivery(models.Model):
    """One message to an endpoint: some entries or exits of one segment. Tried with growing pauses, kept when given up."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        DEAD = "dead", _("Given up")
        NOBODY = "nobody", _("Nobody consented")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, related_name="deliveries")
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="+")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)  # the message's id: receivers know repetitions by it
    event = models.CharField(max_length=10, choices=[("entered", _("Entered")), ("left", _("Left"))])
    profiles = models.JSONField()  # [profile id, …], at most 100
    at = models.DateTimeField()  # of the change
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()
    status = models.IntegerField(null=True)  # of the last answer
    error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("endpoint", to="segments.Endpoint"),
            SameWorkspace("segment", to="segments.Segment"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "dead", "nobody"]), name="segments_delivery_state"
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="segments_delivery_due", condition=Q(state="waiting")),
            models.Index(fields=["endpoint", "-id"], name="segments_delivery_endpoint"),
        ]
