"""System checks: configuration that would hurt later is refused at start, with what to set instead."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ENDPOINTS = ("GOOGLE_ADS_API", "GA4_API", "GA4_ADMIN_API", "GOOGLE_TOKEN_URI", "META_GRAPH_API", "META_TOKEN_URI")


def is_loopback(address: str) -> bool:
    return address.split("//")[-1].startswith(LOOPBACK)


@register
def sandbox_and_production_do_not_mix(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A sandbox that calls a real platform, or production that calls the sandbox, never starts."""
    wrong = [name for name in ENDPOINTS if is_loopback(getattr(settings, name)) != settings.SANDBOX]
    wanted = "an address on this machine" if settings.SANDBOX else "the platform's own address"
    return [Error(f"{name} is {getattr(settings, name)!r} while SANDBOX={settings.SANDBOX}.",
                  hint=f"Set {name} to {wanted}, or change SANDBOX.", id="mops.E001") for name in wrong]  # fmt: skip


@register
def encryption_keys_fit(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    errors: list[CheckMessage] = []
    for position, key in enumerate(settings.FIELD_ENCRYPTION_KEYS, 1):
        try:
            Fernet(key.encode())
        except ValueError:
            mend = "Make one with `manage.py doctor --new-key`; keep older keys behind it."
            errors.append(Error(f"Key {position} in FIELD_ENCRYPTION_KEYS is not a Fernet key.", hint=mend, id="mops.E002"))
    if not settings.FIELD_ENCRYPTION_KEYS:
        errors.append(Error("FIELD_ENCRYPTION_KEYS is empty: credentials could not be stored.",
                            hint="Make a key with `manage.py doctor --new-key`.", id="mops.E003"))  # fmt: skip
    return errors
