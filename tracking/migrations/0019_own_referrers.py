"""Referrers a source calls no origin."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0018_orders_of_shops")]

    operations = [
        migrations.AddField(
            "source",
            "own_referrers",
            models.JSONField(blank=True, default=list, verbose_name="referrers that are no origin"),
        ),
    ]
