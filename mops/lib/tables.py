"""Tables as files: CSV for machines, CSV that German Excel opens by double click, and XLSX. None carries a formula.

Every export goes through here: a text that a spreadsheet would take for a formula gets an apostrophe, numbers stay numbers.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
PLACES = Decimal("0.000001")  # what the database keeps


@dataclass(frozen=True)
class CsvStyle:
    delimiter: str
    decimal_sign: str
    byte_order_mark: bool


RAW = CsvStyle(",", ".", byte_order_mark=False)
GERMAN = CsvStyle(";", ",", byte_order_mark=True)


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook. `formats` are number formats by column, "" for text and days."""

    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[Any]]
    formats: Sequence[str] = ()
    freeze_header: bool = True


class _Echo:
    def write(self, line: str) -> str:
        return line


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]], style: CsvStyle = GERMAN) -> Iterator[bytes]:
    """The file line by line, for a streaming response. UTF-8, days in ISO 8601, unknown values empty."""
    writer = csv.writer(_Echo(), delimiter=style.delimiter)
    yield (b"\xef\xbb\xbf" if style.byte_order_mark else b"") + _line(writer, header, style)
    for row in rows:
        yield _line(writer, row, style)


def _line(writer: Any, row: Sequence[Any], style: CsvStyle) -> bytes:
    return str(writer.writerow([_text(value, style) for value in row])).encode()


def _text(value: Any, style: CsvStyle) -> Any:
    if isinstance(value, Decimal | float):
        return plain(value).replace(".", style.decimal_sign)
    return harmless(value)


def plain(value: Decimal | float) -> str:
    """Without exponent and trailing zeros, at most six decimals."""
    text = f"{Decimal(value).quantize(PLACES):f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def harmless(value: Any) -> Any:
    """Numbers and days stay as they are; text cannot start a formula."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook with typed cells."""
    import xlsxwriter

    file = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for sheet in sheets:
            _write_sheet(book, sheet, bold)
    return file.getvalue()


def _write_sheet(book: Any, sheet: Sheet, bold: Any) -> None:
    page = book.add_worksheet(sheet.title)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    formats = [book.add_format({"num_format": text}) if text else None for text in sheet.formats]
    page.set_column(0, max(len(sheet.header) - 1, 0), 18)
    if sheet.freeze_header:
        page.freeze_panes(1, 0)
    for column, label in enumerate(sheet.header):
        page.write_string(0, column, str(harmless(label)), bold)
    for line, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            _write_cell(page, line, column, value, formats[column] if column < len(formats) else None, day)


def _write_cell(page: Any, line: int, column: int, value: Any, number: Any, day: Any) -> None:
    if value is None:
        page.write_blank(line, column, None)
    elif isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        page.write_number(line, column, float(value), number)
    elif isinstance(value, date) and not isinstance(value, datetime):
        page.write_datetime(line, column, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001  a day
    else:
        page.write_string(line, column, str(harmless(str(value))))
