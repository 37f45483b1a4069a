import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import mops.lib.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0013_index_customers"),
        ("workspaces", "0004_audit_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120)),
                ("before", models.JSONField(null=True)),
                ("digest", models.CharField(max_length=64)),
                ("was_kept", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="ImportReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("raw_id", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="importfile",
            name="tracking_importfile_state",
        ),
        migrations.RemoveIndex(
            model_name="importfile",
            name="tracking_importfile_lease",
        ),
        migrations.AddField(
            model_name="importfile",
            name="consents",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importfile",
            name="ends_consents",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="importfile",
            name="kept",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importfile",
            name="removed",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importfile",
            name="restored",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importfile",
            name="source",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tracking.source"
            ),
        ),
        migrations.AddField(
            model_name="importfile",
            name="unproven",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="importfile",
            name="state",
            field=models.CharField(
                choices=[
                    ("uploaded", "Waiting for the columns"),
                    ("running", "Importing"),
                    ("done", "Imported"),
                    ("failed", "Failed"),
                    ("undoing", "Being undone"),
                    ("undone", "Undone"),
                ],
                default="uploaded",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="importfile",
            index=models.Index(
                condition=models.Q(("state__in", ["running", "undoing"])), fields=["lease_until"], name="tracking_importfile_lease"
            ),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=mops.lib.tenancy.SameWorkspace("source", name="tracking_importfile_source_ws", to="tracking.Source"),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["uploaded", "running", "done", "failed", "undoing", "undone"])),
                name="tracking_importfile_state",
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="imported_rows", to="tracking.importfile"
            ),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="workspace",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
        ),
        migrations.AddField(
            model_name="importreceipt",
            name="file",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="receipts", to="tracking.importfile"),
        ),
        migrations.AddField(
            model_name="importreceipt",
            name="workspace",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
        ),
        migrations.AddIndex(
            model_name="importedrow",
            index=models.Index(fields=["workspace", "key"], name="tracking_importedrow_key"),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_importedrow_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=mops.lib.tenancy.SameWorkspace("file", name="tracking_importedrow_file_ws", to="tracking.ImportFile"),
        ),
        migrations.AddConstraint(
            model_name="importedrow",
            constraint=models.UniqueConstraint(fields=("file", "key"), name="tracking_importedrow_once"),
        ),
        migrations.AddConstraint(
            model_name="importreceipt",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_importreceipt_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="importreceipt",
            constraint=mops.lib.tenancy.SameWorkspace("file", name="tracking_importreceipt_file_ws", to="tracking.ImportFile"),
        ),
    ]
