"""The market as the wires see it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sandbox.market import adreports, shoprows, webanalytics
from sandbox.market.catalogue import ACCOUNTS, PROPERTY
from sandbox.market.localdays import epoch, instant
from sandbox.market.rows import (
    Account,
    AdDay,
    Campaign,
    Entity,
    Incremental,
    SessionDay,
    ShopOrder,
    ShopRefund,
    Visit,
)
from sandbox.market.shop import DAY
from sandbox.market.simulation import Simulation
from sandbox.market.visits import visits


class Market:
    """One simulated market. The same seed, start and size give the same market, however far it has been extended.

    `since` and `until` of days are inclusive and local to the account; of instants half-open. `as_of` is what the
    platform knew then: nothing later is visible, and what it learns later changes past days. Threads may share a
    market: one call is answered at a time.
    """

    def __init__(self, seed: int, start: date, *, shoppers: int = 20_000) -> None:
        self.seed, self.start = seed, start
        self._lock = threading.RLock()
        self.accounts: tuple[Account, ...] = ACCOUNTS
        self.simulation = Simulation(seed, start, shoppers)
        self.campaigns: tuple[Campaign, ...] = self.simulation.structure.campaigns

    def ensure(self, day: date) -> None:
        """Simulates through `day` (UTC), and the next, which has already begun east of Greenwich."""
        with self._lock:
            self.simulation.ensure(day + timedelta(days=1))

    def ad_days(self, account_id: str, since: date, until: date, as_of: datetime) -> list[AdDay]:
        """Days by ad; Performance Max has none. KeyError for an account that does not exist."""
        account = self._account(account_id)
        with self._at(as_of) as simulation:
            return adreports.ad_days(simulation, account, since, until, as_of, by_campaign=False)

    def campaign_days(self, account_id: str, since: date, until: date, as_of: datetime) -> list[AdDay]:
        """Days by campaign, the ad ids empty. KeyError for an account that does not exist."""
        account = self._account(account_id)
        with self._at(as_of) as simulation:
            return adreports.ad_days(simulation, account, since, until, as_of, by_campaign=True)

    def sessions(self, property_id: str, since: date, until: date, as_of: datetime) -> list[SessionDay]:
        """Days by session source of the analytics property. KeyError for another property."""
        if property_id != PROPERTY.external_id:
            raise KeyError(property_id)
        with self._at(as_of) as simulation:
            return webanalytics.session_days(simulation, since, until, as_of)

    def orders(self, since: datetime, until: datetime, as_of: datetime) -> list[ShopOrder]:
        """Orders by `ordered_at`, oldest first."""
        with self._at(min(until, as_of)) as simulation:
            return shoprows.orders(simulation, since, until, as_of)

    def refunds(self, since: datetime, until: datetime, as_of: datetime) -> list[ShopRefund]:
        """Refunds by `refunded_at`, oldest first."""
        with self._at(min(until, as_of)) as simulation:
            return shoprows.refunds(simulation, since, until, as_of)

    def entities(self, account_id: str, as_of: datetime) -> list[Entity]:
        """Campaigns, ad groups and ads with the names and states of the account's local day."""
        zone = self.accounts[self._account(account_id)].time_zone
        with self._at(as_of) as simulation:
            return simulation.structure.shown(account_id, simulation.local_day(zone, epoch(as_of)))

    def incremental(self, since: date, until: date) -> list[Incremental]:
        """Known truth by campaign and day; the orders may come up to four weeks after their day."""
        with self._lock:
            self.ensure(until)
            return shoprows.incremental(self.simulation, since, until)

    def visits(self, since: datetime, until: datetime) -> Iterator[Visit]:
        """Every session, oldest first, with one UTC day in memory at a time."""
        begin, end = epoch(since), epoch(until)
        while begin < end:
            stop = min((begin // DAY + 1) * DAY, end)
            with self._at(instant(stop)) as simulation:
                rows = visits(simulation, begin, stop)
            yield from rows
            begin = stop

    def _account(self, account_id: str) -> int:
        for number, account in enumerate(self.accounts):
            if account.external_id == account_id:
                return number
        raise KeyError(account_id)

    @contextmanager
    def _at(self, as_of: datetime) -> Iterator[Simulation]:
        """The simulation, known through the instant and kept from growing while it is read."""
        with self._lock:
            self.ensure(as_of.astimezone(UTC).date())
            yield self.simulation
