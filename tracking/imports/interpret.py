"""From the cells of a line to a row of its kind, or the reason why not."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from tracking.imports import values
from tracking.imports.kind import Cell, Given, Kind, Reading
from tracking.imports.tables import Line, Table
from workspaces.models import Workspace


@dataclass(frozen=True)
class Interpreter:
    """Reads the lines of one file with the chosen columns."""

    kind: Kind
    workspace: Workspace
    headers: Sequence[str]
    columns: Mapping[str, str]  # field name → header
    reading: Reading

    def row(self, line: Line) -> Any:
        """What a line says, in the kind's own type. Raises values.Unreadable with the reason."""
        if len(line.cells) > len(self.headers):
            raise values.Unreadable(_("The line has more columns than the header."))
        return self._reader(Given(dict(self._fields(line)), dict(self._extra(line)), self._mapped))

    @cached_property
    def _reader(self) -> Callable[[Given], Any]:
        return self.kind.reader(self.workspace, self.reading)

    @cached_property
    def _mapped(self) -> frozenset[str]:
        return frozenset(name for name, header in self.columns.items() if header)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {header: place for place, header in enumerate(self.headers)}

    def _fields(self, line: Line) -> Iterator[tuple[str, Any]]:
        for field in self.kind.fields:
            if not (header := self.columns.get(field.name)):
                continue
            cell = line.cells[self._places[header]]
            if _is_filled(cell):
                yield field.name, self._read(field.kind, header, cell)
            elif field.required:
                raise values.Unreadable(_("“%(column)s” is empty.") % {"column": header})

    def _extra(self, line: Line) -> Iterator[tuple[str, Any]]:
        for header, how in self.reading.extra.items():
            if header in self._places and _is_filled(cell := line.cells[self._places[header]]):
                yield header, self._read(how, header, cell)

    def _read(self, how: str, header: str, cell: Any) -> Any:
        try:
            return self._value(how, cell)
        except values.Unreadable as error:
            raise values.Unreadable(f"{header}: {error}") from error

    def _value(self, how: str, cell: Any) -> Any:
        match how:
            case "amount":
                return values.amount(cell, self.reading.decimal_sign)
            case "number":
                return values.number(cell, self.reading.decimal_sign)
            case "time":
                return values.instant(cell, self.reading.date_order, self.reading.zone)
            case "flag":
                return values.yes_or_no(cell)
            case _:
                return values.text(cell)


def _is_filled(cell: Any) -> bool:
    return cell is not None and bool(str(cell).strip())


class PreviewLine(NamedTuple):
    number: int
    shown: Sequence[Cell]  # empty where the line would be refused
    reason: str  # "" where the row can be stored
    filled: list[str]  # cells that are not empty


class Preview(NamedTuple):
    lines: Sequence[PreviewLine]  # the first ones
    readable: int  # of all that were looked at
    looked_at: int


def preview(table: Table, interpreter: Interpreter, lines: int = 20) -> Preview:
    """The first lines as they would be stored, with the reasons of those that would not, and how many of the table can be read."""
    read = [_preview_line(line, interpreter) for line in table.lines]
    return Preview(read[:lines], sum(not line.reason for line in read), len(read))


def _preview_line(line: Line, interpreter: Interpreter) -> PreviewLine:
    filled = [str(cell) for cell in line.cells if _is_filled(cell)]
    try:
        return PreviewLine(line.number, interpreter.kind.cells(interpreter.row(line)), "", filled)
    except values.Unreadable as error:
        return PreviewLine(line.number, [], str(error), filled)
