"""Orders and refunds as the shop hands them out, and the known truth about which orders the ads caused."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

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
    chosen = _between(simulation.orders["at"], since, until, as_of)
    table = {name: simulation.orders[name][chosen].tolist() for name in _ORDER_COLUMNS}
    return [_order(simulation, int(number), *values) for number, *values in zip(chosen, *table.values(), strict=True)]


_ORDER_COLUMNS = ("at", "person", "gross", "net", "margin", "new", "last_touch", "first_item", "items")


def _order(
    simulation: Simulation,
    number: int,
    at: int,
    person: int,
    gross: int,
    net: int,
    margin: int,
    new: int,
    last_touch: int,
    first_item: int,
    items: int,
) -> ShopOrder:
    marks, gclid, fbclid = contact(simulation, last_touch)
    return ShopOrder(
        order_id=order_id(number),
        ordered_at=instant(at),
        customer_key=customer_key(person),
        gross=money(gross),
        net=money(net),
        margin=money(margin),
        currency="EUR",
        new_customer=bool(new),
        utm_source=marks.utm_source,
        utm_medium=marks.utm_medium,
        utm_campaign=marks.utm_campaign,
        utm_id=marks.utm_id,
        gclid=gclid,
        fbclid=fbclid,
        items=tuple(_items(simulation, range(first_item, first_item + items))),
    )


def contact(simulation: Simulation, touch: int) -> tuple[Tags, str, str]:
    """Marks, gclid and fbclid of a session; all empty for -1, no session known."""
    if touch < 0:
        return Tags("(direct)", "(none)"), "", ""
    source, at = int(simulation.touches["source"][touch]), int(simulation.touches["at"][touch])
    day = int(source_days(simulation, np.array([source]), np.array([at]))[0])
    structure = simulation.structure
    return tags(structure, source, day), *click_ids(structure, source, f"{simulation.seed}/{touch}")


def source_days(simulation: Simulation, sources: Ints, at: Ints) -> Ints:
    """Local day of each visit: of the ad's account, for unpaid sources of the shop."""
    days = simulation.zones["Europe/Berlin"].index(at)
    paid = np.flatnonzero(sources < len(simulation.structure.ads))
    days[paid] = simulation.ad_days(sources[paid], at[paid])
    return days


def _items(simulation: Simulation, numbers: Iterable[int]) -> Iterable[tuple[str, str, int, Decimal]]:
    table = simulation.items
    for number in numbers:
        sku, name, _, _ = PRODUCTS[int(table["product"][number])]
        yield sku, name, int(table["quantity"][number]), money(int(table["unit"][number]))


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def refunds(simulation: Simulation, since: datetime, until: datetime, as_of: datetime) -> list[ShopRefund]:
    """Refunds of [since, until) made by `as_of`, oldest first."""
    table = simulation.refunds
    return [
        ShopRefund(
            refund_id=f"RF-{100_000 + number}",
            order_id=order_id(int(table["order"][number])),
            refunded_at=instant(int(table["at"][number])),
            gross=money(int(table["gross"][number])),
            net=money(int(table["net"][number])),
            margin=money(int(table["margin"][number])),
        )
        for number in _between(table["at"], since, until, as_of).tolist()
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
