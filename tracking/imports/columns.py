"""Which column of a file is what: the fields of its kind, the words exports head them with, and what was saved last time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tracking.imports.kind import Field, Kind, Reading
from tracking.imports.tables import Table
from tracking.imports.values import are_numbers, date_order_of, decimal_sign_of, is_ambiguous
from tracking.models import ColumnMapping
from workspaces.models import Workspace

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
LOOKED_AT = 1_000  # cells of a column
GERMAN = re.compile(  # in `plain` headers; none is part of an English one
    r"vorname|nachname|strasse|telefon|kunde|datum|betrag|bestell|zeitpunkt|ereignis|umsatz|geburt|anrede|plz|einwilligung|firma"
)


@dataclass(frozen=True)
class Proposal:
    """What the page suggests before a person confirms."""

    columns: Mapping[str, str]  # field name → header
    reading: Mapping[str, Any]  # values of Reading; those that must be asked are missing
    ambiguous: str  # an amount that can be read in two ways, "" if there is none
    is_saved: bool  # from an earlier file with these headers
    further: Mapping[str, str]  # header → what its cells are, of columns beyond the fields: kept only where somebody chooses it


def propose(workspace: Workspace, kind: Kind, table: Table) -> Proposal:
    """The saved answer for these headers, else what the headers and the cells themselves tell.

    Columns that are no field are left out until somebody chooses what to keep (Art. 25(2) GDPR).
    """
    if saved := _saved(workspace, kind, table.headers):
        return Proposal(saved.columns, saved.options, "", True, _further(kind, table, saved.columns))
    columns = by_words(kind.fields, table.headers)
    further = _further(kind, table, columns)
    numbers = [cell for header in _number_columns(kind, columns, further) for cell in cells_of(table, header)]
    reading: dict[str, Any] = {"time_zone": workspace.time_zone, "currency": workspace.currency, "vat_percent": "19"}
    ambiguous = next((str(cell) for cell in numbers if is_ambiguous(cell)), "")
    is_german = any(map(_is_german, table.headers))
    if sign := decimal_sign_of(numbers) or ("" if ambiguous else "," if is_german else "."):
        reading["decimal_sign"], ambiguous = sign, ""
    if order := _date_order(kind, table, columns, "dmy" if is_german else "ymd"):
        reading["date_order"] = order
    return Proposal(columns, reading, ambiguous, False, further)


def _is_german(header: str) -> bool:
    return bool(GERMAN.search(plain(header)) or set(header.lower()) & set("äöüß"))


def _saved(workspace: Workspace, kind: Kind, headers: list[str]) -> ColumnMapping | None:
    """The answer for these headers, or for fewer: a file of refused lines has its reasons as columns more."""
    mappings = ColumnMapping.objects.filter(workspace=workspace, kind=kind.key).order_by("-updated_at")
    return mappings.filter(headers=headers).first() or mappings.filter(headers__contained_by=headers).first()


def save(workspace: Workspace, kind: Kind, headers: Sequence[str], columns: Mapping[str, str], reading: Reading) -> None:
    """Remember the answer for the next file of this kind with the same headers."""
    ColumnMapping.objects.update_or_create(
        workspace=workspace,
        kind=kind.key,
        headers=list(headers),
        defaults={"columns": columns, "options": asdict(reading)},
    )


def cells_of(table: Table, header: str) -> list[Any]:
    """The column's first thousand cells."""
    place = table.headers.index(header)
    return [line.cells[place] for line in table.lines[:LOOKED_AT]]


def _further(kind: Kind, table: Table, columns: Mapping[str, str]) -> dict[str, str]:
    """Columns beyond the fields, as numbers where all their cells are."""
    if not kind.extra:
        return {}
    rest = [header for header in table.headers if header not in columns.values()]
    return {header: "number" if are_numbers(cells_of(table, header)) else "text" for header in rest}


def _number_columns(kind: Kind, columns: Mapping[str, str], further: Mapping[str, str]) -> Iterable[str]:
    yield from (columns[field.name] for field in kind.fields if field.kind == "amount" and field.name in columns)
    yield from (header for header, how in further.items() if how == "number")


def _date_order(kind: Kind, table: Table, columns: Mapping[str, str], usual: str) -> str:
    """As the columns of times tell; "" where they do not. Files without times need no answer: what is usual there will do."""
    times = [field for field in kind.fields if field.kind == "time"]
    found = [cell for field in times if field.name in columns for cell in cells_of(table, columns[field.name])]
    if not found and not any(field.required for field in times):
        return usual
    return date_order_of(found) or ""


def by_words(fields: Sequence[Field], headers: Sequence[str]) -> dict[str, str]:
    """Field → header, each header at most once; earlier words of a field weigh more."""
    by_plain = {plain(header): header for header in reversed(headers)}
    found: dict[str, str] = {}
    for field in fields:
        for word in field.words.split():
            if word in by_plain and by_plain[word] not in found.values():
                found[field.name] = by_plain[word]
                break
    return found


def plain(header: str) -> str:
    """Its letters and digits alone, as the words of fields are written."""
    return re.sub(r"[^a-z0-9]", "", header.lower().translate(UMLAUTS))
