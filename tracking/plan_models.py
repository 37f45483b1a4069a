"""The tracking plan, version by version, what broke it, and what is counted of every stored event for the quality score.

The counts are written by SQL at the end of the ingest transaction (`tracking.plan.counting`), so that they count every
event exactly once. Days are UTC days of reception, as in the collector's ledger.
"""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey

NAME_LENGTH = 255  # of an event, as the collector takes it
PROPERTY_LENGTH = 120
RELEASE_LENGTH = 60


class PlanVersion(models.Model):
    """The whole plan as it was from one change to the next. The newest number counts; the database refuses to change one."""

    class Origin(models.TextChoices):
        FORM = "form", _("Edited")
        IMPORT = "import", _("Imported")
        PROPOSAL = "proposal", _("Taken from the events seen")
        RESTORED = "restored", _("Brought back")
        API = "api", _("API")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="plan_versions")
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the workspace
    events = models.JSONField()  # [{"type", "name", "owner", "description", "schema", "order"}], see tracking.plan.schema
    origin = models.CharField(max_length=10, choices=Origin, default=Origin.FORM)
    changes = models.JSONField(default=list)  # [["added" | "changed" | "removed", "Order Completed"], …]
    made_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "number"], name="tracking_planversion_once"),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="tracking_planversion_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class PlanViolation(models.Model):
    """How often the events of a source, release and day broke one rule of one version of the plan. No value is kept."""

    class Kind(models.TextChoices):
        UNKNOWN_EVENT = "event", _("Unknown event")
        MISSING = "missing", _("Required property missing")
        WRONG_TYPE = "type", _("Wrong type")
        WRONG_VALUE = "value", _("Value not allowed")
        UNKNOWN_PROPERTY = "property", _("Unknown property")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    source = models.ForeignKey("tracking.Source", models.CASCADE, related_name="+", db_constraint=False)
    version = models.ForeignKey(PlanVersion, models.CASCADE, related_name="+")
    day = models.DateField()
    release = models.CharField(max_length=RELEASE_LENGTH, blank=True)  # "" = the sender names none
    event = models.CharField(max_length=NAME_LENGTH, blank=True)  # name of a tracked event, else its type; "" = too many to name
    kind = models.CharField(max_length=10, choices=Kind)
    property = models.CharField(max_length=PROPERTY_LENGTH, blank=True)  # path: "total", "products[].price"
    number = models.PositiveBigIntegerField()  # of events
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("source", to="tracking.Source"),
            SameWorkspace("version", to="tracking.PlanVersion"),
            models.UniqueConstraint(
                fields=["source", "day", "version", "event", "kind", "property", "release"], name="tracking_planviolation_once"
            ),
        ]
        indexes = [models.Index(fields=["workspace", "day"], name="tracking_planviolation_day")]


class Ticket(models.Model):
    """A broken rule, handed to those who can mend it. Whether it still happens is read from the counts and never stored."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()  # 1, 2, 3 … within the workspace
    source = models.ForeignKey("tracking.Source", models.CASCADE, related_name="+", db_constraint=False)
    event = models.CharField(max_length=NAME_LENGTH)  # these three as in PlanViolation
    kind = models.CharField(max_length=10, choices=PlanViolation.Kind)
    property = models.CharField(max_length=PROPERTY_LENGTH, blank=True)
    note = models.TextField(blank=True)
    sent_to = models.EmailField(blank=True)  # "" = handed over by hand
    sent_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # null = open

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("source", to="tracking.Source"),
            models.UniqueConstraint(fields=["workspace", "number"], name="tracking_ticket_number"),
            models.UniqueConstraint(
                fields=["source", "event", "kind", "property"], condition=models.Q(closed_at=None), name="tracking_ticket_once_open"
            ),
            models.CheckConstraint(condition=models.Q(number__gt=0), name="tracking_ticket_number_positive"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class QualityDay(models.Model):
    """What was counted of the events stored of one source and release on one day."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    source = models.ForeignKey("tracking.Source", models.CASCADE, related_name="+", db_constraint=False)
    day = models.DateField()
    release = models.CharField(max_length=RELEASE_LENGTH, blank=True)
    events = models.PositiveBigIntegerField()
    checked = models.PositiveBigIntegerField()  # the plan says something about them
    invalid = models.PositiveBigIntegerField()  # of those checked
    grounded = models.PositiveBigIntegerField()  # carry consent, or their source names a legal basis
    identified = models.PositiveBigIntegerField()  # belong to a profile
    late = models.PositiveBigIntegerField()  # came more than a day after they happened
    tagged = models.PositiveBigIntegerField()  # bring at least one utm parameter
    tagged_whole = models.PositiveBigIntegerField()  # of those tagged: source, medium and campaign
    last_at = models.DateTimeField()  # newest reception

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("source", to="tracking.Source"),
            models.UniqueConstraint(fields=["source", "day", "release"], name="tracking_qualityday_once"),
            models.CheckConstraint(
                condition=models.Q(checked__lte=models.F("events"), invalid__lte=models.F("checked"),
                                   tagged_whole__lte=models.F("tagged")),
                name="tracking_qualityday_parts",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["workspace", "day"], name="tracking_qualityday_day")]
