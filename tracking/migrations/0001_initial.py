import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import channels.taxonomy
import mops.lib.tenancy


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("workspaces", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="customers", to="workspaces.workspace"
                    ),
                ),
                ("key", models.CharField(max_length=120, verbose_name="customer key")),
                ("first_order_at", models.DateTimeField(null=True)),
                (
                    "acquisition_channel",
                    models.CharField(blank=True, choices=channels.taxonomy.channel_choices, max_length=20),
                ),
                ("acquisition_campaign", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="orders", to="workspaces.workspace"
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to="tracking.customer",
                    ),
                ),
                ("order_id", models.CharField(max_length=120, verbose_name="order id")),
                ("ordered_at", models.DateTimeField(verbose_name="time")),
                ("day", models.DateField()),
                ("gross", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="gross")),
                ("net", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="net")),
                ("margin", models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name="margin")),
                ("currency", models.CharField(max_length=3)),
                ("is_new_customer", models.BooleanField(null=True)),
                ("utm_source", models.CharField(blank=True, max_length=200)),
                ("utm_medium", models.CharField(blank=True, max_length=200)),
                ("utm_campaign", models.CharField(blank=True, max_length=200)),
                ("utm_id", models.CharField(blank=True, max_length=200)),
                ("gclid", models.CharField(blank=True, max_length=200)),
                ("fbclid", models.CharField(blank=True, max_length=500)),
                ("channel", models.CharField(choices=channels.taxonomy.channel_choices, max_length=20)),
                ("source", models.CharField(default="api", max_length=20)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="refunds", to="workspaces.workspace"
                    ),
                ),
                ("refund_id", models.CharField(max_length=120)),
                ("order_id_text", models.CharField(max_length=120, verbose_name="order id")),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="refunds",
                        to="tracking.order",
                    ),
                ),
                ("refunded_at", models.DateTimeField()),
                ("day", models.DateField()),
                ("gross", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="gross")),
                ("net", models.DecimalField(decimal_places=6, max_digits=18, verbose_name="net")),
                ("margin", models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name="margin")),
                ("currency", models.CharField(max_length=3)),
                ("received_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="column_mappings",
                        to="workspaces.workspace",
                    ),
                ),
                ("kind", models.CharField(default="orders", max_length=20)),
                ("headers", models.JSONField()),
                ("columns", models.JSONField()),
                ("options", models.JSONField(default=dict)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    mops.lib.tenancy.WorkspaceKey(name="tracking_columnmapping_workspace_key"),
                    models.UniqueConstraint(fields=("workspace", "kind", "headers"), name="tracking_mapping_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "workspace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="import_files",
                        to="workspaces.workspace",
                    ),
                ),
                ("kind", models.CharField(default="orders", max_length=20)),
                ("name", models.CharField(max_length=200)),
                ("content", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploaded", "Waiting for the columns"),
                            ("running", "Importing"),
                            ("done", "Imported"),
                            ("failed", "Failed"),
                        ],
                        default="uploaded",
                        max_length=10,
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("stored", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.JSONField(default=list)),
                ("error_message", models.TextField(blank=True)),
                (
                    "created_by",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_customer_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="importfile",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_importfile_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_order_workspace_key"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=mops.lib.tenancy.WorkspaceKey(name="tracking_refund_workspace_key"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["workspace", "first_order_at"], name="tracking_customer_first_order"),
        ),
        migrations.AddConstraint(
            model_name="customer",
            constraint=models.UniqueConstraint(fields=("workspace", "key"), name="tracking_customer_once"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["workspace", "day", "channel"], name="tracking_order_day"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["workspace", "customer", "ordered_at"], name="tracking_order_customer"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(fields=("workspace", "order_id"), name="tracking_order_once"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["workspace", "order_id_text"], name="tracking_refund_order"),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(fields=["workspace", "day"], name="tracking_refund_day"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(fields=("workspace", "refund_id"), name="tracking_refund_once"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=mops.lib.tenancy.SameWorkspace("customer", name="tracking_order_customer_ws", to="tracking.Customer"),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=mops.lib.tenancy.SameWorkspace("order", name="tracking_refund_order_ws", to="tracking.Order"),
        ),
    ]
