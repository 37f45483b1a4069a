"""Orders and refunds as the shop hands them out, and the known truth about which orders the ads caused."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from sandbox.market.localdays import epoch, instant
from sandbox.market.rows import Incremental, ShopOrder, ShopRefund
from sandbox.market.season import Ints
from sandbox.market.shop import PRODUCTS
from sandbox.market.simulation import Simulation
from sandbox.market.tagging import Tags, click_ids, tags


def order_id(number: int) -> str:
    return f"AK-{100_000 + number}"


def customer_key(person: int) -> str:
    return f"K{200_000 + person}"


def orders(simulation: Simulation, since: datetime, until: datetime, as_of: datetime) -> list[ShopOrder]:
    """Orders of [since, until) placed by `as_of`, oldest first."""
    table = simulation.orders
    chosen = _between(table["at"], since, until, as_of)
    columns = [table[name][chosen].tolist() for name in ("at", "person", "gross", "net", "margin", "new")]
    marks = contacts(simulation, table["last_touch"][chosen])
    items = _items(simulation, table["first_item"][chosen], table["items"][chosen])
    return [
        ShopOrder(
            order_id=order_id(number),
            ordered_at=instant(at),
            customer_key=customer_key(person),
            gross=money(gross),
            net=money(net),
            margin=money(margin),
            currency="EUR",
            new_customer=bool(new),
            utm_source=contact.tags.utm_source,
            utm_medium=contact.tags.utm_medium,
            utm_campaign=contact.tags.utm_campaign,
            utm_id=contact.tags.utm_id,
            gclid=contact.gclid,
            fbclid=contact.fbclid,
            items=lines,
        )
        for number, at, person, gross, net, margin, new, contact, lines in zip(chosen.tolist(), *columns, marks, items, strict=True)
    ]


class Contact(NamedTuple):
    """How a session was marked; empty when no session is known."""

    tags: Tags = Tags("(direct)", "(none)")
    gclid: str = ""
    fbclid: str = ""


def contacts(simulation: Simulation, touches: Ints) -> list[Contact]:
    """Marks of each session given by its number; -1 is none."""
    structure, table = simulation.structure, simulation.touches
    source, at = table["source"][touches], table["at"][touches]
    # A day of the ad's account names its campaign as it was then; the shop's own links have days of the shop.
    days = simulation.zones["Europe/Berlin"].index(at)
    paid = np.flatnonzero(source < len(structure.ads))
    days[paid] = simulation.ad_days(source[paid], at[paid])
    known: dict[tuple[int, int], Tags] = {}
    for pair in sorted(set(zip(source.tolist(), days.tolist(), strict=True))):
        known[pair] = tags(structure, *pair)
    return [
        Contact(known[one, day], *click_ids(structure, one, f"{simulation.seed}/{touch}")) if touch >= 0 else Contact()
        for touch, one, day in zip(touches.tolist(), source.tolist(), days.tolist(), strict=True)
    ]


def _items(simulation: Simulation, first: Ints, count: Ints) -> list[tuple[tuple[str, str, int, Decimal], ...]]:
    table = simulation.items
    lines = [
        (*PRODUCTS[product][:2], quantity, money(unit))
        for product, quantity, unit in zip(*(table[name].tolist() for name in ("product", "quantity", "unit")), strict=True)
    ]
    return [tuple(lines[begin:end]) for begin, end in zip(first.tolist(), (first + count).tolist(), strict=True)]


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def refunds(simulation: Simulation, since: datetime, until: datetime, as_of: datetime) -> list[ShopRefund]:
    """Refunds of [since, until) made by `as_of`, oldest first."""
    table = simulation.refunds
    chosen = _between(table["at"], since, until, as_of)
    columns = (table[name][chosen].tolist() for name in ("order", "at", "gross", "net", "margin"))
    return [
        ShopRefund(
            refund_id=f"RF-{100_000 + number}",
            order_id=order_id(order),
            refunded_at=instant(at),
            gross=money(gross),
            net=money(net),
            margin=money(margin),
        )
        for number, order, at, gross, net, margin in zip(chosen.tolist(), *columns, strict=True)
    ]


def _between(at: Ints, since: datetime, until: datetime, as_of: datetime) -> Ints:
    """Indices of what happened in [since, until) and by `as_of`, oldest first."""
    chosen = np.flatnonzero((at >= epoch(since)) & (at < epoch(until)) & (at <= epoch(as_of)))
    return chosen[np.argsort(at[chosen], kind="stable")]


def incremental(simulation: Simulation, since: date, until: date) -> list[Incremental]:
    """Orders and net revenue caused by each campaign, by account-local day of the contact; days inclusive."""
    table, structure = simulation.orders, simulation.structure
    caused = np.flatnonzero(table["cause"] >= 0)
    campaign, at = table["cause"][caused], table["caused_at"][caused]
    some_ad = np.searchsorted(structure.ad_campaign, campaign).astype(np.int64)
    day = simulation.ad_days(some_ad, at)
    inside = (day >= (since - simulation.start).days) & (day <= (until - simulation.start).days)
    keys, group = np.unique(np.stack((day, campaign))[:, inside], axis=1, return_inverse=True)
    count = np.bincount(group, minlength=keys.shape[1])
    net = np.bincount(group, weights=table["net"][caused][inside], minlength=keys.shape[1])
    return [
        Incremental(
            structure.campaigns[number].external_id,
            simulation.start + timedelta(days=offset),
            float(orders),
            cents / 100,
        )
        for (offset, number), orders, cents in zip(keys.T.tolist(), count.tolist(), net.tolist(), strict=True)
    ]
