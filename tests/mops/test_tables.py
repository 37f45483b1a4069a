import csv
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mops.lib.tables import FORMULA_STARTS, GERMAN, RAW, CsvStyle, Sheet, csv_lines, plain, xlsx

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from("\t="), max_size=20)


@pytest.mark.parametrize("style", [RAW, GERMAN], ids=["raw", "german"])
@given(text=TEXTS, number=st.decimals(-(10**9), 10**9, places=6))
def test_a_row_comes_back_as_it_was_and_never_as_a_formula(style: CsvStyle, text: str, number: Decimal):
    content = b"".join(csv_lines(["a", "b"], [[text, number]], style)).decode("utf-8-sig")
    _header, (cell, amount) = csv.reader(StringIO(content, newline=""), delimiter=style.delimiter)
    assert not cell.startswith(FORMULA_STARTS)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert Decimal(amount.replace(style.decimal_sign, ".")) == number


def test_negative_numbers_stay_numbers():
    assert list(csv_lines(["a"], [[Decimal("-1.50")], [-2]], GERMAN))[1:] == [b"-1,5\r\n", b"-2\r\n"]


def test_amounts_have_no_exponent_and_no_empty_zeros():
    assert [plain(Decimal(text)) for text in ("1E+3", "0.100000", "-0.0000001", "1e-6")] == ["1000", "0.1", "0", "0.000001"]


def test_cells_of_a_workbook_keep_their_types():
    sheet = Sheet("Sample", ["name", "spend", "day", "none"], [["=1+1", Decimal("-1.5"), date(2026, 5, 4), None]], ["", "0.00"])
    (name, spend, day, none) = openpyxl.load_workbook(BytesIO(xlsx([sheet])))["Sample"][2]
    assert (name.value, name.data_type, spend.value, day.value.date(), none.value) == ("'=1+1", "s", -1.5, date(2026, 5, 4), None)
