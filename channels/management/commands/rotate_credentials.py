from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from channels.models import Connection
from mops.lib.crypto import UnableToDecrypt, rotate


class Command(BaseCommand):
    help = (
        "Encrypt every stored credential with the newest key of FIELD_ENCRYPTION_KEYS. "
        "Put the new key first, restart, run this, then remove the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        for pk in Connection.objects.order_by("pk").values_list("pk", flat=True):
            try:
                done += self._rotate(pk)
            except UnableToDecrypt:
                unreadable.append(str(pk))
        self.stdout.write(f"{done} credentials are encrypted with the newest key.")
        if unreadable:
            raise CommandError(
                f"No key opens the credentials of connection {', '.join(unreadable)}; they were left as they are. "
                "Add the key they were written with, or reconnect them."
            )

    @transaction.atomic
    def _rotate(self, pk: int) -> int:
        """One row under its lock: a reconnect at the same moment is neither lost nor overwritten."""
        connection = Connection.objects.select_for_update().filter(pk=pk).first()
        if connection is None:
            return 0
        connection.sealed_credentials = rotate(bytes(connection.sealed_credentials))
        connection.save(update_fields=["sealed_credentials"])
        return 1
