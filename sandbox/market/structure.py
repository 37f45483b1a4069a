"""Campaigns, ad groups and ads with ids, and on which days each delivers. Built once from the catalogue."""

import hashlib
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, FAMILIES, FAMILY, PLANS, UNPAID, Plan
from sandbox.market.rows import Campaign, Entity
from sandbox.market.season import Flags, Floats, Ints

_PLATFORMS = {account.external_id: account.platform for account in ACCOUNTS}
FOR_EVER = 10**6  # a day index that never comes


class AdSlot(NamedTuple):
    """One ad; Performance Max has a single one without ids that stands for the whole campaign."""

    campaign: int
    ad_group_id: str
    ad_id: str
    share: float


class Structure:
    """Everything that exists on the platforms. A "source" is an ad (its index) or, after the ads, an unpaid source."""

    def __init__(self, start: date) -> None:
        self.start = start
        self.windows = tuple(_window(plan, start) for plan in PLANS)
        self.campaigns = tuple(_campaign(i, plan, start, self.windows[i]) for i, plan in enumerate(PLANS))
        self.entities: list[tuple[int, Entity]] = []
        self.ads: list[AdSlot] = []
        for index, plan in enumerate(PLANS):
            self._add(index, plan)
        self._arrays()

    def _add(self, index: int, plan: Plan) -> None:
        campaign = self.campaigns[index]
        kind = campaign.channel_type
        self.entities.append((index, Entity("campaign", campaign.external_id, "", plan.name, "enabled", kind)))
        if not plan.groups:
            self.ads.append(AdSlot(index, "", "", 1.0))
        total = sum(n for _, n in plan.groups)
        weights = [1.0 / (2 + position) for position in range(total)]
        for group, (name, size) in enumerate(plan.groups):
            group_id = _external_id(campaign.account_id, 12, index, group)
            self.entities.append((index, Entity("ad_group", group_id, campaign.external_id, name, "enabled", kind)))
            for number in range(size):
                ad_id = _external_id(campaign.account_id, 12, index, group, number)
                self.entities.append((index, Entity("ad", ad_id, group_id, f"{name} {number + 1}", "enabled", kind)))
                self.ads.append(AdSlot(index, group_id, ad_id, weights.pop(0)))

    def _arrays(self) -> None:
        accounts = [account.external_id for account in ACCOUNTS]
        self.ad_campaign: Ints = np.array([ad.campaign for ad in self.ads])
        shares = np.array([ad.share for ad in self.ads])
        self.ad_share: Floats = shares / np.bincount(self.ad_campaign, weights=shares)[self.ad_campaign]
        self.campaign_account: Ints = np.array([accounts.index(plan.account_id) for plan in PLANS])
        self.campaign_family: Ints = np.array([FAMILY[plan.family] for plan in PLANS])
        self.ad_account = self.campaign_account[self.ad_campaign]
        self.ad_family = self.campaign_family[self.ad_campaign]
        self.ad_is_meta: Flags = np.array([ACCOUNTS[a].platform == "meta" for a in self.ad_account])
        self.first: Ints = np.array([first for first, _ in self.windows])
        self.last: Ints = np.array([last for _, last in self.windows])
        self.direct = len(self.ads) + next(i for i, unpaid in enumerate(UNPAID) if unpaid.channel == "direct")
        self.source_count = len(self.ads) + len(UNPAID)

    def delivers(self, ads: Ints, days: Ints) -> Flags:
        """Whether each ad delivers on each local day (broadcast)."""
        campaigns = self.ad_campaign[ads]
        return (self.first[campaigns] <= days) & (days <= self.last[campaigns])

    def name(self, campaign: int, day: int) -> str:
        """The campaign's name on a local day."""
        plan = PLANS[campaign]
        return plan.renamed[1] if plan.renamed and day >= plan.renamed[0] else plan.name

    def status(self, campaign: int, day: int) -> str:
        plan = PLANS[campaign]
        if plan.removed is not None and day >= plan.removed:
            return "removed"
        return "paused" if day > self.windows[campaign][1] else "enabled"

    def shown(self, account_id: str, day: int) -> list[Entity]:
        """Entities of an account as of a local day: unborn campaigns are missing, removed ones are kept."""
        rows = []
        for index, entity in self.entities:
            if PLANS[index].account_id != account_id or day < self.windows[index][0]:
                continue
            status = self.status(index, day)
            if entity.level == "campaign":
                rows.append(entity._replace(name=self.name(index, day), status=status))
            else:
                rows.append(entity._replace(status="removed" if status == "removed" else "enabled"))
        return rows

    def channel(self, source: int) -> str:
        """Taxonomy code of a source."""
        if source < len(self.ads):
            return FAMILIES[int(self.ad_family[source])].channel
        return UNPAID[source - len(self.ads)].channel


def _external_id(account_id: str, digits: int, *path: int) -> str:
    """Looks like the platform's: Google campaigns 11 digits, below 12; Meta always 18."""
    meta = _PLATFORMS[account_id] == "meta"
    size = 18 if meta else digits
    prefix = "12021" if meta else "2" if digits == 11 else "7"
    key = f"{account_id}/{'/'.join(map(str, path))}".encode()
    number = int.from_bytes(hashlib.blake2b(key, digest_size=16).digest(), "big")
    return prefix + str(number % 10 ** (size - len(prefix))).zfill(size - len(prefix))


def _window(plan: Plan, start: date) -> tuple[int, int]:
    """First and last day of delivery, counted from the market's start."""
    if plan.season:
        (first_month, first_day), (last_month, last_day) = plan.season
        year = start.year if start <= date(start.year, last_month, last_day) else start.year + 1
        first = (date(year, first_month, first_day) - start).days
        return max(first, 0), (date(year, last_month, last_day) - start).days
    stops = [day for day in (plan.paused, plan.removed) if day is not None]
    return plan.first_day, min(stops, default=FOR_EVER) - 1


def _campaign(index: int, plan: Plan, start: date, window: tuple[int, int]) -> Campaign:
    first, last = window
    return Campaign(
        account_id=plan.account_id,
        external_id=_external_id(plan.account_id, 11, index),
        name=plan.name,
        channel=FAMILIES[FAMILY[plan.family]].channel,
        channel_type=plan.channel_type,
        start=start + timedelta(days=first),
        end=start + timedelta(days=last) if last < FOR_EVER - 1 else None,
    )
