"""Clear text of identifiers and traits at rest: AES-256-GCM under a random key of the workspace.

That key is sealed with FIELD_ENCRYPTION_KEYS (tracking.blind_index.key), so that changing those keys rewrites one row per
workspace and neither values nor blind indexes. What a value belongs to is authenticated: a copy elsewhere does not open.
"""

import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mops.lib.crypto import UnableToDecrypt
from tracking import blind_index

NONCE = 12  # bytes


class Vault:
    """Seals and opens values of one workspace; reads the key once, use it for a batch."""

    def __init__(self, workspace_id: int) -> None:
        self._cipher = AESGCM(blind_index.key(workspace_id, "profiles"))

    def seal(self, value: Any, owner: str) -> bytes:
        """`value` (JSON) for `owner`, such as "user_id:<index>"."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, json.dumps(value).encode(), owner.encode())

    def open(self, sealed: bytes, owner: str) -> Any:
        """Raises UnableToDecrypt on a foreign row or a damaged value."""
        sealed = bytes(sealed)
        try:
            return json.loads(self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], owner.encode()))
        except InvalidTag as error:
            raise UnableToDecrypt("This value was written for another row or is damaged.") from error


def identity_owner(kind: str, index: str) -> str:
    return f"{kind}:{index}"


def trait_owner(identity_id: int, name: str) -> str:
    return f"trait:{identity_id}:{name}"
