"""What the platforms and the shop must show, worked out a second time and in another way.

The market sums arrays; this reads the same contacts and orders one by one, asks the calendar for each local day and
credits each order by the written rules of `sandbox.market.claims`. Slow on purpose: a mistake in the arrays shows here.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.market import Account, Market
from sandbox.market.catalogue import FAMILIES
from sandbox.market.claims import FRESHNESS
from sandbox.market.season import eur_rate, share_of_day

_DAY = 86_400
_BERLIN = ZoneInfo("Europe/Berlin")


class Totals(NamedTuple):
    """Sums of a platform in the account's currency; Google's default window, Meta's 7d_click + 1d_view."""

    impressions: int = 0
    clicks: int = 0
    spend: Decimal = Decimal(0)
    conversions: Decimal = Decimal(0)
    conversions_value: Decimal = Decimal(0)

    def plus(self, other: "Totals") -> "Totals":
        return Totals(
            self.impressions + other.impressions,
            self.clicks + other.clicks,
            self.spend + other.spend,
            self.conversions + other.conversions,
            self.conversions_value + other.conversions_value,
        )


class ShopMonth(NamedTuple):
    """Sums of the shop in EUR; refunds by the month in which the money went back, positive."""

    orders: int = 0
    gross: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    refunds: int = 0
    refunds_gross: Decimal = Decimal(0)
    refunds_net: Decimal = Decimal(0)
    refunds_margin: Decimal = Decimal(0)


class _Contact(NamedTuple):
    at: int
    ad: int
    view: bool


def platform_days(market: Market, as_of: datetime) -> dict[tuple[str, str, date], Totals]:
    """Totals by (account id, channel, account-local day) as the platforms show them at `as_of`."""
    market.ensure(as_of.astimezone(UTC).date())
    totals: dict[tuple[str, str, date], Totals] = defaultdict(Totals)
    for ad, day, amount in (*_deliveries(market, as_of), *_contacts(market, as_of), *_claims(market, as_of)):
        key = (_account(market, ad).external_id, _channel(market, ad), day)
        totals[key] = totals[key].plus(amount)
    return {key: amount for key, amount in totals.items() if any(amount)}


def platform_months(market: Market, as_of: datetime) -> dict[tuple[str, str, str], Totals]:
    """Totals by (account id, channel, 'YYYY-MM' of the account-local day) as the platforms show them at `as_of`."""
    totals: dict[tuple[str, str, str], Totals] = defaultdict(Totals)
    for (account, channel, day), amount in platform_days(market, as_of).items():
        key = (account, channel, f"{day:%Y-%m}")
        totals[key] = totals[key].plus(amount)
    return dict(totals)


def shop_months(market: Market, as_of: datetime) -> dict[str, ShopMonth]:
    """Sums by 'YYYY-MM' in Europe/Berlin of what was ordered and refunded by `as_of`."""
    market.ensure(as_of.astimezone(UTC).date())
    ordered, returned = _money_by_month(market, "orders", as_of), _money_by_month(market, "refunds", as_of)
    nothing = (0, Decimal(0), Decimal(0), Decimal(0))
    return {
        month: ShopMonth(*ordered.get(month, nothing), *returned.get(month, nothing))
        for month in sorted(ordered.keys() | returned.keys())
    }


def _money_by_month(market: Market, name: str, as_of: datetime) -> dict[str, tuple[int, Decimal, Decimal, Decimal]]:
    table = market.simulation.orders if name == "orders" else market.simulation.refunds
    sums: dict[str, tuple[int, Decimal, Decimal, Decimal]] = {}
    for at, *cents in zip(*(table[column].tolist() for column in ("at", "gross", "net", "margin")), strict=True):
        if at <= as_of.timestamp():
            month = f"{datetime.fromtimestamp(at, _BERLIN):%Y-%m}"
            rows, *sofar = sums.get(month, (0, Decimal(0), Decimal(0), Decimal(0)))
            gross, net, margin = (had + Decimal(amount).scaleb(-2) for had, amount in zip(sofar, cents, strict=True))
            sums[month] = (rows + 1, gross, net, margin)
    return sums


def _deliveries(market: Market, as_of: datetime) -> Iterator[tuple[int, date, Totals]]:
    for number, delivery in enumerate(market.simulation.deliveries):
        day = market.start + timedelta(days=number)
        columns = (delivery.impressions, delivery.clicks, delivery.spend, delivery.credit, delivery.credit_after)
        for ad, (impressions, clicks, spend, credit, after) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        ):
            begin, end = _bounds(_account(market, ad).time_zone, day)
            if as_of.timestamp() < end:
                share = float(share_of_day(np.array([int(as_of.timestamp()) - begin]), np.array([end - begin]))[0])
                impressions, clicks, spend = (int(amount * share) for amount in (impressions, clicks, spend))
            if as_of.timestamp() >= end + after:
                spend -= credit
            if impressions or spend:
                yield ad, day, Totals(impressions, clicks, Decimal(spend).scaleb(-2))


@lru_cache(maxsize=100_000)
def _bounds(time_zone: str, day: date) -> tuple[int, int]:
    zone = ZoneInfo(time_zone)
    midnights = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
    begin, end = (int(midnight.timestamp()) for midnight in midnights)
    return begin, end


def _contacts(market: Market, as_of: datetime) -> Iterator[tuple[int, date, Totals]]:
    for contact in (contact for contacts in _contacts_by_person(market).values() for contact in contacts):
        if contact.at <= as_of.timestamp():
            yield contact.ad, _local(market, contact), Totals(1, 0 if contact.view else 1)


def _contacts_by_person(market: Market) -> dict[int, list[_Contact]]:
    touches, ads = market.simulation.touches, len(market.simulation.structure.ads)
    people: dict[int, list[_Contact]] = defaultdict(list)
    for person, at, source, view in zip(*(touches[name].tolist() for name in ("person", "at", "source", "view")), strict=True):
        if source < ads:
            people[person].append(_Contact(at, source, bool(view)))
    return people


def _claims(market: Market, as_of: datetime) -> Iterator[tuple[int, date, Totals]]:
    people, table = _contacts_by_person(market), market.simulation.orders
    names = ("person", "at", "gross", "google_after", "meta_after")
    for person, at, gross, google_after, meta_after in zip(*(table[name].tolist() for name in names), strict=True):
        if at > as_of.timestamp():
            continue
        by_account: dict[Account, list[_Contact]] = defaultdict(list)
        for contact in people[person]:
            if 0 <= at - contact.at <= 28 * _DAY:
                by_account[_account(market, contact.ad)].append(contact)
        for account, contacts in by_account.items():
            meta = account.platform == "meta"
            worth = gross * eur_rate(account.currency, datetime.fromtimestamp(at, UTC).date())
            shares = _meta(contacts, at, worth) if meta else _google(market, contacts, at, worth)
            for contact, credit, value in shares:
                # Public with the platform's delay, yet no later than 28 days and 20 hours after the contact.
                public = max(at, min(at + (meta_after if meta else google_after), contact.at + 28 * _DAY + 20 * 3600))
                if public <= as_of.timestamp():
                    conversions, worth_micros = Decimal(credit).scaleb(-6), Decimal(value).scaleb(-6)
                    yield contact.ad, _local(market, contact), Totals(0, 0, Decimal(0), conversions, worth_micros)


def _meta(contacts: list[_Contact], at: int, worth: int) -> list[tuple[_Contact, int, int]]:
    clicks = [contact for contact in contacts if not contact.view and at - contact.at <= 7 * _DAY]
    views = [contact for contact in contacts if contact.view and at - contact.at <= _DAY]
    return [(max(clicks or views), 10**6, worth)] if clicks or views else []


def _google(market: Market, contacts: list[_Contact], at: int, worth: int) -> list[tuple[_Contact, int, int]]:
    clicks = sorted(contact for contact in contacts if not contact.view)
    families = market.simulation.structure.ad_family
    weights = [int(FRESHNESS[(at - c.at) // _DAY]) * FAMILIES[int(families[c.ad])].weight for c in clicks]
    credits, values = _split(10**6, weights), _split(worth, weights)
    return list(zip(clicks, credits, values, strict=True))


def _split(whole: int, weights: list[int]) -> list[int]:
    """Shares of `whole` by weight, rounded down; the last takes what is left."""
    parts = [whole * weight // sum(weights) for weight in weights]
    return [*parts[:-1], whole - sum(parts[:-1])] if parts else []


def _account(market: Market, ad: int) -> Account:
    return market.accounts[int(market.simulation.structure.ad_account[ad])]


def _channel(market: Market, ad: int) -> str:
    return market.campaigns[int(market.simulation.structure.ad_campaign[ad])].channel


def _local(market: Market, contact: _Contact) -> date:
    return datetime.fromtimestamp(contact.at, _zone(_account(market, contact.ad).time_zone)).date()


@lru_cache
def _zone(time_zone: str) -> ZoneInfo:
    return ZoneInfo(time_zone)
