from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0006_events")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX tracking_event_order ON tracking_event (workspace_id, kind, (properties->>'order_id'))"
            " WHERE kind IN ('order', 'refund')",
            "DROP INDEX tracking_event_order",
        ),
    ]
