"""A comparison period that a person types in: read and checked, and kept as typed where it makes no sense."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from mops.lib.period import Period

CUSTOM = "custom"
SINCE, LAST = "compare_since", "compare_last"  # the parameters of an address, both days inside
EARLIEST = date(2000, 1, 1)  # before anything was advertised online
LONGEST = 1200  # days; platforms keep 37 months


@dataclass(frozen=True)
class Compared:
    """`since` and `last` as typed. `error` says why they are no `period`, `field` which of them to mend."""

    since: str
    last: str
    period: Period | None = None
    field: str = ""
    error: str = ""


def read(params: Mapping[str, str], today: date) -> Compared:
    """The typed comparison in the parameters of an address."""
    since, last = params.get(SINCE, "").strip(), params.get(LAST, "").strip()
    first, final = day(since), day(last)
    if first is None or final is None:
        field = SINCE if first is None else LAST
        return Compared(since, last, None, field, _no_day(field, since if first is None else last))
    field, error = _problem(first, final, today)
    if error:
        return Compared(first.isoformat(), final.isoformat(), None, field, error)
    return Compared(first.isoformat(), final.isoformat(), Period(first, final + timedelta(days=1)))


def day(text: str) -> date | None:
    """2026-10-31, and 31.10.2026 as it is typed where the browser has no calendar."""
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
    return None


def _no_day(field: str, text: str) -> str:
    if text:
        return _("“%(text)s” is no day.") % {"text": text[:20]}
    return _("Enter the first day of the comparison.") if field == SINCE else _("Enter the last day of the comparison.")


def _problem(first: date, last: date, today: date) -> tuple[str, str]:
    if first < EARLIEST:
        return SINCE, _("The comparison must not begin before 2000.")
    if last < first:
        return LAST, _("The comparison ends before it begins.")
    if last > today:
        return LAST, _("The comparison must not end after today.")
    if (last - first).days >= LONGEST:
        return SINCE, _("The comparison must not be longer than %(days)s days.") % {"days": LONGEST}
    return "", ""
