"""Which source a write key names, remembered for a few seconds: a paused source or a new origin counts soon after."""

import threading
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from tracking.models import Source

REMEMBERED = 5.0  # seconds
REMEMBERED_KEYS = 10_000  # unknown keys are remembered too, or guessing would cost a query each


class Known(NamedTuple):
    """What the door needs of a source."""

    id: int
    workspace_id: int
    kind: str
    needs_consent: bool
    origins: tuple[str, ...]
    rate_per_minute: int
    dialect: str


_known: dict[str, tuple[float, Known | None]] = {}
_lock = threading.Lock()


def find(write_key: str) -> Known | None:
    """The active source of this key."""
    remembered = _known.get(write_key)
    if remembered and time.monotonic() - remembered[0] < REMEMBERED:
        return remembered[1]
    found = _ask(write_key)
    with _lock:
        if len(_known) > REMEMBERED_KEYS:
            _known.clear()
        _known[write_key] = time.monotonic(), found
    return found


def _ask(write_key: str) -> Known | None:
    source = Source.objects.filter(key_hash=Source.hash(write_key), state=Source.State.ACTIVE).first()
    return known(source) if source else None


def known(source: Source) -> Known:
    needs_consent = source.consent_mode == Source.ConsentMode.REQUIRED
    origins = tuple(source.allowed_origins)
    return Known(source.pk, source.workspace_id, source.kind, needs_consent, origins, source.rate_per_minute, source.dialect)


def forget() -> None:
    """Ask the database again from now on: after a source was changed here, and between tests."""
    with _lock:
        _known.clear()


def allows(origin: str, source: Known) -> bool:
    """Whether pages of `origin` ("https://shop.example") may send to this source; no origin = no browser."""
    return not origin or origin in source.origins


def normal_origin(text: str) -> str:
    """ "https://Shop.example/path" → "https://shop.example". Raises ValueError when it is no web origin."""
    parts = urlsplit(text.strip() if "//" in text else f"https://{text.strip()}")
    if parts.scheme not in ("http", "https") or not parts.hostname or "*" in parts.netloc or parts.username:
        raise ValueError(text)
    default = {"http": 80, "https": 443}[parts.scheme]
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
