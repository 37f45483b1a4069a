import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import mops.lib.tenancy

IMMUTABLE = """
CREATE FUNCTION tracking_planversion_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A version of the tracking plan is never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER tracking_planversion_immutable BEFORE UPDATE ON tracking_planversion FOR EACH ROW
    WHEN ((OLD.workspace_id, OLD.number, OLD.events, OLD.origin, OLD.changes, OLD.made_at)
        IS DISTINCT FROM (NEW.workspace_id, NEW.number, NEW.events, NEW.origin, NEW.changes, NEW.made_at))
    EXECUTE FUNCTION tracking_planversion_refuse();
"""
MUTABLE = """
DROP TRIGGER tracking_planversion_immutable ON tracking_planversion;
DROP FUNCTION tracking_planversion_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0010_goals"),
        ("workspaces", "0004_audit_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("events", models.JSONField()),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("form", "Edited"),
                            ("import", "Imported"),
                            ("proposal", "Taken from the events seen"),
                            ("restored", "Brought back"),
                            ("api", "API"),
                        ],
                        default="form",
                        max_length=10,
                    ),
                ),
                ("changes", models.JSONField(default=list)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "made_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
                ),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="plan_versions", to="workspaces.workspace"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlanViolation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("release", models.CharField(blank=True, max_length=60)),
                ("event", models.CharField(blank=True, max_length=255)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("event", "Unknown event"),
                            ("missing", "Required property missing"),
                            ("type", "Wrong type"),
                            ("value", "Value not allowed"),
                            ("property", "Unknown property"),
                        ],
                        max_length=10,
                    ),
                ),
                ("property", models.CharField(blank=True, max_length=120)),
                ("number", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracking.source"
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracking.planversion"),
                ),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="QualityDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("release", models.CharField(blank=True, max_length=60)),
                ("events", models.PositiveBigIntegerField()),
                ("checked", models.PositiveBigIntegerField()),
                ("invalid", models.PositiveBigIntegerField()),
                ("grounded", models.PositiveBigIntegerField()),
                ("identified", models.PositiveBigIntegerField()),
                ("late", models.PositiveBigIntegerField()),
                ("tagged", models.PositiveBigIntegerField()),
                ("tagged_whole", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracking.source"
                    ),
                ),
                (
                    "workspace",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="workspaces.workspace"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_planversion_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.UniqueConstraint(fields=("workspace", "number"), name="tracking_planversion_once"),
        ),
        migrations.AddConstraint(
            model_name="planversion",
            constraint=models.CheckConstraint(condition=models.Q(("number__gt", 0)), name="tracking_planversion_number"),
        ),
        migrations.AddIndex(
            model_name="planviolation",
            index=models.Index(fields=["workspace", "day"], name="tracking_planviolation_day"),
        ),
        migrations.AddConstraint(
            model_name="planviolation",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_planviolation_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="planviolation",
            constraint=mops.lib.tenancy.SameWorkspace("source", name="tracking_planviolation_source_ws", to="tracking.Source"),
        ),
        migrations.AddConstraint(
            model_name="planviolation",
            constraint=mops.lib.tenancy.SameWorkspace(
                "version", name="tracking_planviolation_version_ws", to="tracking.PlanVersion"
            ),
        ),
        migrations.AddConstraint(
            model_name="planviolation",
            constraint=models.UniqueConstraint(
                fields=("source", "day", "version", "event", "kind", "property", "release"), name="tracking_planviolation_once"
            ),
        ),
        migrations.AddIndex(
            model_name="qualityday",
            index=models.Index(fields=["workspace", "day"], name="tracking_qualityday_day"),
        ),
        migrations.AddConstraint(
            model_name="qualityday",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_qualityday_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="qualityday",
            constraint=mops.lib.tenancy.SameWorkspace("source", name="tracking_qualityday_source_ws", to="tracking.Source"),
        ),
        migrations.AddConstraint(
            model_name="qualityday",
            constraint=models.UniqueConstraint(fields=("source", "day", "release"), name="tracking_qualityday_once"),
        ),
        migrations.AddConstraint(
            model_name="qualityday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checked__lte", models.F("events")),
                    ("invalid__lte", models.F("checked")),
                    ("tagged_whole__lte", models.F("tagged")),
                ),
                name="tracking_qualityday_parts",
            ),
        ),
        migrations.RunSQL(IMMUTABLE, MUTABLE),  # its maker may leave, nothing else may change
    ]
