"""One person's part of what was sent about several: access hands nobody what is about others (Art. 15(4) GDPR).

Events the person sent, or that only they are in, are whole. Of anything else only the elements and objects that name them are
given, of other people's events only the texts that do.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mops.lib import clock
from tracking.collector import parse
from tracking.imports.kinds import contacts
from tracking.models import RawBody, Rejection
from tracking.profiles import extract
from tracking.profiles.country import country_of
from tracking.rights import finding, searching
from tracking.rights.person import DEVICE_KINDS, Kind, Person

UNPARSED = (Rejection.Reason.MALFORMED, Rejection.Reason.MAPPING)  # refusals that hold what was sent, not an event of it
ADDRESS = re.compile(r"[^\s@\"]+@[^\s@\"]+\.\w")
HOOK = "hook"
LETTERS = re.compile(r"[^a-z0-9]")
IDENTIFYING = frozenset(LETTERS.sub("", key) for key in searching.ID_KEYS) | {
    word for field in contacts.FIELDS if field.name in ("email", "phone", "user_id", "crm_id") for word in field.words.split()
}


def of_body(row: RawBody, person: Person) -> Any:
    """A webhook is whole when all the events it brought are the person's; its own form is known to nobody but its sender."""
    if row.endpoint == HOOK and finding.events(person).filter(raw_id=row.pk).count() == row.received:
        return _read(bytes(row.body))
    return own_part(bytes(row.body), person, is_event=row.endpoint != HOOK)


def of_refusal(row: Rejection, person: Person) -> Any:
    return own_part(bytes(row.payload), person, is_event=row.reason not in UNPARSED)


def own_part(body: bytes, person: Person, *, is_event: bool) -> Any:
    """JSON values only. `is_event`: a body that is no batch is an event of one sender."""
    content = _read(body)
    batch = content.get("batch") if isinstance(content, dict) else None
    if isinstance(batch, list):
        ids = _own_ids(batch, person)
        return [part for item in batch if is_own(item, ids, person) and (part := _of_event(item, ids, person))]
    if is_event and isinstance(content, dict):
        part = _of_event(content, _own_ids([content], person), person)
    else:
        part = _part_of_any(content, person)
    return part or named_in(content, person) or searching.texts_of(body, person)


def _part_of_any(content: Any, person: Person) -> Any:
    """None for what is no JSON, or nested too deeply to be cut."""
    try:
        return None if isinstance(content, str) else cut(content, person)
    except RecursionError:
        return None


def is_own(item: Any, message_ids: set[str], person: Person) -> bool:
    """Whether an element of a batch is the person's event, or names them."""
    return (isinstance(item, dict) and _message_id(item) in message_ids) or searching.names(item, person)


def _read(body: bytes) -> Any:
    """The JSON in it, or the text that is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _own_ids(batch: list[Any], person: Person) -> set[str]:
    """Message ids of the batch that are the person's events."""
    sent = {_message_id(item) for item in batch if isinstance(item, dict)} - {""}
    return set(finding.events(person).filter(message_id__in=sent).values_list("message_id", flat=True))


def _of_event(item: Any, message_ids: set[str], person: Person) -> Any:
    """An event of the person as it came; of somebody else's event the texts that name the person."""
    return item if _is_theirs(item, message_ids, person) else named_in(item, person)


def _message_id(item: dict[str, Any]) -> str:
    """ "" for what is none and was refused: it was kept as it came, also where the database would not take it."""
    said = item.get("messageId")
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    return text if parse.storable(text) else ""


def _is_theirs(item: Any, message_ids: set[str], person: Person) -> bool:
    """By message id, or by who sent it; a device says who only where nothing else does: others may use it too."""
    if not isinstance(item, dict) or _message_id(item) in message_ids:
        return isinstance(item, dict)
    said = extract.identities(_Sent.of(item), country_of(person.workspace.time_zone))
    telling = [one for one in said if one.kind not in DEVICE_KINDS] or said
    own = set(person.values(*Kind.values))
    return any(one.value in own or one.value.lower() in own for one in telling)


@dataclass
class _Sent:
    """An event as it was sent, for `extract`: what cannot be read of it is empty."""

    anonymous_id: str
    user_id: str
    previous_id: str
    context: dict[str, Any]
    traits: dict[str, Any]
    properties: dict[str, Any]
    occurred_at: datetime
    type: str
    id: int = 0

    @classmethod
    def of(cls, item: dict[str, Any]) -> "_Sent":
        visitor, user, before = (searching.as_text(item.get(name)) for name in ("anonymousId", "userId", "previousId"))
        context, traits = (value if isinstance(value := item.get(name), dict) else {} for name in ("context", "traits"))
        return cls(visitor, user, before, context, traits, {}, clock.now(), "alias" if item.get("previousId") else "identify")


def cut(content: Any, person: Person, key: str = "") -> Any:
    """Of lists the elements that name the person; of objects what names them and, if they describe the person, all their fields but
    lists of objects and other people's addresses. `key` is the field in which a list stands."""
    if isinstance(content, list):
        return [cut(item, person) for item in content if searching.names({key: item}, person)]
    if not isinstance(content, dict):
        return content
    is_theirs, kept = _describes(content, person), {}
    for name, value in content.items():
        if searching.names({name: value}, person):
            kept[name] = cut(value, person, name)
        elif is_theirs and not _may_be_of_others(value):
            kept[name] = value
    return kept


def _describes(content: dict[str, Any], person: Person) -> bool:
    """Whether an object is about the person: a field for identifiers holds theirs, and no field of it somebody else's address."""
    said = {name: text for name, value in content.items() if (text := searching.as_text(value))}
    if _holds_another(said.values(), person):
        return False
    return any(
        LETTERS.sub("", name.lower()) in IDENTIFYING and searching.names({name: text}, person) for name, text in said.items()
    )


def _holds_another(texts: Iterable[str], person: Person) -> bool:
    return any(ADDRESS.search(text) and not searching.mentions(text, person) for text in texts)


def of_cells(cells: Iterable[Any], person: Person) -> list[str]:
    """A line of a table; if it holds somebody else's address, only the cells that name the person."""
    texts = [str(cell) for cell in cells]
    return [text for text in texts if searching.in_cells([text], person)] if _holds_another(texts, person) else texts


def _may_be_of_others(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict | list) or _may_be_of_others(item) for item in value)
    return ADDRESS.search(json.dumps(value, ensure_ascii=False)) is not None


def named_in(content: Any, person: Person) -> dict[str, Any]:
    """Only the texts of JSON content that name the person or stand under their name, by the path of each."""
    found: dict[str, Any] = {}
    ahead: list[tuple[str, str, bool, Any]] = [("", "", False, content)] if isinstance(content, dict | list) else []
    while ahead:
        path, key, under, value = ahead.pop()
        if isinstance(value, dict):
            parts = [(str(name), str(name), under or searching.mentions(str(name), person), part) for name, part in value.items()]
        elif isinstance(value, list):
            parts = [(str(number), key, under, part) for number, part in enumerate(value)]
        else:
            parts = []
            if under or searching.names({key: value}, person):
                found[path] = value
        ahead += [(f"{path}.{name}" if path else name, to, named, part) for name, to, named, part in parts]
    return found
