"""One person's part of what was sent about several: access hands nobody what is about others (Art. 15(4) GDPR).

Events the person sent, or that only they are in, are whole. Of anything else only the elements and objects that name them are
given, of other people's events only the texts that do.
"""

import json
import re
from typing import Any

from tracking.models import RawBody, Rejection
from tracking.rights import finding, searching
from tracking.rights.person import Person

SENDERS = ("userId", "anonymousId", "previousId")
UNPARSED = (Rejection.Reason.MALFORMED, Rejection.Reason.MAPPING)  # refusals that hold what was sent, not an event of it
ADDRESS = re.compile(r"[^\s@\"]+@[^\s@\"]+\.\w")
HOOK = "hook"


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
    return part or named_in(content, person) or [text for text in person.texts if text in body.decode(errors="replace").lower()]


def _part_of_any(content: Any, person: Person) -> Any:
    """None for what is no JSON, or nested too deeply to be cut."""
    try:
        return None if isinstance(content, str) else cut(content, person)
    except RecursionError:
        return None


def is_own(item: Any, message_ids: set[str], person: Person) -> bool:
    """Whether an element of a batch is the person's event, or names them."""
    return (isinstance(item, dict) and item.get("messageId") in message_ids) or searching.names(item, person)


def _read(body: bytes) -> Any:
    """The JSON in it, or the text that is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode(errors="replace")


def _own_ids(batch: list[Any], person: Person) -> set[str]:
    """Message ids of the batch that are the person's events."""
    sent = [str(item["messageId"]) for item in batch if isinstance(item, dict) and item.get("messageId")]
    return set(finding.events(person).filter(message_id__in=sent).values_list("message_id", flat=True))


def _of_event(item: Any, message_ids: set[str], person: Person) -> Any:
    """An event of the person as it came; of somebody else's event the texts that name the person."""
    return item if _is_theirs(item, message_ids, person) else named_in(item, person)


def _is_theirs(item: Any, message_ids: set[str], person: Person) -> bool:
    """By message id, by who sent it, or by whom its traits describe."""
    if not isinstance(item, dict) or item.get("messageId") in message_ids:
        return isinstance(item, dict)
    context = item.get("context")
    said = {name: item.get(name) for name in SENDERS}
    said |= {"traits": item.get("traits"), "of_context": context.get("traits") if isinstance(context, dict) else None}
    return searching.names(said, person)


def cut(content: Any, person: Person, key: str = "") -> Any:
    """Of lists the elements that name the person; of objects what names them and, if a field of their own does, all their fields
    but lists of objects and other people's addresses. `key` is the field in which a list stands."""
    if isinstance(content, list):
        return [cut(item, person) for item in content if searching.names({key: item}, person)]
    if not isinstance(content, dict):
        return content
    is_theirs = any(searching.names({name: value}, person) for name, value in content.items() if not isinstance(value, dict | list))
    kept = {}
    for name, value in content.items():
        if searching.names({name: value}, person):
            kept[name] = cut(value, person, name)
        elif is_theirs and not _may_be_of_others(value):
            kept[name] = value
    return kept


def _may_be_of_others(value: Any) -> bool:
    if isinstance(value, list):
        return any(isinstance(item, dict | list) or _may_be_of_others(item) for item in value)
    return ADDRESS.search(json.dumps(value, ensure_ascii=False)) is not None


def named_in(content: Any, person: Person) -> dict[str, Any]:
    """Only the texts of JSON content that name the person, by the path of each."""
    found: dict[str, Any] = {}
    ahead: list[tuple[str, Any]] = [("", content)] if isinstance(content, dict | list) else []
    while ahead:
        path, value = ahead.pop()
        if isinstance(value, dict):
            ahead += [(f"{path}.{name}" if path else name, part) for name, part in value.items()]
        elif isinstance(value, list):
            ahead += [(f"{path}.{number}" if path else str(number), part) for number, part in enumerate(value)]
        elif searching.mentions(f"{path} {value}", person) or searching.names({path.rpartition(".")[2]: value}, person):
            found[path] = value
    return found
