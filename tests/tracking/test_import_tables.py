"""Files as programs really write them."""

import io
from datetime import datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.imports.tables import UnableToRead, read

GERMAN = "Bestellnummer;Datum;Betrag\nA-1;01.10.2026;1.234,56\nA-2;02.10.2026;9,90\nMüller;03.10.2026;5,00\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_it_reads_every_usual_encoding(encoding: str) -> None:
    table = read(GERMAN.encode(encoding))
    assert table.headers == ["Bestellnummer", "Datum", "Betrag"]
    assert [line.cells[0] for line in table.lines] == ["A-1", "A-2", "Müller"]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_it_finds_the_delimiter(delimiter: str) -> None:
    rows = [["id", "when", "paid"], ["1", "2026-10-01", '"1,50"'], ["2", "2026-10-02", '"2;50"']]
    table = read("\r\n".join(delimiter.join(row) for row in rows).encode())
    assert [line.cells for line in table.lines] == [["1", "2026-10-01", "1,50"], ["2", "2026-10-02", "2;50"]]


def test_it_obeys_the_hint_excel_writes() -> None:
    table = read(b"sep=|\nid|a;b;c\n1|2;3;4\n")
    assert (table.headers, table.lines) == (["id", "a;b;c"], [(3, ["1", "2;3;4"])])


def test_it_counts_lines_as_an_editor_does() -> None:
    table = read(b'id,note\n1,"two\nlines"\n\n2,x\n')
    assert [line.number for line in table.lines] == [2, 5]


def test_it_keeps_cells_beyond_the_header_so_that_the_line_can_be_refused() -> None:
    table = read(b"id,paid\n1,12,50\n2,13\n")
    assert [line.cells for line in table.lines] == [["1", "12", "50"], ["2", "13"]]


def test_it_reads_workbooks_with_their_types_and_line_numbers() -> None:
    book = openpyxl.Workbook()
    at = datetime(2026, 10, 1, 9, 30)  # noqa: DTZ001  spreadsheets know no zones
    for row in (["id", "when", "paid"], [100231, at, 12.5], [], ["A-2", "02.10.2026", "9,90"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    table = read(file.getvalue())
    assert [line.number for line in table.lines] == [2, 4]
    assert table.lines[0].cells == [100231, at, 12.5]


def test_it_names_headers_so_that_each_can_be_chosen() -> None:
    assert read(b"id,,price,price\n1,2,3,4\n").headers == ["id", "Column 2", "price", "price (2)"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n\n", b"\xd0\xcf\x11\xe0old excel", b"PK\x03\x04 no zip", b'id;a\n1;"never closed\n2;3\n', b"\xff\xfea",
     b"x" * (20 * 1024 * 1024 + 1)],
    ids=["empty", "blank", "xls", "zip", "quote", "utf-16", "large"],
)  # fmt: skip
def test_it_says_what_to_do_about_files_it_cannot_read(content: bytes) -> None:
    with pytest.raises(UnableToRead) as error:
        read(content)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\n;\n;", b"%PDF-1.7\n1 0 obj\n", b"\x1f\x8b\x08\0\0",
        bytes(range(256)) * 40, b"MZ" + b"\0\x01" * 300, b"\0\x02" + bytes(600),
    ],
    ids=["png", "pdf", "gzip", "bytes", "program", "zeros"],
)  # fmt: skip
def test_what_is_no_text_is_refused_as_such(content: bytes) -> None:
    with pytest.raises(UnableToRead, match="no table but a picture"):
        read(content)


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_characters='\0\r\n";,\t|\x1c\x1d\x1e\x85\u2028\u2029\x0b\x0c'),
            max_size=8,
        ),
        min_size=1,
    )
)
def test_no_line_is_lost(notes: list[str]) -> None:
    text = "id;note\n" + "".join(f"{n};{note}\n" for n, note in enumerate(notes))
    assert [line.number for line in read(text.encode()).lines] == list(range(2, len(notes) + 2))
