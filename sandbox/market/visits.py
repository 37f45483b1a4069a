"""Every session on the shop's pages, one by one, for the event collector: the people followed and the crowd."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, PROPERTY, UNPAID
from sandbox.market.localdays import instant
from sandbox.market.rows import Visit
from sandbox.market.season import Ints, moment_of_share
from sandbox.market.shoprows import Contact, contacts, customer_key, order_id
from sandbox.market.simulation import Simulation
from sandbox.market.tagging import click_ids, tags


def visits(simulation: Simulation, begin: int, end: int) -> list[Visit]:
    """Sessions of [begin, end) in epoch seconds, oldest first."""
    rows = [*_people(simulation, begin, end), *_crowd(simulation, begin, end)]
    return sorted(rows, key=lambda visit: (visit.at, visit.shopper_key))


def _people(simulation: Simulation, begin: int, end: int) -> Iterator[Visit]:
    touches, people = simulation.touches, simulation.people
    chosen = np.flatnonzero((touches["view"] == 0) & (touches["at"] >= begin) & (touches["at"] < end))
    known = simulation.first_order_at()
    columns = [touches[name][chosen].tolist() for name in ("person", "at", "source", "order", "pages")]
    for person, at, source, order, pages, contact in zip(*columns, contacts(simulation, chosen), strict=True):
        yield _visit(
            contact,
            at=instant(at),
            shopper_key=f"s{person}",
            customer_key=customer_key(person) if order >= 0 or known[person] < at else "",
            channel=simulation.structure.channel(source),
            pages=pages,
            engaged=pages >= 2,
            consent=bool(people.consent[person]),
            order_id=order_id(order) if order >= 0 else "",
        )


def _visit(
    contact: Contact,
    *,
    at: datetime,
    shopper_key: str,
    channel: str,
    pages: int,
    engaged: bool,
    consent: bool,
    customer_key: str = "",
    order_id: str = "",
) -> Visit:
    marks = contact.tags
    return Visit(
        at=at,
        shopper_key=shopper_key,
        customer_key=customer_key,
        channel=channel,
        source=marks.source,
        medium=marks.medium,
        utm_source=marks.utm_source,
        utm_medium=marks.utm_medium,
        utm_campaign=marks.utm_campaign,
        utm_id=marks.utm_id,
        gclid=contact.gclid,
        fbclid=contact.fbclid,
        referrer=marks.referrer,
        pages=pages,
        engaged=engaged,
        consent=consent,
        order_id=order_id,
    )


def _crowd(simulation: Simulation, begin: int, end: int) -> Iterator[Visit]:
    structure = simulation.structure
    zones = [ACCOUNTS[account].time_zone for account in structure.ad_account] + [PROPERTY.time_zone] * len(UNPAID)
    for source, time_zone in enumerate(zones):
        zone = simulation.zones[time_zone]
        first, last = zone.index(np.array([begin, end - 1])).tolist()
        for day in range(max(first, 0), min(last, len(simulation.deliveries) - 1) + 1):
            yield from _crowd_day(simulation, source, day, time_zone, begin, end)


def _crowd_day(simulation: Simulation, source: int, day: int, time_zone: str, begin: int, end: int) -> Iterator[Visit]:
    """A source's sessions of a local day. Consent and engagement are spread as the analytics property counts them."""
    delivery, structure = simulation.deliveries[day], simulation.structure
    total, consented, engaged = (int(column[source]) for column in (delivery.sessions, delivery.consented, delivery.engaged))
    if not total:
        return
    marks, channel = tags(structure, source, day), structure.channel(source)
    for number, at in enumerate(_moments(simulation, total, day, time_zone).tolist()):
        if not begin <= at < end:
            continue
        key = f"v{day}-{source}-{number}"
        seen, seen_before = (number + 1) * consented // total, number * consented // total
        consent = seen > seen_before
        active = consent and seen * engaged // consented > seen_before * engaged // consented
        yield _visit(
            Contact(marks, *click_ids(structure, source, f"{simulation.seed}/{key}")),
            at=instant(at),
            shopper_key=key,
            channel=channel,
            pages=2 + number % 5 if active else 1,
            engaged=active,
            consent=consent,
        )


def _moments(simulation: Simulation, total: int, day: int, time_zone: str) -> Ints:
    """Epoch seconds at which the sessions of a local day come, as the share of the day says."""
    index = np.array([day])
    zone = simulation.zones[time_zone]
    begin, length = int(zone.begin(index)[0]), int(zone.length(index)[0])
    moments: Ints = np.ceil(moment_of_share((np.arange(total) + 1) / total) * length).astype(np.int64)
    return begin + np.minimum(moments, length - 1)
