"""Files people upload: on their way, what became of their rows, and what it takes to take them back."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey


class ColumnMapping(models.Model):
    """A saved answer to "which column is what" for files with these headers."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="column_mappings")
    kind = models.CharField(max_length=20, default="orders")
    headers = models.JSONField()  # as read from the file, in order
    columns = models.JSONField()  # {"order_id": "Bestellnummer", …}
    options = models.JSONField(default=dict)  # decimal sign, date format, zone, currency, further columns …
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            models.UniqueConstraint(fields=["workspace", "kind", "headers"], name="tracking_mapping_once"),
        ]


class ImportFile(models.Model):
    """An uploaded file on its way: its columns, how far it is read, and what became of its rows.

    The row is the truth, a task only works on it: a file whose lease ran out is taken up again where it stopped.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Waiting for the columns")
        RUNNING = "running", _("Importing")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="import_files")
    kind = models.CharField(max_length=20, default="orders")  # a key of tracking.imports.kinds
    source = models.ForeignKey("tracking.Source", models.SET_NULL, null=True, related_name="+", db_index=False)  # of events
    name = models.CharField(max_length=200)
    content = models.BinaryField()  # deleted after the import
    headers = models.JSONField(default=list)  # as read from the file
    columns = models.JSONField(default=dict)  # {"order_id": "Bestellnummer", …}
    options = models.JSONField(default=dict)  # decimal sign, date format, zone, currency, further columns …
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    lease_until = models.DateTimeField(null=True)  # who works on it answers until then
    rows = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    corrected = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    consents = models.PositiveIntegerField(default=0)  # proven ones, written to the ledger
    unproven = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)  # by the undo; so are the next two
    restored = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # changed by somebody else since
    ends_consents = models.BooleanField(default=False)  # the undo ends the consents the file brought
    error_message = models.TextField(blank=True)
    created_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("source", to="tracking.Source"),
            models.CheckConstraint(
                condition=Q(state__in=["uploaded", "running", "done", "failed", "undoing", "undone"]),
                name="tracking_importfile_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"], name="tracking_importfile_lease", condition=Q(state__in=["running", "undoing"])
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def as_stored(self, cells: Sequence[Any]) -> list[str]:
        """Cells of a line as JSON of the database takes them: a sheet may hold halves of characters, or a book in a cell."""
        return [str(cell).replace("\0", "").encode(errors="replace").decode()[:CELL] for cell in cells]


CELL = 32_767  # characters, as many as a spreadsheet takes


class RefusedRow(models.Model):
    """A row of an imported file that was not taken, as it stood there, and why."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="refused_rows")
    line = models.PositiveIntegerField()  # as an editor or a spreadsheet counts
    reason = models.CharField(max_length=500)
    cells = models.JSONField()  # list[str], in the file's column order

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("file", to="tracking.ImportFile"),
            models.UniqueConstraint(fields=["file", "line"], name="tracking_refusedrow_once"),
        ]

    @property
    def filled(self) -> list[str]:
        return [cell for cell in self.cells if cell.strip()]


class ImportedRow(models.Model):
    """An order or refund a file wrote: how it stood before and what it became, so that exactly this can be taken back."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="imported_rows")
    key = models.CharField(max_length=120)  # order id or refund id
    before = models.JSONField(null=True)  # its values; None = it was not there
    digest = models.CharField(max_length=64)  # of its values after the import: differs once somebody else changed them
    was_kept = models.BooleanField(default=False)  # by an undo, because somebody else changed it

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("file", to="tracking.ImportFile"),
            models.UniqueConstraint(fields=["file", "key"], name="tracking_importedrow_once"),
        ]
        indexes = [models.Index(fields=["workspace", "key"], name="tracking_importedrow_key")]


class ImportReceipt(models.Model):
    """A receipt of the collector that came out of a file: the way to its events while they are kept."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+")
    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="receipts")
    raw_id = models.BigIntegerField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [WorkspaceKey(), SameWorkspace("file", to="tracking.ImportFile")]
