"""No change in the database: the text column also takes sentences with values now."""

from django.db import migrations

import channels.told


class Migration(migrations.Migration):
    dependencies = [("channels", "0007_keys_begin_with_the_workspace")]
    operations = [
        migrations.AlterField(model_name=model, name="error_message", field=channels.told.ToldField(blank=True))
        for model in ("adaccount", "connection", "syncrun")
    ]
