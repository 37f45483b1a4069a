"""What people ask for by law, the files made for them, and how long each kind of data is kept."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mops.lib.crypto import seal, unseal
from mops.lib.tenancy import SameWorkspace, WorkspaceKey
from tracking.consent_models import HEX


class DataSubjectRequest(models.Model):
    """Somebody asked to see, erase or no longer have used what is known about them. To be answered within a month.

    Once it is answered, nothing of it leads to the person but the blind index of the identifier they named.
    """

    class Kind(models.TextChoices):
        ACCESS = "access", _("Access (Art. 15, 20)")
        ERASURE = "erasure", _("Erasure (Art. 17)")
        OBJECTION = "objection", _("Objection to marketing (Art. 21)")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    class IdentifierKind(models.TextChoices):
        EMAIL = "email", _("E-mail address")
        PHONE = "phone", _("Telephone number")
        USER_ID = "user_id", _("User id or customer number")
        CRM_ID = "crm_id", _("CRM id")
        ANONYMOUS_ID = "anonymous_id", _("Anonymous id")
        DEVICE = "device", _("Device id")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="subject_requests")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("what is asked for"), max_length=10, choices=Kind)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.OPEN)
    identifier_kind = models.CharField(_("known by"), max_length=12, choices=IdentifierKind)
    # what they named, and of an erasure at work all it was found to lead to; emptied when an erasure is done
    sealed_identifier = models.BinaryField(default=b"")
    subject = models.CharField(max_length=HEX)  # its blind index
    proof = models.CharField(_("how the person proved who they are"), max_length=500)
    note = models.CharField(_("note"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("received"))
    due_at = models.DateTimeField(_("due"))
    outcome = models.JSONField(default=dict)  # {"tracking.Event": {"state": "done", "rows": 12}, …}
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.CheckConstraint(condition=models.Q(kind__in=["access", "erasure", "objection"]), name="tracking_request_kind"),
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "running", "done", "refused"]), name="tracking_request_state"
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "due_at"], name="tracking_request_due"),
            models.Index(fields=["workspace", "subject"], name="tracking_request_subject"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def identifier(self) -> str:
        """What the person named, "" once it was erased."""
        return str(self._named.get("identifier", ""))

    @identifier.setter
    def identifier(self, value: str) -> None:
        self.sealed_identifier = seal({"identifier": value}, self._owner)

    @property
    def found(self) -> dict[str, Any]:
        """Whom an erasure found when it began (person.as_lists); {} before that and when it is done."""
        found: dict[str, Any] = self._named.get("found", {})
        return found

    @found.setter
    def found(self, value: dict[str, Any]) -> None:
        self.sealed_identifier = seal(self._named | {"found": value}, self._owner)

    @property
    def _named(self) -> dict[str, Any]:
        return unseal(bytes(self.sealed_identifier), self._owner) if self.sealed_identifier else {}

    @property
    def _owner(self) -> str:
        return f"request:{self.workspace_id}:{self.uuid}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.OPEN, self.State.RUNNING)


class AccessFile(models.Model):
    """The answer to a request for access, as a sealed zip, for the member who made it, for seven days."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    request = models.ForeignKey(DataSubjectRequest, models.CASCADE, related_name="files")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed = models.BinaryField()
    created_by = models.ForeignKey("workspaces.User", models.CASCADE)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [WorkspaceKey(), SameWorkspace("request", to="tracking.DataSubjectRequest")]

    @property
    def owner(self) -> str:
        """For whom the content is sealed (mops.lib.crypto)."""
        return f"access:{self.workspace_id}:{self.uuid}"


class RetentionRule(models.Model):
    """A workspace keeps a kind of data for another time than the default."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="retention_rules")
    kind = models.CharField(max_length=12)  # tracking.rights.declaring.Kept
    days = models.PositiveIntegerField()
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "kind"], name="tracking_retentionrule_once"),
            models.CheckConstraint(condition=models.Q(days__gte=1), name="tracking_retentionrule_days"),
        ]
