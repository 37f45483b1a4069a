"""From the words of a URL to a Query: pages and API read their query strings here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from mops.lib.period import COMPARISONS, PRESETS, Period
from reporting.comparing import CUSTOM
from reporting.dimensions import DIMENSIONS, parse_value
from reporting.question import QueryError

FIRST, LAST = date(2000, 1, 1), date(2100, 1, 1)
LONGEST = 3_700  # days: ten years, three times what platforms keep
LARGEST_ID = 2**63 - 1


def period_of(preset: str, since: date | None, until: date | None, today: date) -> Period:
    """`since` and `until` (the day after the last one) win over the preset."""
    if since is None and until is None:
        return PRESETS[preset](today)
    return _own_period(since, until)


def comparison_of(name: str, since: date | None, until: date | None, period: Period) -> Period | None:
    """The period to compare with; `since` and `until` (the day after the last one) win over the name."""
    if name != CUSTOM and since is None and until is None:
        shift = COMPARISONS.get(name)
        return shift(period) if shift else None
    return _own_period(since, until, prefix="comparison_")


def _own_period(since: date | None, until: date | None, prefix: str = "") -> Period:
    """Raises QueryError with the name of the wrong parameter."""
    if since is None or until is None:
        field = prefix + ("until" if since else "since")
        raise QueryError(field, _("A period of your own needs both since and until."))
    if not (FIRST <= since < until <= LAST):
        raise QueryError(f"{prefix}since", _("The period must start before it ends, between 2000 and 2100."))
    if (until - since).days > LONGEST:
        raise QueryError(f"{prefix}since", _("The period is longer than ten years."))
    return Period(since, until)


def names_of(text: str) -> tuple[str, ...]:
    """Words separated by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def filters_of(texts: Iterable[str]) -> Mapping[str, Sequence[Any]]:
    """`channel:display,video` → {"channel": ["display", "video"]}."""
    found: dict[str, list[Any]] = {}
    for text in texts:
        dimension, colon, values = text.partition(":")
        if not colon or dimension not in DIMENSIONS:
            raise QueryError("filter", _("A filter looks like channel:display,video."))
        found.setdefault(dimension, []).extend(_value(dimension, value.strip()) for value in values.split(","))
    return found


def _value(dimension: str, text: str) -> Any:
    try:
        value = parse_value(dimension, text)
    except ValueError as error:
        raise QueryError("filter", _("“%(value)s” is no value of %(dimension)s.") % {
            "value": text, "dimension": dimension}) from error  # fmt: skip
    if "\x00" in text or (isinstance(value, int) and abs(value) > LARGEST_ID):
        raise QueryError("filter", _("This value cannot exist."))
    return value
