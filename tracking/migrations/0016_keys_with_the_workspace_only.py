"""Large tables lose the simple foreign keys that say nothing the keys with the workspace do not say; faulty events are counted fast.

Each key was checked at commit for every row: a sixth of what a new identity cost the database.
"""

from django.db import migrations, models

CASCADE = models.CASCADE


def key(to: str, *, related_name: str = "+", db_index: bool = False) -> models.ForeignKey:  # type: ignore[type-arg]
    return models.ForeignKey(to, CASCADE, related_name=related_name, db_index=db_index, db_constraint=False)


class Migration(migrations.Migration):
    dependencies = [("tracking", "0015_banner_choices"), ("workspaces", "0004_audit_retention")]

    operations = [
        migrations.AlterField("identity", "workspace", key("workspaces.workspace")),
        migrations.AlterField("identity", "profile", key("tracking.profile", related_name="identities", db_index=True)),
        migrations.AlterField("identity", "home", key("tracking.profile")),
        migrations.AlterField("identitylink", "workspace", key("workspaces.workspace")),
        migrations.AlterField("identitylink", "hub", key("tracking.identity", related_name="leaf_links")),
        migrations.AlterField("identitylink", "leaf", key("tracking.identity", related_name="hub_links", db_index=True)),
        migrations.AlterField("trait", "workspace", key("workspaces.workspace")),
        migrations.AlterField("trait", "identity", key("tracking.identity", related_name="traits")),
        migrations.AlterField("session", "workspace", key("workspaces.workspace", db_index=True)),
        migrations.AddIndex("rejection", models.Index(
            fields=["source", "received_at"], name="tracking_rejection_faulty",
            condition=models.Q(("replayed_at", None), models.Q(("reason__in", ["no_consent", "bot"]), _negated=True)))),
    ]  # fmt: skip
