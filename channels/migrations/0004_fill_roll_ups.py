from django.db import migrations

MEASURES = (
    "impressions", "clicks", "spend", "conversions", "conversions_value", "view_through_conversions",
    "sessions", "engaged_sessions",
)  # fmt: skip
COLUMNS, SUMS = ", ".join(MEASURES), ", ".join(f"sum(f.{measure})" for measure in MEASURES)

FILL_MONTHS = f"""
    INSERT INTO channels_accountmonth (workspace_id, month, account_id, channel, attribution_window, {COLUMNS})
    SELECT f.workspace_id, date_trunc('month', f.day)::date, f.account_id, f.channel, f.attribution_window, {SUMS}
    FROM channels_accountday f GROUP BY 1, 2, 3, 4, 5"""  # noqa: S608
FILL_CHANNELS = f"""
    INSERT INTO channels_channelday (workspace_id, day, platform, channel, currency, attribution_window, {COLUMNS})
    SELECT f.workspace_id, f.day, a.platform, f.channel, a.currency, f.attribution_window, {SUMS}
    FROM channels_accountday f JOIN channels_adaccount a ON a.id = f.account_id GROUP BY 1, 2, 3, 4, 5, 6"""  # noqa: S608


class Migration(migrations.Migration):
    """The new roll-ups of what was pulled before they existed."""

    dependencies = [("channels", "0003_channel_days_and_account_months")]

    operations = [
        migrations.RunSQL(FILL_MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(FILL_CHANNELS, migrations.RunSQL.noop),
    ]
