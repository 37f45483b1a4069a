"""Search for a person in what was sent or uploaded, byte by byte: bodies, refusals, files and their refused lines.

Slow by nature and rare: a request about a person reads what of the last 30 days is kept of the workspace. Bodies are packed, so
they are searched here, the rest by PostgreSQL.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import connection

from tracking import partitions
from tracking.imports import tables
from tracking.models import Event, ImportFile, RefusedRow, Rejection
from tracking.packing import unpack
from tracking.rights import spelling
from tracking.rights.person import Person

SAID = ("properties", "context", "traits", "acquisition", "notes", "name", "group_id")  # fields of an event that hold what was said
ID_KEYS = frozenset({
    "userid", "anonymousid", "previousid", "user_id", "anonymous_id", "previous_id", "id", "customer_id", "customerid",
    "contact_id", "crm_id", "crmid", "customer_number", "customernumber", "customer", "customer_key",
})  # fmt: skip
PAGE = 200  # bodies in memory, packed
BODIES = """
SELECT id, body FROM tracking_rawbody WHERE workspace_id = %(workspace)s AND id > %(after)s AND body <> ''
ORDER BY id LIMIT %(page)s
"""
NAMING = """
SELECT id FROM tracking_event e WHERE workspace_id = %(workspace)s AND received_at >= %(since)s AND received_at < %(until)s
  AND EXISTS (SELECT FROM unnest(%(texts)s::text[]) t WHERE position(t IN lower(
    concat_ws(' ', e.name, e.group_id, e.properties::text, e.context::text, e.traits::text, e.acquisition::text, e.notes::text)
  )) > 0)
"""
# Bytes as text in which every byte is visible, so that broken UTF-8 and NUL can be searched too.
REJECTIONS = """
SELECT r.id FROM tracking_rejection r WHERE r.workspace_id = %(workspace)s AND (length(r.payload) > 0 OR r.detail <> '') AND (
    EXISTS (SELECT FROM unnest(%(needles)s::bytea[]) n
        WHERE position(lower(encode(n, 'escape')) IN lower(encode(r.payload, 'escape'))) > 0)
    OR EXISTS (SELECT FROM unnest(%(texts)s::text[]) t WHERE position(t IN lower(r.detail || ' ' || r.message_id)) > 0))
"""


def raw_bodies(person: Person, brought: Collection[int]) -> list[int]:
    """Bodies that hold the person, besides those that `brought` the person's events."""
    needles = [needle.lower() for needle in _needles(person)]
    searched = ((pk, unpack(kept)) for pk, kept in _bodies(person) if pk not in brought) if needles else ()
    return [pk for pk, body in searched if _holds(body, needles) and is_about(body, person)]


def _bodies(person: Person) -> Iterator[tuple[int, bytes]]:
    """All of the workspace, packed. No server-side cursor: outside a transaction PostgreSQL would first write them all to disk."""
    page, after = PAGE, 0
    with connection.cursor() as cursor:
        while page == PAGE:
            cursor.execute(BODIES, {"workspace": person.workspace.pk, "after": after, "page": PAGE})
            page = cursor.rowcount
            for after, kept in cursor.fetchall():
                yield after, kept


def _holds(body: bytes, needles: Iterable[bytes]) -> bool:
    lowered = body.lower()
    return any(needle in lowered for needle in needles)


def rejections(person: Person) -> list[int]:
    found = []
    for row in Rejection.objects.filter(pk__in=_refused(person)):
        if mentions(f"{row.detail} {row.message_id}", person) or is_about(bytes(row.payload), person):
            found.append(row.pk)
    return found


def events_naming(person: Person) -> Iterator[Event]:
    """Events in whose contents the person is named, whoever sent them. Contents are not encrypted: every month is read."""
    texts = [json.dumps(text, ensure_ascii=False)[1:-1] for text in person.texts]
    for since, until in partitions.months() if texts else ():
        values: dict[str, Any] = {"workspace": person.workspace.pk, "since": since, "until": until, "texts": texts}
        with connection.cursor() as cursor:
            cursor.execute(NAMING, values)
            found = [pk for (pk,) in cursor.fetchall()]
        for event in Event.objects.filter(pk__in=found, received_at__gte=since, received_at__lt=until).order_by("pk"):
            if any(mentions(text, person) for name in SAID for text in texts_in(getattr(event, name))):
                yield event


def _refused(person: Person) -> list[int]:
    """Refusals that may be about the person."""
    values: dict[str, Any] = {"workspace": person.workspace.pk, "needles": _needles(person), "texts": person.texts}
    if not values["needles"]:
        return []
    with connection.cursor() as cursor:
        cursor.execute(REJECTIONS, values)
        return [pk for (pk,) in cursor.fetchall()]


def _needles(person: Person) -> list[bytes]:
    """What stands wherever the person is named, as senders write it."""
    return [form.encode() for form in sorted({*person.escaped, *person.quoted, *map(ascii_form, person.quoted)})]


def ascii_form(quoted: str) -> str:
    """A quoted JSON text as senders write it that escape everything beyond ASCII."""
    return json.dumps(json.loads(quoted))


def is_about(content: bytes, person: Person) -> bool:
    """A telling text anywhere, or a short id where JSON names one."""
    if mentions(content.decode(errors="replace"), person):
        return True
    try:
        return names(json.loads(content), person)
    except (ValueError, RecursionError):
        return False


def mentions(text: str, person: Person) -> bool:
    """Whether one of the person's identifiers stands in it as a whole."""
    lowered = text.lower()
    return any(form in lowered and spelling.is_named(lowered, form, bound) for form, bound in person.escaped.items())


def texts_of(body: bytes, person: Person) -> list[str]:
    """The person's texts that stand in it."""
    lowered = body.decode(errors="replace").lower()
    return [text for text, bound in sorted(person.bounds.items()) if spelling.is_named(lowered, text, bound)]


def texts_in(content: Any) -> Iterator[str]:
    """All keys and values of JSON content."""
    ahead = [content]
    while ahead:
        value = ahead.pop()
        if isinstance(value, dict):
            yield from value
            ahead += value.values()
        elif isinstance(value, list):
            ahead += value
        else:
            yield as_text(value)


def as_text(value: Any) -> str:
    """A JSON value as somebody may have meant an identifier; "" for what is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def names(content: Any, person: Person) -> bool:
    """Whether JSON content names the person: an id of theirs in a field for ids, or a telling text in any value."""
    short = {json.loads(quoted) for quoted in person.quoted}
    ahead = [("", content)]
    while ahead:
        key, value = ahead.pop()
        if isinstance(value, dict):
            ahead += [(str(name).lower(), part) for name, part in value.items()]
        elif isinstance(value, list):
            ahead += [(key, part) for part in value]
        elif (text := as_text(value)) and (mentions(text, person) or (key in ID_KEYS and text in short)):
            return True
    return False


def in_cells(cells: Iterable[Any], person: Person) -> bool:
    """A line of a table is about the person if a cell is one of their identifiers or holds a telling one."""
    values = {value.lower() for value in person.keys}
    texts = [str(cell).strip() for cell in cells]
    return any(text.lower() in values or mentions(text, person) for text in texts if text)


def refused_rows(person: Person) -> list[int]:
    rows = RefusedRow.objects.filter(workspace=person.workspace).values_list("pk", "cells", "reason")
    return [pk for pk, cells, reason in rows.iterator() if in_cells([*cells, reason], person)]


def import_files(person: Person) -> list[int]:
    """Files not yet worked through (imported ones keep no content), and files named after the person."""
    files = ImportFile.objects.filter(workspace=person.workspace)
    named = [pk for pk, name in files.values_list("pk", "name") if mentions(name, person)]
    waiting = files.exclude(content=b"")
    return sorted({*named, *(file.pk for file in waiting if any(in_cells(line.cells, person) for line in lines_of(file)))})


def lines_of(file: ImportFile) -> list[tables.Line]:
    try:
        return tables.read(bytes(file.content)).lines
    except tables.UnableToRead:
        return []
