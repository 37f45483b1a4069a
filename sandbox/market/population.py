"""The people: how often each would buy on its own, whether they consent, when they are next free to decide."""

from datetime import date

import numpy as np

from sandbox.market.season import Flags, Floats, Ints, demand

COUNTRIES = (0.88, 0.06, 0.06)  # German speaking, United Kingdom, United States
_CUSTOMERS_AT_START = 0.33
_PROSPECT_RATE = 0.53  # orders a year without any ad
_REPEAT_RATE = 1.3
_LEAVES = 0.22  # share of customers lost a year without a purchase to end on
_NEVER = -(10**12)


class Population:
    """Arrays by person. Customers buy as in BG/NBD: gamma rates, after each purchase a beta chance to be gone."""

    def __init__(self, seed: int, size: int) -> None:
        self.size = size
        self.country: Ints = np.empty(0, dtype=np.int64)
        self.rate: Floats = np.empty(0)
        self.prospect_rate: Floats = np.empty(0)
        self.leaves: Floats = np.empty(0)
        self.taste: Floats = np.empty(0)
        self.consent: Flags = np.empty(0, dtype=bool)
        self.opted_in: Flags = np.empty(0, dtype=bool)
        self.customer: Flags = np.empty(0, dtype=bool)
        self.alive: Flags = np.empty(0, dtype=bool)
        self.busy_until: Ints = np.empty(0, dtype=np.int64)
        self.last_touch: Ints = np.empty(0, dtype=np.int64)
        self.last_touch_at: Ints = np.empty(0, dtype=np.int64)
        rng = np.random.default_rng([seed, 2])
        self._arrive(size, rng)
        self.customer = rng.random(size) < _CUSTOMERS_AT_START
        self.opted_in = rng.random(size) < np.where(self.customer, 0.6, 0.15)

    def _arrive(self, count: int, rng: np.random.Generator) -> None:
        def grow(have: np.ndarray, new: np.ndarray) -> np.ndarray:
            return np.concatenate((have, new))

        self.country = grow(self.country, np.searchsorted(np.cumsum(COUNTRIES)[:-1], rng.random(count), side="right"))
        self.rate = grow(self.rate, rng.gamma(0.9, _REPEAT_RATE / 0.9, count))
        self.prospect_rate = grow(self.prospect_rate, rng.gamma(1.5, _PROSPECT_RATE / 1.5, count))
        self.leaves = grow(self.leaves, rng.beta(1.1, 1.5, count))
        self.taste = grow(self.taste, rng.normal(0, 1, count))
        self.consent = grow(self.consent, rng.random(count) < 0.76)
        self.opted_in = grow(self.opted_in, rng.random(count) < 0.15)
        self.customer = grow(self.customer, np.zeros(count, dtype=bool))
        self.alive = grow(self.alive, np.ones(count, dtype=bool))
        self.busy_until = grow(self.busy_until, np.full(count, _NEVER))
        self.last_touch = grow(self.last_touch, np.full(count, -1))
        self.last_touch_at = grow(self.last_touch_at, np.full(count, _NEVER))

    def live(self, rng: np.random.Generator) -> None:
        """A day goes by: some customers are lost, newcomers keep the number of living people."""
        lost = self.alive & self.customer & (rng.random(len(self.alive)) < _LEAVES / 365)
        self.alive[lost] = False
        self._arrive(max(self.size - int(self.alive.sum()), 0), rng)

    def free(self, begin: int) -> Flags:
        """Who lives and is not in the middle of a decision when the day begins (epoch seconds)."""
        free: Flags = self.alive & (self.busy_until < begin)
        return free

    def deciding(self, free: Flags, day: date, rng: np.random.Generator, abandoned: float) -> tuple[Ints, Ints]:
        """People who buy of their own accord from this day on, and `abandoned` times as many who only look."""
        hazard = np.where(self.customer, self.rate, self.prospect_rate) * demand(day) / 365
        draw = rng.random(len(free))
        buy = free & (draw < hazard)
        look = free & (draw >= hazard) & (draw < hazard * (1 + abandoned))
        return np.flatnonzero(buy), np.flatnonzero(look)

    def reached(self, count: int, pool: Ints, prospects: float, free: Flags, rng: np.random.Generator) -> Ints:
        """Up to `count` free people of a pool, a person who never bought being `prospects` times as likely."""
        if not count or not len(pool):
            return np.empty(0, dtype=np.int64)
        # Drawing and rejecting: sorting the whole pool for each campaign took nine tenths of the run.
        drawn = pool[rng.integers(0, len(pool), 30 + 12 * count)]
        weight = np.where(self.customer[drawn], 1.0, prospects) / max(prospects, 1.0)
        drawn = drawn[free[drawn] & (rng.random(len(drawn)) < weight)]
        return drawn[np.sort(np.unique(drawn, return_index=True)[1])][:count]

    def bought(self, people: Ints, rng: np.random.Generator) -> Flags:
        """Books a purchase of each; says who had never bought before."""
        new: Flags = ~self.customer[people]
        self.customer[people] = True
        self.opted_in[people] |= rng.random(len(people)) < 0.45
        self.alive[people] = rng.random(len(people)) >= self.leaves[people]
        return new
