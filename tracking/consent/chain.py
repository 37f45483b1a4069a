"""The hash chain over a workspace's consent events: each event's hash covers its content and the hash before it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext_noop

from tracking.models import ChainHead, ConsentEvent, ConsentText

START = "0" * 64  # what the first event of a workspace is chained to
CHUNK = 2_000
PROOF_TIME = timedelta(days=1095)  # only what is older may have lost its subject: retention alone does it, by the database's clock


class Broken(NamedTuple):
    """The first place where the ledger is not what was written; the reason is a msgid."""

    seq: int
    reason: str


def digest(event: ConsentEvent, *, purpose_key: str, text_sha256: str) -> str:
    """SHA-256 over the event as canonical JSON (sorted keys, UTC microseconds). Texts enter by their own SHA-256."""
    content = {
        "workspace": event.workspace_id, "seq": event.seq, "subject_kind": event.subject_kind, "subject": event.subject,
        "purpose": purpose_key, "decision": event.decision, "at": _instant(event.at), "given_at": _instant(event.given_at),
        "text": text_sha256, "source": event.source, "proof": event.proof, "actor": event.actor, "prev_hash": event.prev_hash,
    }  # fmt: skip
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def storable(value: Any) -> Any:
    """Proof as jsonb gives it back unchanged: text without NUL and lone surrogates, whole numbers, no floats."""
    if isinstance(value, Mapping):
        return {storable(str(name)): storable(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [storable(part) for part in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def verify(workspace_id: int, trusted: str = "") -> Broken | None:
    """Walk the whole chain; None if every link holds. `trusted` is a hash noted elsewhere that must be one of them.

    Of events that lost their subject after years (tracking.rights.retention) links, order, age and emptiness can be checked.
    Statements may be added meanwhile: the end noted before must be on the way, and the end noted after not before the last one.
    """
    if (broken := _broken_text(workspace_id)) is not None:
        return broken
    begun = _head(workspace_id)
    seq, previous, at, seen, end = 0, START, None, not trusted, "" if begun.seq else START
    for event in _events(workspace_id):
        if event.seq != seq + 1:
            return Broken(seq + 1, gettext_noop("missing"))
        if event.prev_hash != previous:
            return Broken(event.seq, gettext_noop("not chained to the event before it"))
        if at and event.at <= at:
            return Broken(event.seq, gettext_noop("earlier than the event before it"))
        if wrong := _wrong(event):
            return Broken(event.seq, wrong)
        seq, previous, at = event.seq, event.hash, event.at
        seen = seen or trusted == event.hash
        end = event.hash if event.seq == begun.seq else end
    if end != begun.hash or seq > _head(workspace_id).seq:
        return Broken(seq + 1, gettext_noop("the chain was cut short"))
    return None if seen else Broken(seq, gettext_noop("the noted hash is not in the chain"))


def _head(workspace_id: int) -> ChainHead:
    return ChainHead.objects.filter(workspace_id=workspace_id).first() or ChainHead(seq=0, hash=START)


def _wrong(event: ConsentEvent) -> str:
    """What of this event alone is not as written; "" if nothing."""
    if event.subject:
        return "" if is_as_written(event) else gettext_noop("content was changed")
    if event.at > timezone.now() - PROOF_TIME:
        return gettext_noop("lost its subject before its time")
    return gettext_noop("lost its subject but not its proof") if event.proof or event.actor else ""


def is_as_written(event: ConsentEvent) -> bool:
    """Whether its content, text and place still give its hash."""
    text_sha256 = event.text.sha256 if event.text else ""
    return digest(event, purpose_key=event.purpose.key, text_sha256=text_sha256) == event.hash


def _events(workspace_id: int) -> Iterator[ConsentEvent]:
    rows = ConsentEvent.objects.filter(workspace_id=workspace_id).select_related("purpose", "text")
    return rows.order_by("seq").iterator(chunk_size=CHUNK)


def _broken_text(workspace_id: int) -> Broken | None:
    """A text that is no longer what was published, named by the first event that rests on it (0: none does)."""
    for text in ConsentText.objects.filter(workspace_id=workspace_id):
        if sha256(text.text.encode()).hexdigest() != text.sha256:
            first = ConsentEvent.objects.filter(text=text).order_by("seq").values_list("seq", flat=True).first()
            return Broken(first or 0, gettext_noop("a published text was changed"))
    return None
