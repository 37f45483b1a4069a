"""Raw bodies are packed before they reach PostgreSQL, which need not try again. Those kept before stay as they are."""

from typing import Any

from django.db import migrations

from tracking.packing import MAGIC, PackedBytesField, unpack

STORAGE = "ALTER TABLE tracking_rawbody ALTER COLUMN body SET STORAGE {}"
NEXT = "SELECT id, body FROM tracking_rawbody WHERE id > %s AND substring(body FROM 1 FOR 2) = %s ORDER BY id LIMIT 100"


def unpack_all(_apps: Any, schema_editor: Any) -> None:
    """The code before this migration reads what stands there."""
    with schema_editor.connection.cursor() as cursor:
        last = 0
        while rows := cursor.execute(NEXT, [last, MAGIC]).fetchall():
            cursor.executemany("UPDATE tracking_rawbody SET body = %s WHERE id = %s", [(unpack(bytes(b)), pk) for pk, b in rows])
            last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [("tracking", "0016_keys_with_the_workspace_only")]

    operations = [
        migrations.AlterField("rawbody", "body", PackedBytesField()),
        migrations.RunSQL(STORAGE.format("EXTERNAL"), STORAGE.format("EXTENDED")),
        migrations.RunPython(migrations.RunPython.noop, unpack_all),
    ]
