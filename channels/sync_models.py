"""The record of pulling: runs (intent, lease, outcome) and which account days are covered."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels.told import ToldField
from mops.lib.period import Period
from mops.lib.tenancy import SameWorkspace, WorkspaceKey


class SyncRun(models.Model):
    """One window of one report of one account, to be pulled. The row is the truth; Celery only carries its id."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Kind(models.TextChoices):
        HOURLY = "hourly", _("Today and yesterday")
        LOOK_BACK = "look_back", _("Look-back")
        BACKFILL = "backfill", _("Backfill")
        MANUAL = "manual", _("On request")

    PRIORITY = {Kind.MANUAL: 0, Kind.HOURLY: 1, Kind.LOOK_BACK: 2, Kind.BACKFILL: 3}

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="sync_runs")
    account = models.ForeignKey("channels.AdAccount", models.CASCADE, related_name="sync_runs")
    report = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind)
    since = models.DateField()
    until = models.DateField()  # half-open
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    priority = models.PositiveSmallIntegerField(default=1)
    run_after = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0)  # the fence: only the newest attempt may finish
    failures = models.PositiveSmallIntegerField(default=0)  # breaks in a row; waiting for quota or a person is none
    lease_until = models.DateTimeField(null=True)
    requests = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    inserted = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    flags = models.JSONField(default=dict)
    api_version = models.CharField(max_length=20, blank=True)
    error_kind = models.CharField(max_length=12, blank=True)
    error_message = ToldField(blank=True)
    error_code = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("account", to="channels.AdAccount"),
            models.UniqueConstraint(
                fields=["account", "report", "since", "until"], name="channels_syncrun_open_once",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.CheckConstraint(condition=models.Q(since__lt=models.F("until")), name="channels_syncrun_window"),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "done", "failed", "cancelled"]), name="channels_syncrun_state"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["priority", "run_after"], name="channels_syncrun_due", condition=models.Q(state="queued")),
            models.Index(fields=["lease_until"], name="channels_syncrun_lease", condition=models.Q(state="running")),
            models.Index(fields=["account", "-created_at"], name="channels_syncrun_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.since} … {self.until}"

    @property
    def window(self) -> Period:
        return Period(self.since, self.until)

    @property
    def seconds(self) -> float | None:
        """How long the last attempt took; None while it is under way."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at and self.started_at else None


class Coverage(models.Model):
    """A pulled day of an account: zero rows here is a zero, no row here is missing."""

    pk = models.CompositePrimaryKey("workspace_id", "account_id", "report", "day")
    workspace = models.ForeignKey("workspaces.Workspace", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    account = models.ForeignKey("channels.AdAccount", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    report = models.CharField(max_length=20)
    day = models.DateField()
    pulled_at = models.DateTimeField()
    run = models.ForeignKey(SyncRun, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False)
    rows = models.PositiveIntegerField()
    is_final = models.BooleanField(default=False)  # pulled after the platform's restating was over

    class Meta:
        constraints = [SameWorkspace("account", to="channels.AdAccount")]
