"""Numbers and times as people write them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from tracking.imports.values import Unreadable, amount, date_order_of, decimal_sign_of, instant, is_ambiguous, yes_or_no

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("cell", "sign", "expected"),
    [
        ("1.234,56", ",", "1234.56"), ("1,234.56", ".", "1234.56"), ("1.234", ",", "1234"), ("1.234", ".", "1.234"),
        ("12,5", ",", "12.5"), ("12.50 €", ".", "12.50"), ("1 234,56 €", ",", "1234.56"), ("1’234.50", ".", "1234.50"),
        ("EUR 7", ",", "7"), ("-3,00", ",", "-3.00"), ("1.234.567,8", ",", "1234567.8"), (12.1, ",", "12.1"), (7, ".", "7"),
    ],
)  # fmt: skip
def test_it_reads_amounts(cell: Any, sign: Any, expected: str) -> None:
    assert amount(cell, sign) == Decimal(expected)


@pytest.mark.parametrize(
    ("cell", "sign"), [("12.50", ","), ("1,5", "."), ("1.23.4", ","), ("12 Stück", ","), ("", "."), ("1e5", ".")]
)
def test_it_refuses_amounts_that_do_not_fit(cell: str, sign: Any) -> None:
    with pytest.raises(Unreadable, match="“"):
        amount(cell, sign)


@given(st.decimals(0, 10**9, places=2), st.sampled_from([("de_DE", ","), ("en_GB", "."), ("de_CH", ".")]))
def test_it_reads_back_what_these_countries_write(value: Decimal, country: tuple[str, Any]) -> None:
    assert amount(format_decimal(value, locale=country[0], decimal_quantization=False), country[1]) == value


def test_it_takes_the_decimal_sign_only_from_proof() -> None:
    assert decimal_sign_of(["1.234", "1.234,56", "7"]) == ","
    assert decimal_sign_of(["1,234", "12.5"]) == "."
    assert decimal_sign_of(["1.234", "7"]) is None
    assert decimal_sign_of(["1,5", "1.5"]) is None
    assert is_ambiguous("1.234")
    assert not is_ambiguous("1234")


@pytest.mark.parametrize(
    ("cell", "order", "expected"),
    [
        ("31.10.2026", "dmy", datetime(2026, 10, 31, 11, tzinfo=UTC)),
        ("31.10.2026 14:05", "dmy", datetime(2026, 10, 31, 13, 5, tzinfo=UTC)),
        ("31.10.2026, 14:05:09 Uhr", "dmy", datetime(2026, 10, 31, 13, 5, 9, tzinfo=UTC)),
        ("10/31/2026 2:05 PM", "mdy", datetime(2026, 10, 31, 13, 5, tzinfo=UTC)),
        ("2026-10-31T14:05:00Z", "dmy", datetime(2026, 10, 31, 14, 5, tzinfo=UTC)),
        ("2026-10-31 14:05:00.123 +0100", "ymd", datetime(2026, 10, 31, 13, 5, tzinfo=UTC)),
        (datetime(2026, 7, 1, 9, 30), "ymd", datetime(2026, 7, 1, 7, 30, tzinfo=UTC)),  # noqa: DTZ001
    ],
)
def test_it_reads_times_in_the_chosen_zone(cell: Any, order: Any, expected: datetime) -> None:
    assert instant(cell, order, BERLIN) == expected


@pytest.mark.parametrize("cell", ["31.02.2026", "32.1.2026", "1.1.26", "morgen", "31.10.2026 25:00", "31.10.2026 viel"])
def test_it_refuses_what_is_no_date(cell: str) -> None:
    with pytest.raises(Unreadable):
        instant(cell, "dmy", BERLIN)


def test_it_takes_the_date_order_only_from_proof() -> None:
    assert date_order_of(["2026-10-01"]) == "ymd"
    assert date_order_of(["01.02.2026", "03.04.2026"]) == "dmy"
    assert date_order_of(["01/02/2026", "31/01/2026"]) == "dmy"
    assert date_order_of(["01/02/2026", "01/31/2026"]) == "mdy"
    assert date_order_of(["01/02/2026"]) is None


def test_it_reads_yes_and_no_in_two_languages() -> None:
    assert [yes_or_no(cell) for cell in ("Ja", "no", 1, "FALSCH")] == [True, False, True, False]
    with pytest.raises(Unreadable):
        yes_or_no("vielleicht")
