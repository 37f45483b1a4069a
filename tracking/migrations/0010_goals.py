import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import channels.taxonomy
import mops.lib.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("channels", "0005_leave_room_for_restated_facts"),
        ("tracking", "0009_rights"),
        ("workspaces", "0003_key_dies_with_its_maker"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="order",
            name="source",
            field=models.CharField(
                choices=[("api", "API"), ("import", "File"), ("shop", "Shop"), ("website", "Website")], default="api", max_length=20
            ),
        ),
        migrations.RunSQL(  # goals look for the events of a name and a time
            "CREATE INDEX tracking_event_named ON tracking_event (workspace_id, name, occurred_at) WHERE state = 'stored'",
            "DROP INDEX tracking_event_named",
        ),
        migrations.CreateModel(
            name="ChangedDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Goal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[("track", "An event"), ("page", "A page view")],
                        default="track",
                        max_length=10,
                        verbose_name="What happens",
                    ),
                ),
                ("event", models.CharField(blank=True, max_length=255, verbose_name="event name")),
                ("conditions", models.JSONField(default=list)),
                (
                    "counting",
                    models.CharField(
                        choices=[("always", "Every time"), ("session", "Once per visit"), ("person", "Once per person")],
                        default="always",
                        max_length=10,
                        verbose_name="counts",
                    ),
                ),
                ("value_property", models.CharField(blank=True, max_length=100, verbose_name="property with the value")),
                (
                    "default_value",
                    models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, verbose_name="value otherwise"),
                ),
                (
                    "state",
                    models.CharField(choices=[("active", "Active"), ("archived", "Archived")], default="active", max_length=10),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "created_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="goals", to="workspaces.workspace"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Conversion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.TextField()),
                ("session_id", models.UUIDField(null=True)),
                ("visitor", models.TextField()),
                ("profile_id", models.BigIntegerField(null=True)),
                ("occurred_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("channel", models.CharField(choices=channels.taxonomy.channel_choices, max_length=20)),
                ("value", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                ("currency", models.CharField(max_length=3)),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
                (
                    "goal",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="conversions", to="tracking.goal"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Touchpoint",
            fields=[
                (
                    "session",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="touchpoint",
                        serialize=False,
                        to="tracking.session",
                    ),
                ),
                ("visitor", models.TextField()),
                ("profile_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("day", models.DateField()),
                ("channel", models.CharField(choices=channels.taxonomy.channel_choices, max_length=20)),
                ("utm_campaign", models.CharField(blank=True, max_length=500)),
                ("click_id", models.CharField(blank=True, max_length=500)),
                (
                    "matched_by",
                    models.CharField(
                        blank=True,
                        choices=[("utm_id", "utm_id"), ("click_id", "Click id"), ("name", "Campaign name"), ("", "Not matched")],
                        max_length=10,
                    ),
                ),
                (
                    "platform_campaign",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="channels.platformcampaign"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="goal",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_goal_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="goal",
            constraint=models.UniqueConstraint(fields=("workspace", "name"), name="tracking_goal_name_once"),
        ),
        migrations.AddConstraint(
            model_name="goal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "archived"])), name="tracking_goal_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="goal",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "page"), models.Q(("event", ""), _negated=True), _connector="OR"),
                name="tracking_goal_event",
            ),
        ),
        migrations.AddIndex(
            model_name="conversion",
            index=models.Index(fields=["goal", "day", "channel"], name="tracking_conversion_day"),
        ),
        migrations.AddIndex(
            model_name="conversion",
            index=models.Index(fields=["goal", "visitor"], name="tracking_conversion_visitor"),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_conversion_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=mops.lib.tenancy.SameWorkspace("goal", name="tracking_conversion_goal_ws", to="tracking.Goal"),
        ),
        migrations.AddConstraint(
            model_name="conversion",
            constraint=models.UniqueConstraint(fields=("goal", "message_id"), name="tracking_conversion_once"),
        ),
        migrations.AddIndex(
            model_name="touchpoint",
            index=models.Index(fields=["workspace", "visitor", "at"], name="tracking_touchpoint_visitor"),
        ),
        migrations.AddIndex(
            model_name="touchpoint",
            index=models.Index(fields=["workspace", "day", "channel"], name="tracking_touchpoint_day"),
        ),
        migrations.AddIndex(
            model_name="touchpoint",
            index=models.Index(
                condition=models.Q(("click_id", ""), _negated=True),
                fields=["workspace", "click_id"],
                name="tracking_touchpoint_click",
            ),
        ),
        migrations.AddConstraint(
            model_name="touchpoint",
            constraint=mops.lib.tenancy.SameWorkspace(
                "platform_campaign", name="tracking_touchpoint_platform_campaign_ws", to="channels.PlatformCampaign"
            ),
        ),
    ]
