"""Everything known about a person, as data and as a page one can read (Art. 15 and 20 GDPR)."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model

from channels.told import Told
from mops.lib import clock
from mops.lib.crypto import seal, unseal
from tracking.models import AccessFile, ConsentText, DataSubjectRequest, ImportFile, RawBody, RefusedRow, Rejection, Ticket
from tracking.profiles.vault import Vault, identity_owner, trait_owner
from tracking.rights import cutting, finding, reading, registry, searching, stripping, why
from tracking.rights.person import Person
from workspaces.models import User

VALID = timedelta(days=7)
LANGUAGES = ("de", "en")
NAMED = ("goal", "purpose", "segment", "source")  # what a row belongs to is shown by its name
Bundle = dict[str, Any]


def bundle(person: Person) -> Bundle:
    """{"about", "why", "purposes", "recipients", "identifiers", "data": {table: [row]}, "mentions", "consent_texts", "sources",
    "kept"}; JSON values only, all words but the person's own in English.

    A row shows its personal fields in clear and the other fields that say when and how much. "mentions" are the texts that name
    the person in events others sent; whose those were is not theirs to know.
    """
    data = {table: list(_rows(table, person)) for table in dict.fromkeys(line.table for line in registry.personal())}
    return {
        "about": {"workspace": person.workspace.name, "made_at": _plain(clock.now()), "format": 1},
        "why": list(why.activities_of(person.workspace, data)),
        "purposes": list(why.purposes(person)),
        "recipients": list(why.recipients(person)),
        "identifiers": [{"kind": kind, "value": value} for kind, value in sorted(person.known)],
        "data": data,
        "mentions": list(_mentions(person, {row["id"] for row in data["tracking.Event"]})),
        "consent_texts": list(_texts(data)),
        "sources": list(_sources(data)),
        "kept": [{"table": line.table, "fields": list(line.fields), "kind": line.kept, "reason": line.reason}
                 for line in registry.personal()],
    }  # fmt: skip


def _mentions(person: Person, own: set[int]) -> Iterator[dict[str, Any]]:
    for event in searching.events_naming(person):
        if event.pk not in own:
            said = {name: getattr(event, name) for name in (*stripping.JSON_FIELDS, "name", "group_id")}
            yield {"event": event.name, "occurred_at": _plain(event.occurred_at), **cutting.named_in(said, person)}


def _rows(table: str, person: Person) -> Iterator[dict[str, Any]]:
    vault = Vault(person.workspace.pk)
    shown = {field for line in registry.personal() if line.table == table for field in line.fields}
    hidden, rows = _hidden(table), finding.rows(table, person)
    named = _names(rows.model, person, {*NAMED} - shown)
    for row in rows.order_by("pk"):
        values = {
            field.name: _plain(getattr(row, field.attname))
            for field in row._meta.concrete_fields
            if field.name not in hidden and (field.name in shown or not field.is_relation)
        }
        values |= {name: names.get(getattr(row, f"{name}_id"), "") for name, names in named.items()}
        yield values | _opened(row, vault) | _parts(row, person)


def _names(model: type[Model], person: Person, wanted: set[str]) -> dict[str, dict[int, str]]:
    """By relation: the names of what its rows can belong to."""
    related = {field.name: field.related_model for field in model._meta.concrete_fields if field.name in wanted}
    return {
        name: dict(to._default_manager.filter(workspace=person.workspace).values_list("pk", "name"))
        for name, to in related.items()
        if to
    }


def _hidden(table: str) -> set[str]:
    """Keys of the installation and secrets: nothing about the person, and none of theirs."""
    secret = {"workspaces.User": {"password"}, "channels.Connection": {"sealed_credentials"}}
    return {"workspace", "sealed", "sealed_identifier", "body", "payload", "content"} | secret.get(table, set())


def _opened(row: Model, vault: Vault) -> dict[str, Any]:
    """What is sealed, in clear."""
    label = row._meta.label
    if label == "tracking.Identity":
        return {"value": vault.open(row.sealed, identity_owner(row.kind, row.index))}  # type: ignore[attr-defined]
    if label == "tracking.Trait" and row.sealed:  # type: ignore[attr-defined]
        return {"value": vault.open(row.sealed, trait_owner(row.identity_id, row.name))}  # type: ignore[attr-defined]
    if isinstance(row, DataSubjectRequest):
        return {"identifier": row.identifier}
    return {}


def _parts(row: Model, person: Person) -> dict[str, Any]:
    """Of what holds several people, only this person's part."""
    if isinstance(row, ImportFile):
        return {
            "lines": [
                cutting.of_cells(line.cells, person) for line in searching.lines_of(row) if searching.in_cells(line.cells, person)
            ]
        }
    if isinstance(row, RawBody):
        return {"body": cutting.of_body(row, person)}
    if isinstance(row, Rejection):
        return {"payload": cutting.of_refusal(row, person)}
    if isinstance(row, RefusedRow):
        cells = cutting.of_cells(row.cells, person)
        is_whole = len(cells) == len(row.cells) or searching.mentions(row.reason, person)
        return {"cells": cells, "reason": row.reason if is_whole else ""}
    if isinstance(row, Ticket):
        return {} if finding.is_addressee(row, person) else {"sent_to": ""}
    return {}


def _texts(data: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """The wording of every text the person agreed to or refused."""
    seqs = [row["seq"] for row in data["tracking.ConsentEvent"]]
    pks = {row["id"] for row in data["tracking.ConsentEvent"]}
    events = apps.get_model("tracking.ConsentEvent").objects.filter(pk__in=pks, seq__in=seqs).exclude(text=None)
    for text in ConsentText.objects.filter(pk__in=events.values("text")).select_related("purpose"):
        yield {"purpose": text.purpose.key, "language": text.language, "version": text.version, "text": text.text,
               "published_at": _plain(text.published_at)}  # fmt: skip


def _sources(data: dict[str, list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    """Where the data comes from (Art. 15(1)(g))."""
    for source in why.sources_of(data):
        yield {"name": source.name, "kind": source.kind, "consent_mode": source.consent_mode, "legal_basis": source.legal_basis}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | Told):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


def as_json(content: Bundle) -> bytes:
    """Half a character, which UTF-8 has not, stays the escape it came as."""
    return json.dumps(content, ensure_ascii=False, indent=2).encode(errors="backslashreplace")


def as_zip(content: Bundle) -> bytes:
    """data.json and a readable page in each language."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(content))
        for language in LANGUAGES:
            archive.writestr(f"data-{language}.html", reading.page(content, language).encode(errors="backslashreplace"))
    return file.getvalue()


def keep(request: DataSubjectRequest, user: User, content: bytes) -> AccessFile:
    """The zip, sealed, for this member and seven days."""
    at = clock.now()
    made = AccessFile(workspace=request.workspace, request=request, created_by=user, created_at=at, expires_at=at + VALID)
    made.sealed = seal({"zip": content.hex()}, made.owner)
    made.save()
    return made


def content_of(file: AccessFile) -> bytes:
    return bytes.fromhex(unseal(bytes(file.sealed), file.owner)["zip"])
