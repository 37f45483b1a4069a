import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import channels.taxonomy
import mops.lib.tenancy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("channels", "0001_initial"),
        ("workspaces", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="campaigns", to="workspaces.workspace"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("objective", models.CharField(blank=True, max_length=300, verbose_name="objective")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("finished", "Finished"),
                            ("archived", "Archived"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("starts_on", models.DateField(blank=True, null=True, verbose_name="start")),
                ("ends_on", models.DateField(blank=True, null=True, verbose_name="end")),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                (
                    "target_roas",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=8, null=True, verbose_name="target ROAS"),
                ),
                (
                    "target_cpa",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="target CPA"),
                ),
                ("name_rule", models.CharField(blank=True, max_length=200, verbose_name="name rule")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="CampaignLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "campaign",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="links", to="campaigns.campaign"),
                ),
                (
                    "platform_campaign",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="campaign_link",
                        to="channels.platformcampaign",
                    ),
                ),
                (
                    "origin",
                    models.CharField(choices=[("manual", "By hand"), ("rule", "By name rule")], default="manual", max_length=10),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="budgets", to="workspaces.workspace"
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="budgets",
                        to="campaigns.campaign",
                    ),
                ),
                (
                    "channel",
                    models.CharField(choices=channels.taxonomy.channel_choices, max_length=20, verbose_name="channel"),
                ),
                ("month", models.DateField(verbose_name="month")),
                ("planned", models.DecimalField(decimal_places=2, max_digits=18, verbose_name="plan")),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "updated_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=mops.lib.tenancy.WorkspaceKey(name="campaigns_campaign_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=mops.lib.tenancy.WorkspaceKey(name="campaigns_budget_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="campaignlink",
            constraint=mops.lib.tenancy.WorkspaceKey(name="campaigns_campaignlink_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(fields=("workspace", "name"), name="campaigns_campaign_once"),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("starts_on", None), ("ends_on__gte", models.F("starts_on")), _connector="OR"
                ),
                name="campaigns_campaign_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("workspace", "campaign", "channel", "month"), name="campaigns_budget_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(condition=models.Q(("planned__gte", 0)), name="campaigns_budget_positive"),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=mops.lib.tenancy.SameWorkspace("campaign", name="campaigns_budget_campaign_ws", to="campaigns.Campaign"),
        ),
        migrations.AddConstraint(
            model_name="campaignlink",
            constraint=mops.lib.tenancy.SameWorkspace(
                "campaign", name="campaigns_campaignlink_campaign_ws", to="campaigns.Campaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignlink",
            constraint=mops.lib.tenancy.SameWorkspace(
                "platform_campaign", name="campaigns_campaignlink_platform_campaign_ws", to="channels.PlatformCampaign"
            ),
        ),
    ]
