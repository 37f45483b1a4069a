"""Secrets at rest: a model field that encrypts JSON with a rotating list of keys (Fernet, newest first).

The row's own identity is sealed inside the ciphertext, so that a ciphertext copied to another row or workspace does not
decrypt there. A wrong key raises: it never returns the ciphertext and never overwrites it.
"""

import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class UnableToDecrypt(Exception):
    """The ciphertext does not fit any configured key, or belongs to another row."""


@lru_cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty; make a key with `manage.py doctor --new-key`.")
    return MultiFernet([Fernet(key.encode()) for key in keys])


def fernet() -> MultiFernet:
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


def seal(values: dict[str, Any], owner: str) -> bytes:
    """Encrypt `values` for `owner`, a stable name of the row such as "connection:<workspace>:<uuid>"."""
    return fernet().encrypt(json.dumps({"owner": owner, "values": values}).encode())


def unseal(sealed: bytes, owner: str) -> dict[str, Any]:
    """The values sealed for `owner`. Raises UnableToDecrypt on a wrong key or a foreign row."""
    try:
        content = json.loads(fernet().decrypt(bytes(sealed)))
    except InvalidToken as error:
        raise UnableToDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value; restore the key it was written with.") from error
    if content["owner"] != owner:
        raise UnableToDecrypt("This secret was written for another row and is not used here.")
    values: dict[str, Any] = content["values"]
    return values


def rotate(sealed: bytes) -> bytes:
    """The same secret under the newest key. Raises UnableToDecrypt if no key opens it."""
    try:
        return fernet().rotate(bytes(sealed))
    except InvalidToken as error:
        raise UnableToDecrypt("No key in FIELD_ENCRYPTION_KEYS opens this value; restore the key it was written with.") from error
