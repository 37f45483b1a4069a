"""Read numbers and times as people and shops write them. Nothing is guessed silently: what could mean two things is refused
with the reason, and the reading (decimal sign, order of day and month) is chosen once per file."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

DecimalSign = Literal[",", "."]
DateOrder = Literal["ymd", "dmy", "mdy"]
DECORATION = re.compile(r"[\s\u00a0\u202f'’€$£]|EUR|USD|GBP|CHF")
NUMBER = {
    ",": re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"),
    ".": re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"),
}
DATES: dict[str, re.Pattern[str]] = {
    "ymd": re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?:[T ]+(?P<time>.+))?"),
    "dmy": re.compile(r"(?P<day>\d{1,2})[-/.] ?(?P<month>\d{1,2})[-/.] ?(?P<year>\d{4})(?:,? +(?P<time>.+))?"),
    "mdy": re.compile(r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})[-/.](?P<year>\d{4})(?:,? +(?P<time>.+))?"),
}
TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?Uhr)?(?P<offset> ?(?:Z|[+-]\d{2}:?\d{2}))?"
)
CODE = re.compile(r"0\d|\+|.{16}")
LARGEST = 10**15  # JavaScript and JSON keep whole numbers up to here
YES, NO = (
    {"1", "true", "yes", "ja", "j", "y", "wahr", "neu", "new"},
    {"0", "false", "no", "nein", "n", "falsch", "alt", "returning"},
)


class Unreadable(ValueError):
    """A cell that cannot be read; the message tells why."""


def amount(cell: Any, decimal_sign: DecimalSign) -> Decimal:
    """The number in a cell. Text is read with `decimal_sign`; the other sign may only separate thousands."""
    if isinstance(cell, int | float | Decimal) and not isinstance(cell, bool):
        return Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    text = DECORATION.sub("", str(cell))
    if not NUMBER[decimal_sign].fullmatch(text):
        raise Unreadable(_not_a_number(str(cell), text, decimal_sign))
    thousands = "." if decimal_sign == "," else ","
    return Decimal(text.replace(thousands, "").replace(",", "."))


def number(cell: Any, decimal_sign: DecimalSign) -> int | float:
    """The number in a cell as JSON writes it."""
    found = amount(cell, decimal_sign)
    if not found.is_finite() or abs(found) >= LARGEST:
        raise Unreadable(_("“%(cell)s” is no number.") % {"cell": str(cell)[:40]})
    return int(found) if found == found.to_integral_value() else float(found)


def are_numbers(cells: Iterable[Any]) -> bool:
    """Whether a column holds numbers to reckon with: every filled cell is one, and none is a code (007, +49 …, 16 digits)."""
    filled = [cell for cell in cells if str(cell).strip()]
    return bool(filled) and all(_is_number(cell) for cell in filled)


def _is_number(cell: Any) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, int | float) and not isinstance(cell, bool)
    text = DECORATION.sub("", cell)
    return not CODE.match(text) and any(pattern.fullmatch(text) for pattern in NUMBER.values())


def text(cell: Any) -> str:
    """Spreadsheets hold ids as numbers: 100231.0 is "100231"."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat()
    return str(cell).strip()


def _not_a_number(cell: str, text: str, decimal_sign: DecimalSign) -> str:
    other: DecimalSign = "." if decimal_sign == "," else ","
    if NUMBER[other].fullmatch(text):
        return _("“%(cell)s” does not fit the chosen decimal sign “%(sign)s”.") % {
            "cell": cell[:40],
            "sign": decimal_sign,
        }
    return _("“%(cell)s” is no number.") % {"cell": cell[:40]}


def decimal_sign_of(cells: Iterable[Any]) -> DecimalSign | None:
    """What the column itself proves. None: nothing does ("1.234" may be 1,234 or 1.234), or it contradicts itself."""
    proofs = {proof for cell in cells if isinstance(cell, str) and (proof := _proof(DECORATION.sub("", cell)))}
    return proofs.pop() if len(proofs) == 1 else None  # type: ignore[return-value]


def _proof(text: str) -> str:
    """The decimal sign this number proves, "" if it proves none."""
    fits = [sign for sign, pattern in NUMBER.items() if pattern.fullmatch(text)]
    return fits[0] if len(fits) == 1 else ""


def is_ambiguous(cell: Any) -> bool:
    """Whether the number reads differently with the two decimal signs."""
    text = DECORATION.sub("", str(cell))
    return isinstance(cell, str) and all(p.fullmatch(text) for p in NUMBER.values()) and ("," in text or "." in text)


def instant(cell: Any, order: DateOrder, zone: ZoneInfo) -> datetime:
    """The instant in a cell, UTC. Times without an offset are in `zone`; days without a time are their noon."""
    if isinstance(cell, datetime):
        return (cell if cell.tzinfo else cell.replace(tzinfo=zone)).astimezone(UTC)
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day, 12, tzinfo=zone).astimezone(UTC)
    text = str(cell).strip()
    if not (match := DATES[order].fullmatch(text) or DATES["ymd"].fullmatch(text)):
        raise Unreadable(_("“%(cell)s” is no date in the chosen format.") % {"cell": text[:40]})
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        return _at(day, match["time"] or "12:00", zone)
    except ValueError as error:
        raise Unreadable(_("“%(cell)s” is no day of the calendar or time of the day.") % {"cell": text[:40]}) from error


def _at(day: date, time: str, zone: ZoneInfo) -> datetime:
    match = TIME.fullmatch(time.strip())
    if not match:
        raise ValueError(time)
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if half := (match["half"] or "").lower():
        hour = hour % 12 + (12 if half == "p" else 0)
    offset = (match["offset"] or "").strip()
    tzinfo = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").tzinfo if offset else zone
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=tzinfo).astimezone(UTC)


def date_order_of(cells: Iterable[Any]) -> DateOrder | None:
    """The order of day, month and year that reads most dates of the column; None if two read as many (or none does)."""
    texts = [str(cell) for cell in cells if isinstance(cell, str) and cell.strip()]
    orders: tuple[DateOrder, ...] = ("ymd", "dmy", "mdy")
    readable = {order: sum(_reads(text, order) for text in texts) for order in orders}
    most = max(readable.values())
    best = [order for order in orders if readable[order] == most > 0]
    if best == ["dmy", "mdy"] and any("." in text for text in texts):
        return "dmy"  # nobody writes months first with dots
    return best[0] if len(best) == 1 else None


def _reads(text: str, order: DateOrder) -> bool:
    if not DATES[order].fullmatch(text.strip()):
        return False
    try:
        instant(text, order, ZoneInfo("UTC"))
    except Unreadable:
        return False
    return True


def yes_or_no(cell: Any) -> bool:
    word = str(cell).strip().lower()
    if word not in YES | NO:
        raise Unreadable(_("“%(cell)s” is neither yes nor no.") % {"cell": str(cell)[:40]})
    return word in YES
