from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0022_tickets")]

    operations = [migrations.AddField("suppression", "by_link", models.BooleanField(default=False))]
