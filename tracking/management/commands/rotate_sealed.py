"""`manage.py rotate_sealed`: after a new key was put first in FIELD_ENCRYPTION_KEYS."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models, transaction

from mops.lib.crypto import UnableToDecrypt, rotate

# Sealed with a key of the workspace (tracking.profiles.vault), which is itself a sealed row and stays the same inside.
UNDER_WORKSPACE_KEYS = {("tracking.Identity", "sealed"), ("tracking.Trait", "sealed")}


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every column sealed with FIELD_ENCRYPTION_KEYS: what is sealed is called so, in whatever app."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            is_sealed = isinstance(field, models.BinaryField) and field.name.startswith("sealed")
            if is_sealed and (model._meta.label, field.name) not in UNDER_WORKSPACE_KEYS:
                yield model, field.name


class Command(BaseCommand):
    help = (
        "Encrypt everything that is sealed (credentials, the workspaces' own keys, requests, files for people) with the newest "
        "key of FIELD_ENCRYPTION_KEYS. Put the new key first, restart, run this, then remove the old key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, unreadable = 0, []
        for model, field in columns():
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
        """One value under its row's lock: a change at the same moment is neither lost nor overwritten."""
        row = model._default_manager.select_for_update().filter(pk=pk).values_list(field, flat=True).first()
        if not row:
            return 0
        return model._default_manager.filter(pk=pk).update(**{field: rotate(bytes(row))})
