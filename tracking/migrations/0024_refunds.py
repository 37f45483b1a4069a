"""Refunds know what was said of them beside what counts, and only a text or a whole number names one in an event."""

from django.db import migrations, models

BEFORE = "coalesce(nullif(properties->>'refund_id', ''), message_id)"
NAME = (
    "coalesce(CASE jsonb_typeof(properties->'refund_id') WHEN 'string' THEN nullif(properties->>'refund_id', '')"
    " WHEN 'number' THEN substring(properties->>'refund_id' from '^-?[0-9]+$') END, message_id)"
)
INDEX = "DROP INDEX tracking_event_refund; CREATE INDEX tracking_event_refund ON tracking_event (workspace_id, ({})) WHERE kind = 'refund'"
TOLD = """
UPDATE tracking_refund SET told_gross = CASE WHEN derived <> 'whole' THEN gross END, told_net = CASE WHEN derived = '' THEN net END
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0023_suppression_by_link")]

    operations = [
        migrations.AddField("refund", "told_gross", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
        migrations.AddField("refund", "told_net", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
        migrations.RunSQL(TOLD, migrations.RunSQL.noop),
        migrations.RunSQL(INDEX.format(NAME), INDEX.format(BEFORE)),
    ]
