"""The market's days, one after the other: deliveries, journeys, orders, refunds and claims as arrays.

Day `n` is drawn from its own generator and from the state the days before it left, so that a market extended day by day
equals one simulated at once. A decision begins on its day and may end up to four weeks later: nothing is ever added to
the past, and whoever looks at an instant only filters.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, FAMILIES
from sandbox.market.claims import Contacts, claims, public_after
from sandbox.market.columns import Columns
from sandbox.market.delivery import Deliverer, Delivery
from sandbox.market.journeys import Episodes, Touches, journeys
from sandbox.market.localdays import LocalDays
from sandbox.market.population import COUNTRIES, Population
from sandbox.market.season import Ints, black_friday, eur_rate
from sandbox.market.shop import DAY, baskets, refunds, totals
from sandbox.market.structure import Structure

_LOOKERS_BASE, _LOOKERS_CAUSED = 1.3, 1.2  # journeys that end without an order, per one that does
_MEMORY = 60  # days of contacts that can still matter to an order
_COOKIE = 30 * DAY
_EPOCH = date(1970, 1, 1).toordinal()


class Simulation:
    """State and result of all days simulated so far."""

    def __init__(self, seed: int, start: date, shoppers: int) -> None:
        self.seed, self.start = seed, start
        self.structure = Structure(start)
        self.people = Population(seed, shoppers)
        self.deliveries: list[Delivery] = []
        self.zones = {zone: LocalDays(zone, start) for zone in sorted({account.time_zone for account in ACCOUNTS})}
        self.touches = Columns("person", "at", "source", "view", "order", "pages")
        self.orders = Columns(
            "person",
            "at",
            "gross",
            "net",
            "margin",
            "new",
            "cause",
            "caused_at",
            "last_touch",
            "session",
            "google_after",
            "meta_after",
            "analytics_after",
            "first_item",
            "items",
        )
        self.items = Columns("product", "quantity", "unit")
        self.refunds = Columns("order", "at", "gross", "net", "margin")
        self.claims = Columns("order", "ad", "at", "kind", "credit", "value", "ordered_at", "public_at")
        self._deliverer = Deliverer(self.structure, seed, shoppers / 20_000)

    def ensure(self, day: date) -> None:
        """Simulates through `day`; nothing to do when that is already known."""
        while len(self.deliveries) <= (day - self.start).days:
            self._step(len(self.deliveries))

    def _step(self, index: int) -> None:
        day = self.start + timedelta(days=index)
        rng = np.random.default_rng([self.seed, day.toordinal()])
        for zone in self.zones.values():
            zone.ensure(index + 62)
        delivery = self._deliverer.day(day, rng)
        self.deliveries.append(delivery)
        begin = (day.toordinal() - _EPOCH) * DAY
        self.people.live(rng)
        episodes = self._episodes(day, begin, delivery, rng)
        touches, ends = journeys(episodes, begin, delivery, self.structure, rng)
        self._drop_undelivered(touches)
        self._book(day, episodes, touches, ends, rng)

    def _episodes(self, day: date, begin: int, delivery: Delivery, rng: np.random.Generator) -> Episodes:
        people = self.people
        free = people.free(begin)
        parts = [
            (found, buys, -1) for found, buys in zip(people.deciding(free, day, rng, _LOOKERS_BASE), (True, False), strict=True)
        ]
        for found, _, _ in parts:
            free[found] = False
        pools = [np.flatnonzero(free & (people.country == country)) for country in range(len(COUNTRIES))]
        expected = self._deliverer.caused(day, delivery.pace)
        for campaign, account in enumerate(self.structure.campaign_account):
            country = {"GBP": 1, "USD": 2}.get(ACCOUNTS[account].currency, 0)
            family = FAMILIES[self.structure.campaign_family[campaign]]
            for buys, count in ((True, expected[campaign]), (False, expected[campaign] * _LOOKERS_CAUSED)):
                found = people.reached(int(rng.poisson(count)), pools[country], family.prospects, free, rng)
                free[found] = False
                parts.append((found, buys, campaign))
        person = np.concatenate([found for found, _, _ in parts])
        sizes = [len(found) for found, _, _ in parts]
        cause = np.repeat([campaign for _, _, campaign in parts], sizes)
        chance = np.array([FAMILIES[f].by_view for f in self.structure.campaign_family])[cause]
        return Episodes(
            person,
            people.country[person],
            people.opted_in[person],
            np.repeat([buys for _, buys, _ in parts], sizes),
            cause,
            (cause >= 0) & (rng.random(len(person)) < chance),
        )

    def ad_days(self, ads: Ints, seconds: Ints) -> Ints:
        """Local day of each ad contact, in the time zone of the ad's account."""
        days = np.empty(len(ads), dtype=np.int64)
        accounts = self.structure.ad_account[ads]
        for number in np.unique(accounts):
            here = accounts == number
            days[here] = self.zones[ACCOUNTS[number].time_zone].index(seconds[here])
        return days

    def local_day(self, time_zone: str, seconds: int) -> int:
        """Local day of one instant."""
        return int(self.zones[time_zone].index(np.array([seconds]))[0])

    def first_order_at(self) -> Ints:
        """By person: epoch second of the first order, 0 for customers from before the market's start."""
        first = np.where(self.people.customer, 0, np.iinfo(np.int64).max)
        new = self.orders["new"] == 1
        first[self.orders["person"][new]] = self.orders["at"][new]
        return first

    def _drop_undelivered(self, touches: Touches) -> None:
        """A contact on a day its ad does not run becomes a direct visit (sessions) or an unseen one (impressions)."""
        paid = np.flatnonzero(touches.source < len(self.structure.ads))
        ads = touches.source[paid]
        off = paid[~self.structure.delivers(ads, self.ad_days(ads, touches.at[paid]))]
        touches.source[off] = self.structure.direct
        touches.view[off] = False

    def _book(self, day: date, episodes: Episodes, touches: Touches, ends: Ints, rng: np.random.Generator) -> None:
        people, first_touch = self.people, len(self.touches)
        buying = np.flatnonzero(episodes.buys)
        orders = np.full(len(ends), -1)
        orders[buying] = len(self.orders) + np.arange(len(buying))
        ordering = touches.last & episodes.buys[touches.episode]
        pages = np.where(ordering, 5, 1) + rng.geometric(0.35, len(touches.at)) - 1
        self.touches.append(
            person=episodes.person[touches.episode],
            at=touches.at,
            source=touches.source,
            view=touches.view,
            order=np.where(ordering, orders[touches.episode], -1),
            pages=np.where(touches.view, 0, pages),
        )
        self._remember(episodes, touches, first_touch)
        session = np.full(len(ends), -1)
        session[touches.episode[touches.last]] = first_touch + np.flatnonzero(touches.last)
        began = np.full(len(ends), -1)
        opening = np.unique(touches.episode, return_index=True)
        began[opening[0]] = touches.at[opening[1]]
        self._order(day, episodes, buying, ends, session, began, rng)
        people.busy_until[episodes.person] = ends

    def _remember(self, episodes: Episodes, touches: Touches, first_touch: int) -> None:
        """Carries each person's last session that was not direct, for later orders and analytics."""
        counts = np.flatnonzero(~touches.view & (touches.source != self.structure.direct))
        person = episodes.person[touches.episode[counts]]
        # Touches are ordered by time within a person, and of repeated indices numpy keeps the last.
        self.people.last_touch[person] = first_touch + counts
        self.people.last_touch_at[person] = touches.at[counts]

    def _order(
        self,
        day: date,
        episodes: Episodes,
        buying: Ints,
        ends: Ints,
        session: Ints,
        began: Ints,
        rng: np.random.Generator,
    ) -> None:
        people, base = self.people, len(self.orders)
        person, at = episodes.person[buying], ends[buying]
        discount = 0.18 if abs((day - black_friday(day.year)).days) <= 4 else 0.0
        basket, product, quantity, unit = baskets(people.taste[person], discount, rng)
        gross, net, margin = totals(len(buying), basket, product, quantity, unit)
        lines = np.bincount(basket, minlength=len(buying))
        known = at - people.last_touch_at[person] <= _COOKIE
        delays = (rng.lognormal(np.log(hours * 3600), 0.8, len(buying)) for hours in (5, 2.5, 9))
        google, meta, analytics = (np.minimum(delay, 44 * 3600).astype(np.int64) for delay in delays)
        self.orders.append(
            person=person,
            at=at,
            gross=gross,
            net=net,
            margin=margin,
            new=people.bought(person, rng),
            cause=episodes.cause[buying],
            caused_at=began[buying],
            last_touch=np.where(known, people.last_touch[person], -1),
            session=session[buying],
            google_after=google,
            meta_after=meta,
            analytics_after=analytics,
            first_item=len(self.items) + np.cumsum(lines) - lines,
            items=lines,
        )
        self.items.append(product=product, quantity=quantity, unit=unit)
        back, after, back_gross, back_net, back_margin = refunds(gross, margin, rng)
        self.refunds.append(order=base + back, at=at[back] + after, gross=back_gross, net=back_net, margin=back_margin)
        self._claim(person, at, gross, base, np.stack((google, meta)))

    def _claim(self, person: Ints, at: Ints, gross: Ints, base: int, delays: Ints) -> None:
        recent: dict[str, Any] = {name: self.touches.since(name, _MEMORY) for name in ("person", "at", "source", "view")}
        order_of = np.full(len(self.people.alive), -1)
        order_of[person] = np.arange(len(person))
        order = order_of[recent["person"]]
        paid = np.flatnonzero((order >= 0) & (recent["source"] < len(self.structure.ads)))
        order, ads = order[paid], recent["source"][paid]
        rate = self._rates(at[order], ads)
        contacts = Contacts(order, ads, recent["at"][paid], recent["view"][paid].astype(bool), at[order], gross[order] * rate)
        made = claims(contacts, self.structure)
        delay = delays[self.structure.ad_is_meta[made.ad].astype(int), made.order]
        ordered_at = at[made.order]
        self.claims.append(
            order=base + made.order,
            ad=made.ad,
            at=made.at,
            kind=made.kind,
            credit=made.credit,
            value=made.value,
            ordered_at=ordered_at,
            public_at=public_after(ordered_at, delay, made.at),
        )

    def _rates(self, at: Ints, ads: Ints) -> Ints:
        """Ten-thousandths of the account currency per EUR on the (UTC) day of each order; times cents gives micros."""
        days, position = np.unique(at // DAY, return_inverse=True)
        currencies = [account.currency for account in ACCOUNTS]
        table = np.array([[eur_rate(c, date.fromordinal(int(d) + _EPOCH)) for c in currencies] for d in days])
        rates: Ints = table.reshape(-1, len(currencies))[position, self.structure.ad_account[ads]].astype(np.int64)
        return rates
