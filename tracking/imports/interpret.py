"""From the cells of a line to an order, or the reason why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from tracking.imports import values
from tracking.imports.columns import FIELDS, Field, Reading
from tracking.imports.tables import Line, Table
from tracking.orders import OrderRow
from tracking.row_rules import order_problem

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Interpreter:
    """Reads the lines of one file with the chosen columns."""

    headers: Sequence[str]
    columns: Mapping[str, str]  # field name → header
    reading: Reading

    def order(self, line: Line) -> OrderRow:
        """The order in a line. Raises values.Unreadable with the reason."""
        if len(line.cells) > len(self.headers):
            raise values.Unreadable(_("The line has more columns than the header."))
        found = {field.name: self._value(field, line) for field in FIELDS if self.columns.get(field.name)}
        given: dict[str, Any] = {"currency": self.reading.currency, "net": self._net(found.get("gross"))}
        given |= {name: value for name, value in found.items() if value is not None}
        row = OrderRow(**given)
        if problem := order_problem(row):
            raise values.Unreadable(problem)
        return row

    def _value(self, field: Field, line: Line) -> Any:
        """What the cell says, None where it is empty."""
        header = self.columns[field.name]
        cell = line.cells[self.headers.index(header)]
        if cell is None or not str(cell).strip():
            if field.required:
                raise values.Unreadable(_("“%(column)s” is empty.") % {"column": header})
            return None
        try:
            return self._read(field, cell)
        except values.Unreadable as error:
            raise values.Unreadable(f"{header}: {error}") from error

    def _read(self, field: Field, cell: Any) -> Any:
        match field.kind:
            case "amount":
                return values.amount(cell, self.reading.decimal_sign)
            case "time":
                return values.instant(cell, self.reading.date_order, self.reading.zone)
            case "flag":
                return values.yes_or_no(cell)
            case _:
                return _text(cell)

    def _net(self, gross: Decimal | None) -> Decimal:
        """Net from gross where the file has no column for it."""
        return ((gross or Decimal(0)) / (1 + Decimal(self.reading.vat_percent) / 100)).quantize(CENT)


def _text(cell: Any) -> str:
    """Spreadsheets hold ids as numbers: 100231.0 is "100231"."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


class PreviewLine(NamedTuple):
    number: int
    row: OrderRow | None
    reason: str  # "" where the row can be stored
    cells: list[str]


def preview(table: Table, interpreter: Interpreter, lines: int = 20) -> list[PreviewLine]:
    """The first lines as they would be stored, with the reasons of those that would not."""
    return [_preview_line(line, interpreter) for line in table.lines[:lines]]


def _preview_line(line: Line, interpreter: Interpreter) -> PreviewLine:
    cells = [str(cell) for cell in line.cells]
    try:
        return PreviewLine(line.number, interpreter.order(line), "", cells)
    except values.Unreadable as error:
        return PreviewLine(line.number, None, str(error), cells)
