"""Numbers, money and days as people write them, in the active language.

de: 1.234,50 € · 3,4 % · 31.10.2026; en: €1,234.50 · 3.4% · 31 Oct 2026. Built in: no {% load %} needed.
None is unknown or undefined and shows as a dash, never as zero.
"""

import datetime as dt
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale, dates, numbers
from django import template
from django.template.defaultfilters import date as django_date
from django.utils import timezone
from django.utils.translation import get_language

from mops.lib.period import Period

register = template.Library()
DASH = "–"
LOCALES = {"de": "de_DE", "en": "en_GB"}
Number = Decimal | float | int


def locale() -> str:
    """Babel's name for the active language. English is international: 31 Oct 2026."""
    return LOCALES.get((get_language() or "en")[:2], "en_GB")


def babel_locale() -> Locale:
    """What Babel knows of it: looking it up by name takes longer than writing a number."""
    return _known(locale())


@cache
def _known(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(4096)
def _day(day: dt.date, name: str) -> str:
    return dates.format_date(day, "medium", locale=_known(name))


@register.filter
def money(value: Number | None, currency: str = "EUR") -> str:
    """Amount with its currency sign, in the currency's own decimals."""
    return DASH if value is None else numbers.format_currency(value, currency, locale=babel_locale())


@register.filter
def whole_money(value: Number | None, currency: str = "EUR") -> str:
    """Amount without decimals, for headlines and axes."""
    if value is None:
        return DASH
    pattern = "#,##0\u00a0¤" if locale() == "de_DE" else "¤#,##0"
    return numbers.format_currency(value, currency, format=pattern, locale=babel_locale(), currency_digits=False)


@register.filter
def number(value: Number | None, digits: int = 0) -> str:
    """Grouped number with exactly `digits` decimals."""
    if value is None:
        return DASH
    return numbers.format_decimal(value, format="#,##0" + _decimals(digits), locale=babel_locale())


@register.filter
def percent(value: Number | None, digits: int = 1) -> str:
    """A fraction as percent: 0.034 is 3,4 %."""
    if value is None:
        return DASH
    sign = "\u00a0%" if locale() == "de_DE" else "%"
    return numbers.format_percent(value, format="#,##0" + _decimals(digits) + sign, locale=babel_locale())


@register.filter
def ratio(value: Number | None, digits: int = 2) -> str:
    """A factor such as ROAS: 3,86."""
    return number(value, digits)


def _decimals(digits: int) -> str:
    return "." + "0" * digits if digits else ""


@register.filter
def date(value: Any, pattern: str | None = None) -> str:
    """A day: 31.10.2026 · 31 Oct 2026. With a pattern it is Django's own filter, which it replaces."""
    if pattern is not None:
        return str(django_date(value, pattern))
    if value is None or value == "":
        return DASH
    day = timezone.localtime(value).date() if isinstance(value, dt.datetime) else value
    return _day(day, locale())


@register.filter
def instant(value: dt.datetime | None) -> str:
    """Day and minute in the active zone, the workspace's on its pages: 31.10.2026, 14:05."""
    if value is None:
        return DASH
    return f"{date(value)}, {dates.format_time(timezone.localtime(value), 'HH:mm', locale=babel_locale())}"


@register.filter
def second(value: dt.datetime) -> str:
    """Like `instant`, to the second: 31.10.2026, 14:05:09."""
    return f"{date(value)}, {dates.format_time(timezone.localtime(value), 'HH:mm:ss', locale=babel_locale())}"


@register.filter
def period(value: Period | None) -> str:
    """First to last day: 01.10.2026 – 31.10.2026; one day alone."""
    if value is None:
        return DASH
    return date(value.since) if value.days == 1 else f"{date(value.since)} – {date(value.last)}"
