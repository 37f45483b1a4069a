"""How a person comes to an order, or does not: sessions by channel, impressions on the way, and the time it takes."""

from typing import NamedTuple

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, FAMILIES, FAMILY, UNPAID
from sandbox.market.delivery import Delivery
from sandbox.market.season import Flags, Floats, Ints, moment_of_share
from sandbox.market.shop import DAY
from sandbox.market.structure import Structure

MAX_LAG = 28 * DAY
_UNPAID_CHANNELS = ("email", "affiliate", "organic_search", "organic_social", "direct", "referral")
_SLOTS = (*FAMILY, *_UNPAID_CHANNELS)
_DIRECT = _SLOTS.index("direct")
_EMAIL = _SLOTS.index("email")
# Chance of each slot in the first, a middle and the last session of a journey.
_MIX: Floats = np.array(
    (
        # brand gen  shop pmax disp vid  prosp retar mail affil orgS orgSoc direct refer
        (0.13, 0.07, 0.08, 0.06, 0.01, 0.0, 0.03, 0.03, 0.09, 0.03, 0.25, 0.03, 0.16, 0.03),
        (0.13, 0.05, 0.08, 0.06, 0.01, 0.0, 0.03, 0.07, 0.10, 0.03, 0.20, 0.02, 0.20, 0.02),
        (0.20, 0.02, 0.05, 0.05, 0.01, 0.0, 0.01, 0.05, 0.12, 0.06, 0.15, 0.01, 0.26, 0.01),
    )
)
_CUMULATIVE = np.cumsum(_MIX, axis=1)
_VIEWED: Ints = np.array([FAMILY[code] for code in ("prospecting", "retargeting", "display", "video")])
_VIEW_MIX: Floats = np.array([0.40, 0.42, 0.12, 0.06])
_COUNTRY_OF_ACCOUNT: Ints = np.array([1 if a.currency == "GBP" else 2 if a.currency == "USD" else 0 for a in ACCOUNTS])


class Episodes(NamedTuple):
    """Decisions that begin on one day; arrays by episode."""

    person: Ints
    country: Ints
    opted_in: Flags
    buys: Flags
    cause: Ints  # campaign that caused it, -1: nobody did
    by_view: Flags  # caused by an impression that was not clicked


class Touches(NamedTuple):
    """Sessions and impressions, ordered by episode and time; arrays by touch."""

    episode: Ints
    at: Ints  # epoch seconds
    source: Ints
    view: Flags
    last: Flags  # the session in which the episode ends


def journeys(
    episodes: Episodes, begin: int, delivery: Delivery, structure: Structure, rng: np.random.Generator
) -> tuple[Touches, Ints]:
    """Touches of a day's episodes and the second at which each ends; nothing lies before `begin`, the UTC midnight."""
    count = len(episodes.person)
    starts = begin + (moment_of_share(rng.random(count)) * DAY).astype(np.int64)
    lag = _lags(count, rng)
    sessions, ends = _sessions(episodes, starts, lag, delivery, structure, rng)
    views = _views(episodes, begin, starts, ends, delivery, structure, rng)
    return _in_order(sessions, views), ends


def _in_order(sessions: Touches, views: Touches) -> Touches:
    episode, at = np.concatenate((sessions.episode, views.episode)), np.concatenate((sessions.at, views.at))
    order = np.lexsort((at, episode))
    source = np.concatenate((sessions.source, views.source))[order]
    view = np.concatenate((sessions.view, views.view))[order]
    last = np.concatenate((sessions.last, views.last))[order]
    return Touches(episode[order], at[order], source, view, last)


def _lags(count: int, rng: np.random.Generator) -> Ints:
    """Seconds from first contact to the end: two in five at once, most within three days, some up to 28."""
    at_once = rng.integers(240, 1800, count)
    later = rng.lognormal(np.log(1.1 * DAY), 1.35, count)
    later = np.where(later > MAX_LAG - DAY, rng.uniform(DAY, MAX_LAG - DAY, count), np.maximum(later, 3600))
    return np.where(rng.random(count) < 0.42, at_once, later.astype(np.int64))


def _sessions(
    episodes: Episodes, starts: Ints, lag: Ints, delivery: Delivery, structure: Structure, rng: np.random.Generator
) -> tuple[Touches, Ints]:
    ends = starts + lag
    more = 1 + np.minimum(rng.poisson(0.25 + 0.55 * np.log1p(lag / DAY)), 6)
    number = np.where(lag > 1800, 1 + more, 1)
    episode = np.repeat(np.arange(len(starts)), number)
    opening = np.concatenate(([0], np.cumsum(number)[:-1])).astype(np.int64)
    position = np.arange(len(episode)) - opening[episode]
    first, last = position == 0, position == number[episode] - 1
    at = starts[episode] + (rng.random(len(episode)) * np.maximum(lag[episode] - 3600, 1)).astype(np.int64)
    at = np.where(first, starts[episode], np.where(last, ends[episode] - rng.integers(180, 1500, len(episode)), at))
    stage = np.where(first, 0, np.where(last, 2, 1))
    slot = (rng.random(len(episode))[:, None] >= _CUMULATIVE[stage]).sum(axis=1)
    slot = np.minimum(slot, len(_SLOTS) - 1)
    slot = np.where((slot == _EMAIL) & ~episodes.opted_in[episode], _DIRECT, slot)
    source = _sources(slot, episodes.country[episode], delivery.clicks, structure, rng)
    caused = first & (episodes.cause[episode] >= 0) & ~episodes.by_view[episode]
    source[caused] = _own_ad(episodes.cause[episode[caused]], delivery.clicks, structure, rng)
    return Touches(episode, at, source, np.zeros(len(episode), dtype=bool), last), ends


def _sources(slot: Ints, country: Ints, volume: Ints, structure: Structure, rng: np.random.Generator) -> Ints:
    """A concrete ad or unpaid source for each slot; who finds no ad of that kind comes by organic search."""
    draw = rng.random(len(slot))
    source = np.full(len(slot), structure.direct)
    ad_country = _COUNTRY_OF_ACCOUNT[structure.ad_account]
    for family in range(len(FAMILIES)):
        for land in range(3):
            wanted = np.flatnonzero((slot == family) & (country == land))
            ads = np.flatnonzero((structure.ad_family == family) & (ad_country == land) & (volume > 0))
            if len(ads):
                source[wanted] = _pick(ads, volume[ads].astype(np.float64), draw[wanted])
            else:
                slot[wanted] = _SLOTS.index("organic_search")
    for offset, channel in enumerate(_UNPAID_CHANNELS):
        wanted = np.flatnonzero(slot == len(FAMILIES) + offset)
        rows = [(i, unpaid.share) for i, unpaid in enumerate(UNPAID) if unpaid.channel == channel]
        choices: Ints = np.array([len(structure.ads) + i for i, _ in rows])
        source[wanted] = _pick(choices, np.array([share for _, share in rows]), draw[wanted])
    return source


def _pick(choices: Ints, weights: Floats, draw: Floats) -> Ints:
    cumulative = np.cumsum(weights)
    return choices[np.minimum(np.searchsorted(cumulative / cumulative[-1], draw, side="right"), len(choices) - 1)]


def _own_ad(campaigns: Ints, volume: Ints, structure: Structure, rng: np.random.Generator) -> Ints:
    """An ad of each campaign, by its volume."""
    draw = rng.random(len(campaigns))
    ads = np.empty(len(campaigns), dtype=np.int64)
    for campaign in np.unique(campaigns):
        own = np.flatnonzero(structure.ad_campaign == campaign)
        here = campaigns == campaign
        ads[here] = _pick(own, volume[own].astype(np.float64) + 1e-6, draw[here])
    return ads


def _views(
    episodes: Episodes,
    begin: int,
    starts: Ints,
    ends: Ints,
    delivery: Delivery,
    structure: Structure,
    rng: np.random.Generator,
) -> Touches:
    """Impressions seen around the sessions, and the ones that caused an episode without a click."""
    opened = np.maximum(starts - 10 * 3600, begin)
    number = rng.poisson(np.minimum(0.3 + 0.1 * (ends - starts) / DAY, 1.6))
    episode = np.repeat(np.arange(len(starts)), number)
    at = opened[episode] + (rng.random(len(episode)) * (ends - opened)[episode]).astype(np.int64)
    slot = _pick(_VIEWED, _VIEW_MIX, rng.random(len(episode)))
    source = _sources(slot, episodes.country[episode], delivery.impressions, structure, rng)
    seen = source < len(structure.ads)
    caused = np.flatnonzero(episodes.by_view)
    cause = _own_ad(episodes.cause[caused], delivery.impressions, structure, rng)
    episode = np.concatenate((episode[seen], caused))
    yes = np.ones(len(episode), dtype=bool)
    # The impression that caused it comes a little before the first session, yet not before the day.
    before = np.maximum(starts[caused] - rng.integers(300, 7200, len(caused)), begin)
    return Touches(episode, np.concatenate((at[seen], before)), np.concatenate((source[seen], cause)), yes, ~yes)
