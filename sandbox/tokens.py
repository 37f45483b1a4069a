"""The grants the sandbox platforms have given out. Codes live once, access tokens an hour, grants until revoked.

Grants survive a restart (a product that was connected yesterday is still connected); access tokens are signed, so that
they need no list. Time here is the machine's, not the market's: moving the market a month ahead expires nobody's token.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"
REFRESH_TOKEN = "sandbox-refresh-token"
SYSTEM_USER_TOKEN = "sandbox-system-user-token"
ACCESS_SECONDS = 3600  # google-auth renews 225 s before the end: anything near that would renew on every call
CODE_SECONDS = 600


class Grant(NamedTuple):
    """What a person allowed: `token` is Google's refresh token or Meta's long-lived token."""

    token: str
    platform: str  # "google" | "meta"
    scopes: tuple[str, ...]
    offline: bool = True  # Google hands out the refresh token only when access_type=offline was asked for


class Code(NamedTuple):
    """An authorization code waiting to be redeemed."""

    platform: str
    redirect_uri: str
    challenge: str  # base64url(SHA-256(verifier)), RFC 7636
    scopes: tuple[str, ...]
    offline: bool
    expires: float


BUILT_IN = (
    Grant(REFRESH_TOKEN, "google", ("https://www.googleapis.com/auth/adwords", "https://www.googleapis.com/auth/analytics.readonly")),
    Grant(SYSTEM_USER_TOKEN, "meta", ("ads_read",)),
)  # fmt: skip


class Tokens:
    """Codes, grants and access tokens of all wires of one sandbox."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._codes: dict[str, Code] = {}
        stored = json.loads(path.read_text()) if path.exists() else {}
        self._key = bytes.fromhex(stored.get("key", secrets.token_hex(32)))
        self._revoked: set[str] = set(stored.get("revoked", []))
        issued = [Grant(token, who, tuple(scopes), offline) for token, who, scopes, offline in stored.get("grants", [])]
        self._grants = {grant.token: grant for grant in (*BUILT_IN, *issued)}
        if not stored:
            self._save()

    def code(self, platform: str, redirect_uri: str, challenge: str, scopes: tuple[str, ...], *, offline: bool = True) -> str:
        """A new one-use authorization code."""
        code = f"4/{secrets.token_urlsafe(24)}"
        with self._lock:
            self._codes[code] = Code(platform, redirect_uri, challenge, scopes, offline, time.time() + CODE_SECONDS)
        return code

    def redeem(self, platform: str, code: str, redirect_uri: str, verifier: str) -> Grant | None:
        """The grant behind a code; None (and the code is burnt) if anything about it does not fit."""
        with self._lock:
            known = self._codes.pop(code, None)
        if known is None or (known.platform, known.redirect_uri) != (platform, redirect_uri):
            return None
        if known.expires < time.time() or (known.challenge and _s256(verifier) != known.challenge):
            return None
        return self.grant(platform, known.scopes, offline=known.offline)

    def grant(self, platform: str, scopes: tuple[str, ...], *, offline: bool = True) -> Grant:
        """A new lasting grant."""
        prefix = "1//sandbox" if platform == "google" else "EAAsandbox"
        new = Grant(f"{prefix}{secrets.token_urlsafe(32)}", platform, scopes, offline)
        with self._lock:
            self._grants[new.token] = new
            self._save()
        return new

    def find(self, token: str, platform: str) -> Grant | None:
        """The living grant with this lasting token."""
        with self._lock:
            found = self._grants.get(token)
            return found if found and found.platform == platform and token not in self._revoked else None

    def access(self, grant: Grant) -> str:
        """A new access token, valid for an hour or until its grant is revoked."""
        claims = {
            "grant": _fingerprint(grant.token),
            "expires": int(time.time()) + ACCESS_SECONDS,
            "n": secrets.token_hex(4),
        }
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        return f"ya29.{payload}.{self._sign(payload)}"

    def holder(self, access_token: str) -> Grant | None:
        """The living grant an unexpired access token belongs to."""
        payload, _, signature = access_token.removeprefix("ya29.").partition(".")
        if not access_token.startswith("ya29.") or not hmac.compare_digest(signature, self._sign(payload)):
            return None
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        with self._lock:
            living = [grant for grant in self._grants.values() if grant.token not in self._revoked]
        found = next((grant for grant in living if _fingerprint(grant.token) == claims["grant"]), None)
        return found if claims["expires"] > time.time() else None

    def revoke(self, token: str) -> bool:
        """End a grant by its lasting or one of its access tokens; False if it is unknown."""
        grant = self._grants.get(token) or self.holder(token)
        if grant is None:
            return False
        with self._lock:
            self._revoked.add(grant.token)
            self._save()
        return True

    def restore(self) -> None:
        """Bring all revoked grants back: the sandbox's own way out of a demonstration."""
        with self._lock:
            self._revoked.clear()
            self._save()

    def _sign(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()

    def _save(self) -> None:
        known = {grant.token for grant in BUILT_IN}
        grants = [grant for grant in self._grants.values() if grant.token not in known]
        state = {"key": self._key.hex(), "grants": grants, "revoked": sorted(self._revoked)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(state, indent=1))


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]
