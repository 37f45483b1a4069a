import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import channels.models
import channels.taxonomy
import mops.lib.tenancy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("workspaces", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="connections",
                        to="workspaces.workspace",
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "platform",
                    models.CharField(choices=channels.models.platform_choices, max_length=20, verbose_name="platform"),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("sealed_credentials", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("expiring", "Expires soon"),
                            ("reauth_required", "Reconnect needed"),
                            ("error", "Error"),
                            ("paused", "Paused"),
                        ],
                        default="connected",
                        max_length=20,
                    ),
                ),
                ("identity", models.CharField(blank=True, max_length=200)),
                ("scopes", models.JSONField(default=list)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("error_kind", models.CharField(blank=True, choices=channels.models.error_kinds, max_length=12)),
                ("error_message", models.TextField(blank=True)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="AdAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ad_accounts",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="accounts", to="channels.connection"
                    ),
                ),
                ("platform", models.CharField(choices=channels.models.platform_choices, max_length=20)),
                ("external_id", models.CharField(max_length=40)),
                ("manager_id", models.CharField(blank=True, max_length=40)),
                ("name", models.CharField(max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("time_zone", models.CharField(max_length=50)),
                ("selected", models.BooleanField(default=False)),
                ("goal", models.CharField(blank=True, max_length=80)),
                ("error_kind", models.CharField(blank=True, choices=channels.models.error_kinds, max_length=12)),
                ("error_message", models.TextField(blank=True)),
                ("last_success_at", models.DateTimeField(null=True)),
                ("quota", models.JSONField(default=dict)),
                ("blocked_until", models.DateTimeField(null=True)),
                ("backfilled_from", models.DateField(null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="PlatformCampaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="channels.adaccount"
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("name", models.CharField(max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Active"), ("paused", "Paused"), ("removed", "Removed")],
                        default="enabled",
                        max_length=10,
                    ),
                ),
                ("first_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "channel",
                    models.CharField(choices=channels.taxonomy.channel_choices, max_length=20, verbose_name="channel"),
                ),
                ("channel_is_manual", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="AdGroup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="channels.adaccount"
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("name", models.CharField(max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Active"), ("paused", "Paused"), ("removed", "Removed")],
                        default="enabled",
                        max_length=10,
                    ),
                ),
                ("first_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="ad_groups",
                        to="channels.platformcampaign",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Ad",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="%(class)ss", to="channels.adaccount"
                    ),
                ),
                ("external_id", models.CharField(max_length=200)),
                ("name", models.CharField(max_length=500)),
                (
                    "status",
                    models.CharField(
                        choices=[("enabled", "Active"), ("paused", "Paused"), ("removed", "Removed")],
                        default="enabled",
                        max_length=10,
                    ),
                ),
                ("first_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "ad_group",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="ads", to="channels.adgroup"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EntityName",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "level",
                    models.CharField(choices=[("campaign", "campaign"), ("ad_group", "ad_group"), ("ad", "ad")], max_length=10),
                ),
                ("entity_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=500)),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FxRate",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey("currency", "day", blank=True, editable=False, primary_key=True, serialize=False),
                ),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("rate", models.DecimalField(decimal_places=8, max_digits=18)),
                ("is_carried", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("rate__gt", 0)), name="channels_fxrate_positive")],
            },
        ),
        migrations.CreateModel(
            name="SyncRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sync_runs", to="workspaces.workspace"
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sync_runs", to="channels.adaccount"
                    ),
                ),
                ("report", models.CharField(max_length=20)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hourly", "Today and yesterday"),
                            ("look_back", "Look-back"),
                            ("backfill", "Backfill"),
                            ("manual", "On request"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateField()),
                ("until", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("priority", models.PositiveSmallIntegerField(default=1)),
                ("run_after", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("lease_until", models.DateTimeField(null=True)),
                ("requests", models.PositiveIntegerField(default=0)),
                ("rows", models.PositiveIntegerField(default=0)),
                ("inserted", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("removed", models.PositiveIntegerField(default=0)),
                ("flags", models.JSONField(default=dict)),
                ("api_version", models.CharField(blank=True, max_length=20)),
                ("error_kind", models.CharField(blank=True, max_length=12)),
                ("error_message", models.TextField(blank=True)),
                ("error_code", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Coverage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "account_id",
                        "report",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("report", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("pulled_at", models.DateTimeField()),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                ("rows", models.PositiveIntegerField()),
                ("is_final", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="DailyStat",
            fields=[
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.platformcampaign",
                    ),
                ),
                ("attribution_window", models.CharField(default="default", max_length=20)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                ("observed_at", models.DateTimeField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "account_id",
                        "day",
                        "campaign_id",
                        "attribution_window",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AdDailyStat",
            fields=[
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.platformcampaign",
                    ),
                ),
                ("attribution_window", models.CharField(default="default", max_length=20)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                ("observed_at", models.DateTimeField()),
                (
                    "ad",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.ad",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "account_id",
                        "day",
                        "ad_id",
                        "attribution_window",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DailyStatHistory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.platformcampaign",
                    ),
                ),
                ("attribution_window", models.CharField(default="default", max_length=20)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                ("observed_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField()),
                (
                    "replaced_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AdDailyStatHistory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.platformcampaign",
                    ),
                ),
                ("attribution_window", models.CharField(default="default", max_length=20)),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                ("observed_at", models.DateTimeField()),
                ("replaced_at", models.DateTimeField()),
                (
                    "replaced_by",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="channels.syncrun",
                    ),
                ),
                (
                    "ad",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.ad",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AccountDay",
            fields=[
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("attribution_window", models.CharField(max_length=20)),
                ("day", models.DateField()),
                ("channel", models.CharField(choices=channels.taxonomy.channel_choices, max_length=20)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "day",
                        "account_id",
                        "channel",
                        "attribution_window",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={
                "constraints": [
                    mops.lib.tenancy.SameWorkspace("account", name="channels_accountday_account_ws", to="channels.AdAccount")
                ],
            },
        ),
        migrations.CreateModel(
            name="CampaignMonth",
            fields=[
                ("impressions", models.BigIntegerField(default=0)),
                ("clicks", models.BigIntegerField(default=0)),
                ("spend", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("conversions_value", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("view_through_conversions", models.DecimalField(decimal_places=6, default=0, max_digits=18)),
                ("sessions", models.BigIntegerField(default=0)),
                ("engaged_sessions", models.BigIntegerField(default=0)),
                (
                    "workspace",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="workspaces.workspace",
                    ),
                ),
                (
                    "account",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.adaccount",
                    ),
                ),
                ("attribution_window", models.CharField(max_length=20)),
                ("month", models.DateField()),
                (
                    "campaign",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="channels.platformcampaign",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "workspace_id",
                        "month",
                        "account_id",
                        "campaign_id",
                        "attribution_window",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="ad",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_ad_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_connection_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="adaccount",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_adaccount_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="platformcampaign",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_platformcampaign_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="adgroup",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_adgroup_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=mops.lib.tenancy.WorkspaceKey(name="channels_syncrun_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="ad",
            constraint=models.UniqueConstraint(fields=("account", "external_id"), name="channels_ad_once"),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["connected", "expiring", "reauth_required", "error", "paused"])),
                name="channels_connection_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="adaccount",
            constraint=models.UniqueConstraint(fields=("workspace", "platform", "external_id"), name="channels_adaccount_once"),
        ),
        migrations.AddIndex(
            model_name="entityname",
            index=models.Index(fields=["level", "entity_id", "-seen_at"], name="channels_entityname_latest"),
        ),
        migrations.AddConstraint(
            model_name="platformcampaign",
            constraint=models.UniqueConstraint(fields=("account", "external_id"), name="channels_campaign_once"),
        ),
        migrations.AddConstraint(
            model_name="adgroup",
            constraint=models.UniqueConstraint(fields=("account", "external_id"), name="channels_adgroup_once"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(
                condition=models.Q(("state", "queued")), fields=["priority", "run_after"], name="channels_syncrun_due"
            ),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(condition=models.Q(("state", "running")), fields=["lease_until"], name="channels_syncrun_lease"),
        ),
        migrations.AddIndex(
            model_name="syncrun",
            index=models.Index(fields=["account", "-created_at"], name="channels_syncrun_recent"),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["queued", "running"])),
                fields=("account", "report", "since", "until"),
                name="channels_syncrun_open_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=models.CheckConstraint(condition=models.Q(("since__lt", models.F("until"))), name="channels_syncrun_window"),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "running", "done", "failed", "cancelled"])),
                name="channels_syncrun_state",
            ),
        ),
        migrations.AddIndex(
            model_name="dailystathistory",
            index=models.Index(fields=["workspace", "account", "day", "replaced_at"], name="channels_dailystat_asof"),
        ),
        migrations.AddIndex(
            model_name="dailystat",
            index=models.Index(fields=["workspace", "campaign", "day"], name="channels_dailystat_campaign"),
        ),
        migrations.AddIndex(
            model_name="addailystathistory",
            index=models.Index(fields=["workspace", "account", "day", "replaced_at"], name="channels_addailystat_asof"),
        ),
        migrations.AddIndex(
            model_name="addailystat",
            index=models.Index(fields=["workspace", "campaign", "day"], name="channels_addailystat_campaign"),
        ),
        migrations.AddConstraint(
            model_name="ad",
            constraint=mops.lib.tenancy.SameWorkspace("ad_group", name="channels_ad_ad_group_ws", to="channels.AdGroup"),
        ),
        migrations.AddConstraint(
            model_name="adaccount",
            constraint=mops.lib.tenancy.SameWorkspace(
                "connection", name="channels_adaccount_connection_ws", to="channels.Connection"
            ),
        ),
        migrations.AddConstraint(
            model_name="platformcampaign",
            constraint=mops.lib.tenancy.SameWorkspace(
                "account", name="channels_platformcampaign_account_ws", to="channels.AdAccount"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignmonth",
            constraint=mops.lib.tenancy.SameWorkspace("account", name="channels_campaignmonth_account_ws", to="channels.AdAccount"),
        ),
        migrations.AddConstraint(
            model_name="adgroup",
            constraint=mops.lib.tenancy.SameWorkspace(
                "campaign", name="channels_adgroup_campaign_ws", to="channels.PlatformCampaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="syncrun",
            constraint=mops.lib.tenancy.SameWorkspace("account", name="channels_syncrun_account_ws", to="channels.AdAccount"),
        ),
        migrations.AddConstraint(
            model_name="dailystathistory",
            constraint=mops.lib.tenancy.SameWorkspace(
                "account", name="channels_dailystathistory_account_ws", to="channels.AdAccount"
            ),
        ),
        migrations.AddConstraint(
            model_name="dailystat",
            constraint=mops.lib.tenancy.SameWorkspace("account", name="channels_dailystat_account_ws", to="channels.AdAccount"),
        ),
        migrations.AddConstraint(
            model_name="dailystat",
            constraint=mops.lib.tenancy.SameWorkspace(
                "campaign", name="channels_dailystat_campaign_ws", to="channels.PlatformCampaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=mops.lib.tenancy.SameWorkspace("account", name="channels_coverage_account_ws", to="channels.AdAccount"),
        ),
        migrations.AddConstraint(
            model_name="addailystathistory",
            constraint=mops.lib.tenancy.SameWorkspace(
                "account", name="channels_addailystathistory_account_ws", to="channels.AdAccount"
            ),
        ),
        migrations.AddConstraint(
            model_name="addailystat",
            constraint=mops.lib.tenancy.SameWorkspace("account", name="channels_addailystat_account_ws", to="channels.AdAccount"),
        ),
        migrations.AddConstraint(
            model_name="addailystat",
            constraint=mops.lib.tenancy.SameWorkspace("ad", name="channels_addailystat_ad_ws", to="channels.Ad"),
        ),
    ]
