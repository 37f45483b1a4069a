from datetime import date, timedelta
from decimal import Decimal

import pytest

from channels import fx
from channels.models import FxRate
from mops.lib import clock

pytestmark = pytest.mark.django_db
FRIDAY = date(2026, 10, 30)
DOCUMENT = b"""<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
<Cube><Cube time="2026-10-30"><Cube currency="USD" rate="1.1571"/><Cube currency="GBP" rate="0.8802"/></Cube></Cube>
</gesmes:Envelope>"""


def rate(currency: str, day: date) -> FxRate:
    return FxRate.objects.get(currency=currency, day=day)


def test_it_reads_the_file_of_the_ecb():
    assert fx.parse(DOCUMENT) == [("USD", FRIDAY, Decimal("1.1571")), ("GBP", FRIDAY, Decimal("0.8802"))]


def test_a_weekend_carries_fridays_rate():
    fx.store([("USD", FRIDAY, Decimal("1.15")), ("USD", FRIDAY + timedelta(days=3), Decimal("1.16"))])
    sunday = rate("USD", FRIDAY + timedelta(days=2))
    assert (sunday.rate, sunday.is_carried) == (Decimal("1.15"), True)
    assert rate("USD", FRIDAY + timedelta(days=3)).rate == Decimal("1.16")


def test_today_and_tomorrow_have_a_rate_before_the_ecb_publishes():
    today = clock.today("UTC")
    fx.store([("USD", today - timedelta(days=5), Decimal("1.15"))])
    assert rate("USD", today).is_carried
    assert rate("USD", today + timedelta(days=1)).rate == Decimal("1.15")


def test_rates_are_carried_on_when_days_pass(monkeypatch):
    fx.store([("USD", clock.today("UTC"), Decimal("1.15"))])
    later = clock.today("UTC") + timedelta(days=10)
    monkeypatch.setattr(clock, "today", lambda zone: later)
    assert fx.carry() == 20  # ten days of EUR and USD
    assert rate("USD", later).rate == Decimal("1.15")
    assert fx.carry() == 0


def test_a_published_rate_replaces_the_carried_one():
    today = clock.today("UTC")
    fx.store([("USD", today - timedelta(days=1), Decimal("1.15"))])
    fx.store([("USD", today, Decimal("1.20"))])
    assert (rate("USD", today).rate, rate("USD", today).is_carried) == (Decimal("1.20"), False)
    assert rate("USD", today + timedelta(days=1)).rate == Decimal("1.20")


def test_a_dropped_currency_is_not_carried_on():
    today = clock.today("UTC")
    fx.store([("HRK", date(2022, 12, 30), Decimal("7.5")), ("USD", today, Decimal("1.15"))])
    assert not FxRate.objects.filter(currency="HRK", day=today).exists()


def test_the_euro_is_one_every_day():
    fx.store([("USD", FRIDAY, Decimal("1.15"))])
    assert rate("EUR", FRIDAY).rate == 1


def test_the_history_in_the_wheel_reaches_back_to_2019_and_up_to_today():
    assert fx.seed() > 50_000
    assert rate("USD", date(2024, 1, 5)).rate == Decimal("1.0921")  # ECB, 5 January 2024
    assert rate("GBP", clock.today("UTC")).rate > 0
    assert fx.seed() == 0
