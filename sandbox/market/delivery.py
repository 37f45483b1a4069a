"""What the ads of one day deliver to people who never buy: impressions, clicks, spend, sessions. And what ads cause."""

from datetime import date
from typing import NamedTuple

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, FAMILIES, PLANS, UNPAID
from sandbox.market.season import Floats, Ints, demand, eur_rate
from sandbox.market.structure import Structure

CENT = 10_000  # micros
_BLOCK = 21  # days a budget level lasts
_LEVELS = (0.65, 0.8, 1.0, 1.0, 1.0, 1.2, 1.6)
_SATURATION = 1.1
SESSION_SHARE, CONSENT_SHARE = 0.88, 0.74
_YEARLY = 1 / 365


class Delivery(NamedTuple):
    """One day of all sources; arrays by source index (ads first), zero where a column does not apply."""

    impressions: Ints
    clicks: Ints
    spend: Ints  # cents of the account currency
    credit: Ints  # cents given back for invalid clicks
    credit_after: Ints  # seconds after the end of the local day
    sessions: Ints
    consented: Ints
    engaged: Ints
    pace: Floats  # by campaign: spend relative to its reference


def response(pace: Floats) -> Floats:
    """Effect relative to reference spend when `pace` times the reference is spent: concave, 1 at 1."""
    concave: Floats = -np.expm1(-pace / _SATURATION) / -np.expm1(-1 / _SATURATION)
    return concave


class Deliverer:
    """Plans and draws a day. `scale` is the size of the market relative to 20,000 shoppers."""

    def __init__(self, structure: Structure, seed: int, scale: float) -> None:
        self._structure = structure
        self._seed = seed
        self._scale = scale
        self._by_click = np.array([FAMILIES[f].by_click for f in structure.ad_family])
        self._price = np.array([FAMILIES[f].price for f in structure.ad_family])
        self._ctr = np.array([FAMILIES[f].ctr for f in structure.ad_family])
        engaged = [FAMILIES[f].engaged for f in structure.ad_family] + [0.6] * len(UNPAID)
        self._engaged = np.array(engaged)
        self._reference = np.array([plan.yearly_spend * _YEARLY for plan in PLANS])
        self._effect = np.array([FAMILIES[f].yearly_effect / 1000 for f in structure.campaign_family])
        self._unpaid = np.array([unpaid.yearly_visits * _YEARLY for unpaid in UNPAID])

    def day(self, day: date, rng: np.random.Generator) -> Delivery:
        """Draws one local day of every account."""
        pace = self._pace(day, rng)
        impressions, clicks, spend = self._ads(day, pace, rng)
        google = ~self._structure.ad_is_meta
        invalid = google & (rng.random(len(spend)) < 0.06)
        credit = np.where(invalid, spend * rng.uniform(0.01, 0.06, len(spend)), 0).astype(np.int64)
        credit_after = rng.integers(86_400, 3 * 86_400, len(spend))
        visits = rng.poisson(self._unpaid * demand(day) ** 0.7 * self._scale)
        sessions = np.concatenate((rng.binomial(clicks, SESSION_SHARE), visits))
        consented = rng.binomial(sessions, CONSENT_SHARE)
        engaged = rng.binomial(consented, self._engaged)
        return Delivery(impressions, clicks, spend, credit, credit_after, sessions, consented, engaged, pace)

    def _pace(self, day: date, rng: np.random.Generator) -> Floats:
        """Spend relative to reference by campaign: season, budget tests of three weeks, daily noise; 0 when off."""
        index = (day - self._structure.start).days
        on = (self._structure.first <= index) & (index <= self._structure.last)
        block = np.random.default_rng([self._seed, 1, index // _BLOCK]).choice(_LEVELS, len(PLANS))
        noise = rng.lognormal(0, 0.1, len(PLANS))
        pace: Floats = np.where(on, demand(day) ** 0.75 * block * noise, 0.0)
        return pace

    def _ads(self, day: date, pace: Floats, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
        of = self._structure.ad_campaign
        mix = rng.lognormal(0, 0.15, len(of)) * self._structure.ad_share
        mix /= np.bincount(of, weights=mix)[of]
        budget = (self._reference * pace * self._scale)[of] * mix
        # More money meets dearer auctions, and so does a season in which everybody advertises.
        heat = np.maximum(pace[of], 0.2) ** 0.2 * demand(day) ** 0.1
        price = self._price * heat * rng.lognormal(0, 0.08, len(of))
        ctr = self._ctr * rng.lognormal(0, 0.1, len(of))
        bought = rng.poisson(np.where(self._by_click, budget / price, budget / price * 1000))
        clicks = np.where(self._by_click, bought, rng.binomial(bought, np.minimum(ctr, 0.9)))
        impressions = np.where(self._by_click, clicks + rng.poisson(clicks * (1 / ctr - 1)), bought)
        paid = bought * np.where(self._by_click, price, price / 1000)
        rates = np.array([eur_rate(account.currency, day) for account in ACCOUNTS])[self._structure.ad_account]
        return impressions, clicks, np.rint(paid * 100 * rates / 10_000).astype(np.int64)

    def caused(self, day: date, pace: Floats) -> Floats:
        """Expected orders by campaign that would not exist without this day's ads."""
        # Demand is part of `pace`; what is left of the pace beyond it moves along the response curve.
        season = demand(day)
        effect: Floats = self._reference * self._effect * self._scale * season * response(pace / season**0.75)
        return effect
