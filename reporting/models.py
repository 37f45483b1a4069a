"""What people keep of their dashboards."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from mops.lib.tenancy import SameWorkspace, WorkspaceKey


class SavedView(models.Model):
    """An address of a table under a name: period, comparison, filters, columns, order. Without a member it is everybody's."""

    class Table(models.TextChoices):
        CHANNELS = "channels", _("Channels")
        CAMPAIGNS = "campaigns", _("Platform campaigns")

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey("workspaces.Member", models.CASCADE, null=True, related_name="+")
    table = models.CharField(max_length=10, choices=Table)
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=4000)  # as it stands in the address, without the view itself

    class Meta:
        constraints = [
            WorkspaceKey(),
            SameWorkspace("member", to="workspaces.Member"),
            models.UniqueConstraint(
                "workspace", "table", "member", Lower("name"), name="reporting_savedview_name_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(table__in=["channels", "campaigns"]), name="reporting_savedview_table"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_shared(self) -> bool:
        return self.member_id is None
