"""Turn an uploaded CSV or XLSX file into headers and numbered lines, whatever program wrote it.

pandas is imported on use: it takes most of a second and only imports need it.
"""

import csv
import io
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    import pandas as pd

LARGEST_FILE = 20 * 1024 * 1024  # bytes
LARGEST_UNPACKED = 200 * 1024 * 1024  # of an XLSX: more is a bomb or no table for a browser upload
MOST_COLUMNS = 200
DELIMITERS = ";,\t|"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")  # and archives: how they begin
SAMPLE = 8_000  # characters, of which text has no control characters, or a slip or two
CONTROL = re.compile(r"[\0-\x08\x0e-\x1f]")


class UnableToRead(Exception):
    """The file as a whole cannot be read; the message tells a person what to do."""


class Line(NamedTuple):
    number: int  # as an editor or a spreadsheet counts, the header being 1
    cells: list[Any]  # text from CSV; numbers and datetimes from XLSX; "" where empty


class Table(NamedTuple):
    headers: list[str]  # unique, none empty
    lines: list[Line]  # blank lines left out, their numbers too
    encoding: str  # "utf-8", "cp1252" …, "xlsx"


def read(content: bytes, most: int | None = None) -> Table:
    """The table in the file, by its content, not by its name; at most the first `most` lines. Raises UnableToRead."""
    if len(content) > LARGEST_FILE:
        raise UnableToRead(_("The file is larger than 20 MB. Split it and import the parts."))
    if content.startswith(b"PK\x03\x04"):
        frame, encoding = _read_xlsx(content, most), "xlsx"
        numbers = list(range(1, len(frame) + 1))
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnableToRead(_("This is an old Excel file (.xls). Save it as .xlsx or CSV and upload it again."))
    else:
        text, encoding = _text(content)
        frame = _read_csv(text, most)
        numbers = _line_numbers(frame)
    lines = [
        Line(number, cells) for number, cells in zip(numbers, frame.to_numpy().tolist(), strict=True) if any(map(_filled, cells))
    ]
    if not lines:
        raise UnableToRead(_("The file is empty."))
    headers = unique_headers(lines[0].cells)
    return Table(headers, [line._replace(cells=_even(line.cells, len(headers))) for line in lines[1:]], encoding)


def _text(content: bytes) -> tuple[str, str]:
    """As `decode`, for what is text. Bytes that are valid UTF-8 are, whatever control characters their cells hold."""
    is_picture = content.startswith(PICTURES)
    text, encoding = ("", "") if is_picture else decode(content)
    if is_picture or (not encoding.startswith("utf-8") and _is_binary(text[:SAMPLE])):
        raise UnableToRead(_("This is no table but a picture, a PDF or the like. Upload a CSV or Excel (.xlsx) file."))
    return text, encoding


def decode(content: bytes) -> tuple[str, str]:
    """Text and encoding: byte order marks first, then UTF-8 if it fits, else Windows-1252 as Excel writes it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(content, "utf-16"), "utf-16"
    if content[:200].count(b"\0") > len(content[:200]) // 3:  # UTF-16 without its mark: every other byte is zero
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be"
        return _decoded(content, encoding), encoding
    try:
        return content.decode("utf-8-sig"), "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), "cp1252"


def _is_binary(text: str) -> bool:
    return len(CONTROL.findall(text)) > len(text) / 100


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnableToRead(_("The file is damaged: its text cannot be decoded.")) from error


def delimiter_of(text: str) -> str:
    """The separator that cuts the first lines into the same number of columns, the more the better."""
    if text[:4].lower() == "sep=" and len(text) > 4:  # Excel's own hint
        return text[4]
    sample = [line for line in text[:100_000].splitlines() if line.strip()][:20]

    def score(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(cells) for cells in csv.reader(sample, delimiter=delimiter))
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        return (count / len(sample) if width > 1 else 0.0, width)

    return max(DELIMITERS, key=score) if sample else ","


def _read_csv(text: str, most: int | None) -> "pd.DataFrame":
    import pandas as pd

    delimiter = delimiter_of(text)
    text = text.replace("\0", "")
    hint = text[:4].lower() == "sep="
    width = max((line.count(delimiter) for line in text.splitlines()), default=0) + 1
    try:
        return pd.read_csv(
            io.StringIO("\n" + text.partition("\n")[2] if hint else text), sep=delimiter, header=None,
            names=list(range(min(width, MOST_COLUMNS))), dtype=str, na_filter=False, skip_blank_lines=False,
            index_col=False, nrows=most,
        ).fillna("")  # fmt: skip
    except pd.errors.EmptyDataError as error:
        raise UnableToRead(_("The file is empty.")) from error
    except pd.errors.ParserError as error:
        raise UnableToRead(
            _("The file is no readable table: a quotation mark is not closed, or a line has too many columns.")
        ) from error


def _line_numbers(frame: "pd.DataFrame") -> list[int]:
    """Where each row begins in the text: cells may hold line breaks of their own."""
    begins, line = [], 1
    for row in frame.itertuples(index=False):
        begins.append(line)
        line += 1 + sum(cell.count("\n") for cell in row)
    return begins


def _read_xlsx(content: bytes, most: int | None) -> "pd.DataFrame":
    """Values of the first sheet; formulas give their last computed value, macros are never looked at."""
    import pandas as pd

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > LARGEST_UNPACKED:
                raise UnableToRead(_("The workbook is too large once unpacked. Save the sheet as CSV and upload that."))
            if "xl/workbook.xml" not in archive.namelist():
                raise UnableToRead(_("This is no Excel workbook. Upload a .xlsx or .csv file."))
        return pd.read_excel(io.BytesIO(content), header=None, dtype=object, engine="openpyxl", na_filter=False, nrows=most)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UnableToRead(_("The workbook is damaged. Open it in Excel, save it again and upload that.")) from error


def unique_headers(cells: list[Any]) -> list[str]:
    """Header texts, trailing empty ones cut, others named by place, repeated ones numbered."""
    texts = [" ".join(str(cell).split())[:200] for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    headers: list[str] = []
    for place, text in enumerate(texts, start=1):
        name, number = text or _("Column %(number)s") % {"number": place}, 2
        while name in headers:
            name, number = f"{text} ({number})", number + 1
        headers.append(name)
    return headers


def _even(cells: list[Any], width: int) -> list[Any]:
    """Cells up to the header's width, and any filled ones beyond: they say that the line is cut wrongly."""
    extra = cells[width:]
    return cells[:width] + (extra if any(map(_filled, extra)) else [])


def _filled(cell: Any) -> bool:
    return bool(str(cell).strip())
