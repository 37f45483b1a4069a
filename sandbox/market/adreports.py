"""What an advertising platform shows of its days at an instant: the same arrays, filtered and summed."""

from datetime import date, datetime, timedelta

import numpy as np

from sandbox.market.catalogue import ACCOUNTS
from sandbox.market.claims import CLICK, GOOGLE_VIEW, META_CLICK, META_VIEW, MILLION
from sandbox.market.delivery import CENT
from sandbox.market.localdays import epoch
from sandbox.market.rows import AdDay
from sandbox.market.season import Flags, Ints, share_of_day
from sandbox.market.shop import DAY
from sandbox.market.simulation import Simulation

_META_CLICKS = (("1d_click", 1), ("7d_click", 7), ("28d_click", 28))
Grid = dict[str, Ints]  # one (days, ads) array per measure; claims as "<window>#" and "<window>$"


def ad_days(simulation: Simulation, account: int, since: date, until: date, as_of: datetime, *, by_campaign: bool) -> list[AdDay]:
    """Rows with at least one number, by day and then in catalogue order. `since` and `until` are inclusive."""
    structure, seconds = simulation.structure, epoch(as_of)
    present = simulation.local_day(ACCOUNTS[account].time_zone, seconds)
    days = np.arange(max((since - simulation.start).days, 0), min((until - simulation.start).days, present) + 1)
    ads = np.flatnonzero(structure.ad_account == account)
    if not len(days) or not len(ads):
        return []
    grid = _delivered(simulation, days, ads, seconds)
    _add_contacts(simulation, grid, days, ads, seconds)
    _add_claims(simulation, grid, days, ads, seconds)
    if by_campaign:
        grid, ads = _by_campaign(grid, structure.ad_campaign[ads])
        ids = [(structure.campaigns[campaign].external_id, "", "") for campaign in ads]
    else:
        # Performance Max has no ads to report on.
        named = np.array([bool(structure.ads[ad].ad_id) for ad in ads])
        grid, ads = {name: values[:, named] for name, values in grid.items()}, ads[named]
        slots = [structure.ads[ad] for ad in ads]
        ids = [(structure.campaigns[slot.campaign].external_id, slot.ad_group_id, slot.ad_id) for slot in slots]
    return _rows(grid, simulation.start + timedelta(days=int(days[0])), ids)


def _delivered(simulation: Simulation, days: Ints, ads: Ints, seconds: int) -> Grid:
    """Delivery to the crowd; the present day in proportion to the traffic that has come."""
    zone = simulation.zones[ACCOUNTS[int(simulation.structure.ad_account[ads[0]])].time_zone]
    begin, length = zone.begin(days), zone.length(days)
    share = share_of_day(seconds - begin, length)[:, None]
    chosen = simulation.deliveries[int(days[0]) : int(days[-1]) + 1]

    def seen(column: str) -> Ints:
        whole = np.stack([getattr(delivery, column)[ads] for delivery in chosen])
        return np.floor(whole * share).astype(np.int64)

    after = np.stack([delivery.credit_after[ads] for delivery in chosen])
    credit = np.stack([delivery.credit[ads] for delivery in chosen])
    credited = seconds >= (begin + length)[:, None] + after
    spend = seen("spend") - np.where(credited, credit, 0)
    return {"impressions": seen("impressions"), "clicks": seen("clicks"), "spend": spend}


def _add_contacts(simulation: Simulation, grid: Grid, days: Ints, ads: Ints, seconds: int) -> None:
    """The contacts of the people the market follows one by one."""
    touches = simulation.touches
    here = np.isin(touches["source"], ads) & (touches["at"] <= seconds)
    source, view = touches["source"][here], touches["view"][here].astype(bool)
    cells, inside = _cells(simulation, source, touches["at"][here], days, ads)
    np.add.at(grid["impressions"], cells, 1)
    clicked = ~view[inside]
    np.add.at(grid["clicks"], (cells[0][clicked], cells[1][clicked]), 1)


def _add_claims(simulation: Simulation, grid: Grid, days: Ints, ads: Ints, seconds: int) -> None:
    claims = simulation.claims
    here = np.isin(claims["ad"], ads) & (claims["public_at"] <= seconds)
    kind, age = claims["kind"][here], (claims["ordered_at"] - claims["at"])[here]
    ad, at, ordered_at = claims["ad"][here], claims["at"][here], claims["ordered_at"][here]
    credit, value = claims["credit"][here], claims["value"][here]

    def add(window: str, chosen: Flags, dated: Ints) -> None:
        cells, inside = _cells(simulation, ad[chosen], dated[chosen], days, ads)
        for suffix, amount in (("#", credit), ("$", value)):
            grid[window + suffix] = np.zeros_like(grid["clicks"])
            np.add.at(grid[window + suffix], cells, amount[chosen][inside])

    if simulation.structure.ad_is_meta[ads[0]]:
        for window, limit in _META_CLICKS:
            add(window, (kind == META_CLICK) & (age <= limit * DAY), at)
        add("1d_view", kind == META_VIEW, at)
        grid["view_through"] = grid["1d_view#"] // MILLION
        return
    add("default", kind == CLICK, at)
    add("conversion_date", kind == CLICK, ordered_at)
    add("view", kind == GOOGLE_VIEW, at)
    grid["view_through"] = grid.pop("view#") // MILLION
    del grid["view$"]


def _cells(simulation: Simulation, source: Ints, at: Ints, days: Ints, ads: Ints) -> tuple[tuple[Ints, Ints], Flags]:
    """(day, ad) positions in the grid of what falls inside it, and which do."""
    row = simulation.ad_days(source, at) - days[0]
    inside: Flags = (row >= 0) & (row < len(days))
    return (row[inside], np.searchsorted(ads, source[inside]).astype(np.int64)), inside


def _by_campaign(grid: Grid, campaign_of: Ints) -> tuple[Grid, Ints]:
    campaigns = np.unique(campaign_of)
    belongs = (campaign_of[:, None] == campaigns).astype(np.int64)
    return {name: values @ belongs for name, values in grid.items()}, campaigns


def _rows(grid: Grid, first: date, ids: list[tuple[str, str, str]]) -> list[AdDay]:
    windows = [name[:-1] for name in grid if name.endswith("#")]
    kept = np.argwhere(np.any(np.stack(list(grid.values())) != 0, axis=0))
    where = (kept[:, 0], kept[:, 1])
    numbers = {name: values[where].tolist() for name, values in grid.items()}
    return [
        AdDay(
            *ids[column],
            day=first + timedelta(days=row),
            impressions=numbers["impressions"][n],
            clicks=numbers["clicks"][n],
            spend_micros=numbers["spend"][n] * CENT,
            claims={window: (numbers[window + "#"][n], numbers[window + "$"][n]) for window in windows},
            view_through=numbers["view_through"][n],
        )
        for n, (row, column) in enumerate(kept.tolist())
    ]
