"""Consents from elsewhere, as a file. A line without full proof is kept as "not proven", which never opens the gate.

What people were shown is proven by a text that was published here before they agreed, or else by its wording, in the line itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from mops.lib import clock
from tracking.blind_index import Indexer, Unidentifiable
from tracking.consent import blanking, files
from tracking.consent.evidence import address_proof
from tracking.consent.ledger import Statement, record_many
from tracking.consent.purposes import UnknownPurpose, purposes_of
from tracking.consent_models import Decision, SubjectKind
from tracking.imports import columns, tables, values
from tracking.models import ConsentText, Purpose
from workspaces import audit
from workspaces.models import User, Workspace

LONGEST_CELL = 500  # characters of any other proof
LONGEST = 5_000  # characters of a wording, as of a text published here
CHUNK = 500  # statements in one transaction
PROOF = ("given_at", "url", "mechanism")  # a grant needs all of them, and what was shown:
TEXT, WORDING = ("text_version", "language"), "wording"  # one or the other
COLUMNS = tuple(field.name for field in files.FIELDS)
RESTRICTING = {Decision.DENIED.value, Decision.WITHDRAWN.value}


class RefusedLine(NamedTuple):
    line: int  # as an editor counts
    reason: str


class Outcome(NamedTuple):
    """All lines of a file are in exactly one of the five."""

    granted: int
    unproven: int
    restricted: int  # denied or withdrawn
    refused: list[RefusedLine]
    silent: int  # the file has decisions, but none for this person


def store(workspace: Workspace, content: bytes, name: str, *, by: User | None) -> Outcome:
    """Write a CSV or XLSX file with the columns of files.FIELDS to the ledger. Raises tables.UnableToRead."""
    table = tables.read(content)
    headers = columns.by_words(files.FIELDS, table.headers)
    if missing := [field.label for field in files.FIELDS if field.required and field.name not in headers]:
        raise tables.UnableToRead(_("The file has no column “%(column)s”.") % {"column": missing[0]})
    places = {column: table.headers.index(header) for column, header in headers.items()}
    dates = columns.cells_of(table, headers["given_at"]) if "given_at" in headers else []
    name = blanking.text(name)
    reader = Reader(workspace, name, str(by) if by else audit.SYSTEM, values.date_order_of(dates) or "ymd")
    for chunk in _chunks(table.lines):
        statements = [s for line in chunk if (s := reader.read(line.number, _cells(line.cells, places))) is not None]
        record_many(workspace, statements)
    decisions = reader.decisions
    restricted = sum(decisions.count(decision) for decision in RESTRICTING)
    outcome = Outcome(decisions.count("granted"), decisions.count("unproven"), restricted, reader.refused, reader.silent)
    with transaction.atomic():
        audit.record(workspace, by, "consent.imported", name, granted=outcome.granted, unproven=outcome.unproven,
                     restricted=restricted, refused=len(outcome.refused))  # fmt: skip
    return outcome


def _chunks(lines: Sequence[tables.Line]) -> Iterator[Sequence[tables.Line]]:
    return (lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK))


def _cells(cells: Sequence[Any], places: Mapping[str, int]) -> dict[str, Any]:
    return {column: cells[place] for column, place in places.items() if place < len(cells)}


def _proof(cells: Mapping[str, str]) -> dict[str, str]:
    """What the line says of how it came about, without the person's address: the ledger cannot forget it."""
    told = {name: cells[name] for name in COLUMNS[2:] if cells.get(name) and name not in ("ip", "url", WORDING)}
    proof = {name: blanking.text(value[:LONGEST_CELL], cells["identifier"]) for name, value in told.items()}
    if url := cells.get("url"):
        proof["url"] = blanking.address(url[:LONGEST_CELL], cells["identifier"])
    if wording := cells.get(WORDING):
        proof[WORDING] = blanking.without(wording[:LONGEST], cells["identifier"])
    return proof


class Reader:
    """Lines of one file → statements; remembers what became of each, and what was asked of the database for others."""

    def __init__(self, workspace: Workspace, name: str, actor: str, order: values.DateOrder = "ymd") -> None:
        self.workspace, self.name, self.actor, self.indexer = workspace, name, actor, Indexer(workspace.pk)
        self.zone, self.order = ZoneInfo(workspace.time_zone), order
        self._purposes: dict[str, Purpose] = {}
        self._texts: dict[tuple[int, str, str], ConsentText | None] = {}
        self.decisions: list[str] = []
        self.refused: list[RefusedLine] = []
        self.silent = 0

    def read(self, number: int, cells: Mapping[str, Any]) -> Statement | None:
        if "decision" in cells and not str(cells["decision"]).strip():
            self.silent += 1
            return None
        try:
            statement = self.statement(number, cells)
        except (Unidentifiable, UnknownPurpose, values.Unreadable) as error:
            self.refused.append(RefusedLine(number, str(error)))
            return None
        self.decisions.append(statement.decision.value)
        return statement

    def statement(self, number: int, cells: Mapping[str, Any]) -> Statement:
        """What a line says; its cells by COLUMNS. Raises Unidentifiable, UnknownPurpose, Unreadable."""
        text = {name: str(cell).strip() for name, cell in cells.items()}
        identifier, purpose = text["identifier"], text["purpose"]
        kind = text.get("kind") or (SubjectKind.EMAIL if "@" in identifier else SubjectKind.PHONE)
        said = files.decision(cells.get("decision", ""))
        given_at = self._given_at(cells.get("given_at"))
        shown = self._text(purpose, text)
        if shown and given_at and shown.published_at > given_at:
            shown = None  # nobody can have read it
        is_shown = shown is not None or bool(text.get(WORDING))
        proven = given_at is not None and is_shown and bool(text.get("url") and text.get("mechanism"))
        proof = {"file": self.name, "line": number, **_proof(text), **address_proof(self.workspace.pk, text.get("ip", ""))}
        decision = said if said != Decision.GRANTED or proven else Decision.UNPROVEN
        subject = self.indexer.subject(kind, identifier)
        return Statement(subject, purpose, decision, "import", shown, given_at, proof, self.actor)

    def _given_at(self, cell: Any) -> datetime | None:
        if cell is None or str(cell).strip() == "":
            return None
        at = values.instant(cell, self.order, self.zone)
        return at if at <= clock.now() else None  # nobody agreed in the future

    def _text(self, purpose: str, cells: Mapping[str, str]) -> ConsentText | None:
        """The version people saw, if the workspace has published it."""
        if purpose not in self._purposes:
            self._purposes[purpose] = purposes_of(self.workspace, [purpose])[purpose]
        version, language = cells.get("text_version", ""), cells.get("language", "")
        if not version.isdecimal():
            return None
        key = self._purposes[purpose].pk, language, version[:9]
        if key not in self._texts:
            texts = ConsentText.objects.filter(purpose=key[0], language=language, version=int(key[2]))
            self._texts[key] = texts.first()
        return self._texts[key]
