import django.db.models.deletion
from django.db import migrations, models

import mops.lib.tenancy


class Migration(migrations.Migration):
    dependencies = [("tracking", "0014_import_kinds")]

    operations = [
        migrations.CreateModel(
            name="BannerChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=64)),
                ("said", models.JSONField()),
                ("told_at", models.DateTimeField()),
                ("given_at", models.DateTimeField()),
                ("is_dated", models.BooleanField()),
                ("is_last", models.BooleanField()),
                ("proof", models.JSONField(default=dict)),
                ("noted_at", models.DateTimeField(null=True)),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["workspace", "subject"], name="tracking_bannerchoice_browser"),
                    models.Index(
                        condition=models.Q(("noted_at", None)), fields=["workspace", "id"], name="tracking_bannerchoice_waiting"
                    ),
                ],
                "constraints": [mops.lib.tenancy.WorkspaceKey(name="tracking_bannerchoice_workspace_key")],
            },
        ),
    ]
