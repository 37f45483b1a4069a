"""Refunds know who told of them and which amounts follow from their order; one without an id is named after its message."""

from django.db import migrations, models

NAME = "coalesce(nullif(properties->>'refund_id', ''), message_id)"
NAME_AFTER_MESSAGES = """
UPDATE tracking_refund refund SET refund_id = CASE WHEN length(told.message_id) <= 120 THEN told.message_id
    ELSE encode(sha256(convert_to(told.message_id, 'UTF8')), 'hex') END
FROM (
    SELECT DISTINCT ON (e.workspace_id, e.properties->>'order_id') e.workspace_id, e.properties->>'order_id' AS order_id, e.message_id
    FROM tracking_event e
    WHERE e.kind = 'refund' AND e.state = 'stored' AND coalesce(e.properties->>'refund_id', '') = ''
    ORDER BY e.workspace_id, e.properties->>'order_id', e.occurred_at DESC, e.message_id DESC
) AS told
WHERE refund.workspace_id = told.workspace_id AND refund.refund_id = refund.order_id_text AND refund.refund_id = told.order_id
"""
NAME_SOURCES = f"""
UPDATE tracking_refund refund SET source = 'shop' FROM tracking_event e
WHERE e.kind = 'refund' AND e.state = 'stored' AND e.workspace_id = refund.workspace_id AND {NAME} = refund.refund_id
"""  # noqa: S608  only names of ours


class Migration(migrations.Migration):
    dependencies = [("tracking", "0017_packed_bodies")]

    operations = [
        migrations.AddField(
            "refund",
            "derived",
            models.CharField(
                blank=True, choices=[("", "Nothing"), ("net", "Net"), ("whole", "All amounts")], max_length=5, default=""
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "refund",
            "source",
            models.CharField(
                choices=[("api", "API"), ("import", "File"), ("shop", "Shop"), ("website", "Website")], default="api", max_length=20
            ),
        ),
        migrations.RunSQL(
            f"CREATE INDEX tracking_event_refund ON tracking_event (workspace_id, ({NAME})) WHERE kind = 'refund'",
            "DROP INDEX tracking_event_refund",
        ),
        migrations.RunSQL(NAME_AFTER_MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(NAME_SOURCES, migrations.RunSQL.noop),
    ]
