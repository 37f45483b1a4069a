from django.db import migrations, models

COUNT_DAYS = """
    UPDATE channels_campaignmonth m SET days = f.days
    FROM (SELECT workspace_id, account_id, campaign_id, attribution_window, date_trunc('month', day)::date AS month, count(*) AS days
          FROM channels_dailystat GROUP BY 1, 2, 3, 4, 5) f
    WHERE m.workspace_id = f.workspace_id AND m.month = f.month AND m.account_id = f.account_id
      AND m.campaign_id = f.campaign_id AND m.attribution_window = f.attribution_window"""


class Migration(migrations.Migration):
    """Edge days can then be taken off a month, too, and what has no day left is known."""

    dependencies = [("channels", "0005_leave_room_for_restated_facts")]

    operations = [
        migrations.AddField("campaignmonth", "days", models.PositiveSmallIntegerField(default=0)),
        migrations.RunSQL(COUNT_DAYS, migrations.RunSQL.noop),
    ]
