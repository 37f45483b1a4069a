"""One event of a request: checked and made ready for the database, or refused with a reason.

Whatever PostgreSQL would refuse of a jsonb (NUL, lone surrogates, infinite numbers, deep nesting) is refused here, so
that the savepoint per event in `tracking.collector.store` is a net that hardly anything falls into.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

from tracking.collector.limits import DEPTH, DETAIL_CHARACTERS, EVENT_BYTES, ID_CHARACTERS, NAME_CHARACTERS
from tracking.models import Event, Rejection
from tracking.profiles.extract import CRM_KEYS, EMAIL_KEYS, PHONE_KEYS

Reason = Rejection.Reason
TYPES = frozenset(Event.Type.values)
OBJECTS = ("properties", "context", "traits")
ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))  # made once: json.dumps makes one per call
TELLING_TRAITS = (*EMAIL_KEYS, *PHONE_KEYS, *CRM_KEYS)


class Incoming(NamedTuple):
    """An event as its columns; the last three are JSON texts."""

    message_id: str
    type: str
    name: str
    anonymous_id: str
    user_id: str
    previous_id: str
    group_id: str
    original_at: datetime | None
    sent_at: datetime | None
    properties: str
    context: str
    traits: str


class Refusal(NamedTuple):
    place: int  # in the batch, from 0
    reason: str
    detail: str
    payload: bytes  # to look at and replay
    message_id: str = ""
    sent_at: datetime | None = None


class Bad(Exception):
    """Why an event cannot be taken."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, shown(detail)


def shown(text: str) -> str:
    """What was sent, in a form that can be stored and shown."""
    return text.replace("\0", "").encode(errors="replace").decode()[:DETAIL_CHARACTERS]


def event(content: Any, kind: str, sent_at: datetime | None, *, by_traits: bool = False) -> Incoming:
    """`content` as an event of type `kind` ("" = the type it names itself). Raises Bad.

    `by_traits`: an e-mail address, telephone number or CRM id is enough to say who it was, as lists of contacts have no ids.
    """
    if not isinstance(content, dict):
        raise Bad(Reason.NO_OBJECT, type(content).__name__)
    kind = kind or content.get("type")  # type: ignore[assignment]
    if not isinstance(kind, str) or kind not in TYPES:
        raise Bad(Reason.UNKNOWN_TYPE, str(kind)[:40])
    texts = {name: _dump(content, name) for name in OBJECTS}
    ids = {name: _text(content, name, ID_CHARACTERS) for name in ("anonymousId", "userId", "previousId", "groupId", "messageId")}
    named = ids["anonymousId"] or ids["userId"] or (kind == "alias" and ids["previousId"])
    if not named and not (by_traits and _traits_name(content)):
        raise Bad(Reason.NO_IDENTITY)
    if sum(map(len, texts.values())) > EVENT_BYTES:
        raise Bad(Reason.TOO_LARGE, f"more than {EVENT_BYTES} bytes")
    sent = instant(content.get("sentAt")) or sent_at
    original = instant(content.get("originalTimestamp")) or instant(content.get("timestamp"))
    return Incoming(
        ids["messageId"] or _own_id(content, original), kind, _name(content, kind),
        ids["anonymousId"], ids["userId"], ids["previousId"], ids["groupId"],
        original, sent, texts["properties"], texts["context"], texts["traits"],
    )  # fmt: skip


def _traits_name(content: Mapping[str, Any]) -> bool:
    context = content.get("context")
    said = (content.get("traits"), context.get("traits") if isinstance(context, dict) else None)
    return any(isinstance(traits, dict) and traits.get(key) for traits in said for key in TELLING_TRAITS)


def _name(content: Mapping[str, Any], kind: str) -> str:
    if kind == "track":
        name = _text(content, "event", NAME_CHARACTERS)
        if not name:
            raise Bad(Reason.NO_NAME)
        return name
    return _text(content, "name", NAME_CHARACTERS) if kind in ("page", "screen") else ""


def _text(content: Mapping[str, Any], name: str, longest: int) -> str:
    """An id or name. Numbers are ids too, as some shops send them."""
    value = content.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Bad(Reason.BAD_ID, f"{name} is {type(value).__name__}")
    text = str(value)
    if len(text) > longest:
        raise Bad(Reason.BAD_ID, f"{name} is longer than {longest} characters")
    if not storable(text):
        raise Bad(Reason.BAD_TEXT, name)
    return text


def _dump(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if value is None:
        return "{}"
    if not isinstance(value, dict):
        raise Bad(Reason.BAD_FIELD, f"{name} is {type(value).__name__}")
    try:
        text = ENCODER.encode(value) if value else "{}"
    except RecursionError:
        raise Bad(Reason.TOO_DEEP, name) from None
    except ValueError:
        raise Bad(Reason.BAD_NUMBER, name) from None
    if (text.count("{") + text.count("[")) > DEPTH and depth(value) > DEPTH:
        raise Bad(Reason.TOO_DEEP, name)
    if "\\u0000" in text and holds_nul(value):
        raise Bad(Reason.BAD_TEXT, f"{name} holds the character NUL")
    if not storable(text):
        raise Bad(Reason.BAD_TEXT, f"{name} holds half a character")
    return text


def storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: no NUL and no lone surrogate."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def depth(value: Any) -> int:
    """Levels of nesting; stops counting one above the limit."""
    level, layer = 0, [value]
    while layer and level <= DEPTH:
        level += 1
        layer = [inner for outer in layer for inner in _inner(outer) if isinstance(inner, dict | list)]
    return level


def _inner(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or holds_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(holds_nul, value))


def instant(value: Any) -> datetime | None:
    """An ISO 8601 text or milliseconds since 1970 as an aware instant; None when it is neither."""
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _own_id(content: Mapping[str, Any], original: datetime | None) -> str:
    """For senders that give none: the same event with its time, sent again, gets the same id; without a time it cannot."""
    if original is None:
        return f"mops-{uuid4()}"
    same = {name: value for name, value in content.items() if name not in ("sentAt", "writeKey")}
    return "mops-" + sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:40]


def payload(content: Any) -> bytes:
    """The event as JSON bytes again, also where it cannot be stored as text."""
    try:
        return json.dumps(content).encode()[: 2 * EVENT_BYTES]
    except RecursionError:
        return b""


def as_payload(event: Incoming) -> bytes:
    """A parsed event in the form it can be sent in."""
    ids = {
        "messageId": event.message_id, "anonymousId": event.anonymous_id, "userId": event.user_id,
        "previousId": event.previous_id, "groupId": event.group_id,
    }  # fmt: skip
    content = {"type": event.type, **{name: value for name, value in ids.items() if value}}
    content |= {"event" if event.type == "track" else "name": event.name} if event.name else {}
    content |= {"originalTimestamp": event.original_at.isoformat()} if event.original_at else {}
    objects = {name: json.loads(getattr(event, name)) for name in OBJECTS}
    return json.dumps(content | {name: value for name, value in objects.items() if value}).encode()
