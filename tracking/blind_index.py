"""Find a person by identifier without keeping it readable: HMAC-SHA256 under a random key of the workspace.

The same address gives different values in two workspaces, so that clients of one installation cannot be joined.
"""

import hmac
import secrets
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _

from mops.lib.crypto import seal, unseal
from tracking.consent_models import BlindKey, SubjectKind
from tracking.profiles import normalise

SUBJECTS = "subjects"  # name of the key for people; others are pepper of addresses, one a month


class Unidentifiable(ValueError):
    """The text is no identifier of this kind; the message tells a person why."""


@dataclass(frozen=True)
class Subject:
    """Somebody, by one identifier: its kind and 64 hex digits of its blind index."""

    kind: str
    index: str


class Indexer:
    """Blind indexes of one workspace; reads the key once, use it for a batch."""

    def __init__(self, workspace_id: int) -> None:
        self._key = key(workspace_id, SUBJECTS)

    def subject(self, kind: str, identifier: str) -> Subject:
        """Raises Unidentifiable."""
        return Subject(kind, self.index(kind, normalised(kind, identifier)))

    def index(self, kind: str, value: str) -> str:
        """Of a value that is normalised already."""
        return hmac.digest(self._key, f"{kind}:{value}".encode(), "sha256").hex()


def subject_of(workspace_id: int, kind: str, identifier: str) -> Subject:
    """One person; for many use an Indexer. Raises Unidentifiable."""
    return Indexer(workspace_id).subject(kind, identifier)


def normalised(kind: str, identifier: str) -> str:
    """What two ways of writing the same identifier have in common: small letters, E.164. Raises Unidentifiable."""
    text = unicodedata.normalize("NFKC", identifier).strip()
    if kind == SubjectKind.EMAIL:
        return _email(text)
    if kind == SubjectKind.PHONE:
        return _phone(text)
    if not text or len(text) > 500 or kind not in SubjectKind.values:
        raise Unidentifiable(_("This is no identifier."))
    return text


def _email(text: str) -> str:
    address = normalise.email(text)
    if not address:
        raise Unidentifiable(_("“%(text)s” is no e-mail address.") % {"text": text[:60]})
    return address


def _phone(text: str) -> str:
    try:
        number = phonenumbers.parse(text, "DE")
    except phonenumbers.NumberParseException as error:
        raise Unidentifiable(_("“%(text)s” is no telephone number.") % {"text": text[:30]}) from error
    # IS_POSSIBLE only: a number that could be dialled within a town at most names nobody.
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Unidentifiable(_("“%(text)s” is no telephone number.") % {"text": text[:30]})
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def key(workspace_id: int, name: str) -> bytes:
    """The key of that name, 32 random bytes, made on first use. Kept encrypted; the row is read each time."""
    owner = f"blind_key:{workspace_id}:{name}"
    row = BlindKey.objects.filter(workspace_id=workspace_id, name=name).first()
    if row is None:
        fresh = BlindKey(workspace_id=workspace_id, name=name, sealed=seal({"key": secrets.token_hex(32)}, owner))
        BlindKey.objects.bulk_create([fresh], ignore_conflicts=True)  # another process may have been first
        row = BlindKey.objects.get(workspace_id=workspace_id, name=name)
    return _opened(bytes(row.sealed), owner)


@lru_cache(maxsize=256)
def _opened(sealed: bytes, owner: str) -> bytes:
    """Cached by ciphertext: a key of a transaction that was rolled back can never be used again."""
    return bytes.fromhex(unseal(sealed, owner)["key"])
