"""Reads typed fields out of untrusted JSON and collects what is wrong, by JSON pointer, instead of stopping at the first."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from segments.rules.grammar import LARGEST, LONGEST, MOST_VALUES


class Problem(NamedTuple):
    """`pointer`: RFC 6901, where it is wrong. `message`: for the person who wrote it."""

    pointer: str
    message: str


class BadRule(ValueError):
    """Why a rule cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.pointer}: {problem.message}" for problem in problems))
        self.problems = problems


@dataclass
class Reader:
    """One JSON object. Every method returns a usable value; what was wrong is in `problems`."""

    data: dict[str, Any]
    pointer: str
    problems: list[Problem]
    seen: set[str] = field(default_factory=set)

    def problem(self, name: str, message: str) -> None:
        self.problems.append(Problem(f"{self.pointer}/{escaped(name)}" if name else self.pointer, message))

    def get(self, name: str) -> Any:
        self.seen.add(name)
        return self.data.get(name)

    def choice(self, name: str, allowed: Collection[str], default: str = "") -> str:
        value = self.get(name)
        if value is None and default:
            return default
        if not isinstance(value, str) or value not in allowed:
            self.problem(name, _("Choose one of: %(choices)s.") % {"choices": ", ".join(allowed)})
            return next(iter(allowed))
        return value

    def text(self, name: str, *, missing: str, blank: bool = False) -> str:
        value = self.get(name)
        if value is None and blank:
            return ""
        return self.as_text(name, value, missing=missing, blank=blank)

    def as_text(self, name: str, value: Any, *, missing: str, blank: bool = False) -> str:
        """A text PostgreSQL can hold, without blanks around it."""
        if not isinstance(value, str) or not (blank or value.strip()):
            self.problem(name, missing)
            return ""
        text = value.strip()
        if len(text) > LONGEST:
            self.problem(name, _("Use at most %(count)d characters.") % {"count": LONGEST})
        elif not is_storable(text):
            self.problem(name, _("This has a character that cannot be stored."))
        return text

    def texts(self, name: str, *, missing: str) -> tuple[str, ...]:
        """A list of texts, or one text with commas."""
        value = self.get(name)
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list) or not values or len(values) > MOST_VALUES:
            self.problem(name, missing)
            return ()
        found = [self.as_text(name, _plain(one), missing=missing) for one in values if not _is_blank(one)]
        if not found:
            self.problem(name, missing)
        return tuple(dict.fromkeys(found))

    def number(self, name: str) -> Decimal:
        number = as_number(self.get(name))
        if number is None:
            self.problem(name, _("Compare with a number, such as 49.90."))
        return number or Decimal(0)

    def integer(self, name: str, least: int, most: int) -> int:
        value = as_number(self.get(name))
        if value is None or value != value.to_integral_value() or not least <= value <= most:
            self.problem(name, _("Use a whole number from %(least)d to %(most)d.") % {"least": least, "most": most})
            return least
        return int(value)

    def boolean(self, name: str) -> bool:
        value = self.get(name)
        if not isinstance(value, bool):
            self.problem(name, _("Say true or false."))
        return value is True

    def day(self, name: str) -> date | None:
        value = self.get(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.problem(name, _("Use a date such as 2026-01-31."))
            return None

    def done(self) -> None:
        """Says so where there is more than was read: a misspelt field must not be ignored."""
        for name in sorted(set(map(str, self.data)) - self.seen):
            self.problem(name[:LONGEST], _("This field is unknown here."))


def escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def is_storable(text: str) -> bool:
    """No zero character, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def as_number(value: Any) -> Decimal | None:
    """A JSON number or a text with one; None for anything else and for what is too large."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal) or len(str(value)) > LONGEST:
        return None
    text = str(value).strip()
    try:
        found = Decimal(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except InvalidOperation:
        return None
    if not found.is_finite() or abs(found) >= LARGEST:
        return None
    exponent = found.as_tuple().exponent
    return found if isinstance(exponent, int) and exponent >= -LONGEST else None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value.strip()
