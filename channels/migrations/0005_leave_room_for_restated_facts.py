from django.db import migrations

TABLES = ("channels_dailystat", "channels_addailystat")


class Migration(migrations.Migration):
    """Recent days are restated again and again: with room in its page a new version of a row needs no index entries."""

    dependencies = [("channels", "0004_fill_roll_ups")]

    operations = [
        migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 80)", f"ALTER TABLE {table} RESET (fillfactor)")
        for table in TABLES
    ]
