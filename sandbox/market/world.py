"""The market as the wires see it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from sandbox.market import adreports, shoprows, webanalytics
from sandbox.market.catalogue import ACCOUNTS, PROPERTY
from sandbox.market.localdays import epoch
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
from sandbox.market.simulation import Simulation
from sandbox.market.visits import visits


class Market:
    """One simulated market. The same seed, start and size give the same market, however far it has been extended.

    `since` and `until` of days are inclusive and local to the account; of instants half-open. `as_of` is what the
    platform knew then: nothing later is visible, and what it learns later changes past days.
    """

    def __init__(self, seed: int, start: date, *, shoppers: int = 20_000) -> None:
        self.seed, self.start = seed, start
        self.accounts: tuple[Account, ...] = ACCOUNTS
        self.simulation = Simulation(seed, start, shoppers)
        self.campaigns: tuple[Campaign, ...] = self.simulation.structure.campaigns

    def ensure(self, day: date) -> None:
        """Simulates through `day` (UTC), and the next, which has already begun east of Greenwich."""
        self.simulation.ensure(day + timedelta(days=1))

    def ad_days(self, account_id: str, since: date, until: date, as_of: datetime) -> list[AdDay]:
        """Days by ad; Performance Max has none. KeyError for an account that does not exist."""
        return self._ad_days(account_id, since, until, as_of, by_campaign=False)

    def campaign_days(self, account_id: str, since: date, until: date, as_of: datetime) -> list[AdDay]:
        """Days by campaign, the ad ids empty. KeyError for an account that does not exist."""
        return self._ad_days(account_id, since, until, as_of, by_campaign=True)

    def _ad_days(self, account_id: str, since: date, until: date, as_of: datetime, *, by_campaign: bool) -> list[AdDay]:
        account = self._account(account_id)
        self._know(as_of)
        return adreports.ad_days(self.simulation, account, since, until, as_of, by_campaign=by_campaign)

    def sessions(self, property_id: str, since: date, until: date, as_of: datetime) -> list[SessionDay]:
        """Days by session source of the analytics property. KeyError for another property."""
        if property_id != PROPERTY.external_id:
            raise KeyError(property_id)
        self._know(as_of)
        return webanalytics.session_days(self.simulation, since, until, as_of)

    def orders(self, since: datetime, until: datetime, as_of: datetime) -> list[ShopOrder]:
        """Orders by `ordered_at`, oldest first."""
        self._know(min(until, as_of))
        return shoprows.orders(self.simulation, since, until, as_of)

    def refunds(self, since: datetime, until: datetime, as_of: datetime) -> list[ShopRefund]:
        """Refunds by `refunded_at`, oldest first."""
        self._know(min(until, as_of))
        return shoprows.refunds(self.simulation, since, until, as_of)

    def entities(self, account_id: str, as_of: datetime) -> list[Entity]:
        """Campaigns, ad groups and ads with the names and states of the account's local day."""
        zone = self.accounts[self._account(account_id)].time_zone
        self._know(as_of)
        return self.simulation.structure.shown(account_id, self.simulation.local_day(zone, epoch(as_of)))

    def incremental(self, since: date, until: date) -> list[Incremental]:
        """Known truth by campaign and day; the orders may come up to four weeks after their day."""
        self.ensure(until)
        return shoprows.incremental(self.simulation, since, until)

    def visits(self, since: datetime, until: datetime) -> Iterator[Visit]:
        """Every session, oldest first."""
        self._know(until)
        return visits(self.simulation, since, until)

    def _account(self, account_id: str) -> int:
        for number, account in enumerate(self.accounts):
            if account.external_id == account_id:
                return number
        raise KeyError(account_id)

    def _know(self, instant: datetime) -> None:
        self.ensure(instant.astimezone(UTC).date())
