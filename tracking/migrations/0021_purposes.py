from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracking", "0019_own_referrers")]

    operations = [
        migrations.AddField(
            "purpose", "name_de", models.CharField("name in German", blank=True, default="", max_length=120), preserve_default=False
        ),
    ]
