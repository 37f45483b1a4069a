"""`manage.py rotate_sealed`: after a new key was put first in FIELD_ENCRYPTION_KEYS, beside `rotate_credentials`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from mops.lib.crypto import UnableToDecrypt, rotate
from tracking.models import BlindKey, Source

# What is encrypted with FIELD_ENCRYPTION_KEYS itself. Profiles are encrypted with a BlindKey, which stays the same inside.
SEALED: tuple[tuple[type[models.Model], str], ...] = ((BlindKey, "sealed"), (Source, "sealed_secret"))


class Command(BaseCommand):
    help = (
        "Encrypt the workspaces' own keys and the secrets of sources with the newest key of FIELD_ENCRYPTION_KEYS. "
        "Without the key it was written with, no person of a workspace can be found again: run this before removing an old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        for model, field in SEALED:
            for pk in model._default_manager.exclude(**{field: b""}).order_by("pk").values_list("pk", flat=True):
                try:
                    done += self._rotate(model, field, pk)
                except UnableToDecrypt:
                    unreadable.append(f"{model._meta.verbose_name} {pk}")
        self.stdout.write(f"{done} values are encrypted with the newest key.")
        if unreadable:
            raise CommandError(
                f"No key opens {', '.join(unreadable)}; they were left as they are. Add the key they were written with."
            )

    @transaction.atomic
    def _rotate(self, model: type[models.Model], field: str, pk: int) -> int:
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        if row is None:
            return 0
        setattr(row, field, rotate(bytes(getattr(row, field))))
        row.save(update_fields=[field])
        return 1
