"""What the analytics property shows: sessions of consenting visitors, orders by their last non-direct visit."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from sandbox.market.catalogue import ACCOUNTS, CHANNEL_GROUPS, PROPERTY, UNPAID
from sandbox.market.claims import MILLION
from sandbox.market.delivery import CENT
from sandbox.market.localdays import LocalDays, epoch
from sandbox.market.rows import SessionDay
from sandbox.market.season import Floats, Ints, share_of_day
from sandbox.market.simulation import Simulation
from sandbox.market.structure import Structure
from sandbox.market.tagging import tags

NOT_SET = "(not set)"


class _Grid(NamedTuple):
    """(days, sources) arrays."""

    sessions: Ints
    engaged: Ints
    users: Ints
    orders: Ints
    revenue: Ints  # cents


def session_days(simulation: Simulation, since: date, until: date, as_of: datetime) -> list[SessionDay]:
    """Rows by day and session source, inclusive days of the property. Credit looks back 30 days."""
    seconds = epoch(as_of)
    present = simulation.local_day(PROPERTY.time_zone, seconds)
    days = np.arange(max((since - simulation.start).days, 0), min((until - simulation.start).days, present) + 1)
    if not len(days):
        return []
    shape = (len(days), simulation.structure.source_count)
    grid = _Grid(*(np.zeros(shape, dtype=np.int64) for _ in _Grid._fields))
    _add_crowd(simulation, grid, days, seconds)
    _add_people(simulation, grid, days, seconds)
    _add_orders(simulation, grid, days, seconds)
    return _rows(simulation, grid, days)


def consented_seen(sessions: Ints, consented: Ints, engaged: Ints, share: Floats) -> tuple[Ints, Ints]:
    """Consented and engaged sessions among the first `share` of a day's; spread evenly so that counting is exact."""
    come = np.floor(sessions * share).astype(np.int64)
    seen = come * consented // np.maximum(sessions, 1)
    return seen, seen * engaged // np.maximum(consented, 1)


def _add_crowd(simulation: Simulation, grid: _Grid, days: Ints, seconds: int) -> None:
    """People who never buy. An account's day overlaps the property's day before and after in other time zones."""
    property_zone = simulation.zones[PROPERTY.time_zone]
    begin = property_zone.begin(days)
    end = np.minimum(begin + property_zone.length(days), seconds)
    for time_zone, sources in _sources_by_zone(simulation.structure).items():
        zone = simulation.zones[time_zone]
        for shift in (-1, 0, 1) if zone is not property_zone else (0,):
            row = np.flatnonzero((days + shift >= 0) & (days + shift < len(simulation.deliveries)))
            local = days[row] + shift
            chosen = [simulation.deliveries[day] for day in local]
            if not chosen:
                continue
            sessions, consented, engaged = (
                np.stack([getattr(delivery, name)[sources] for delivery in chosen]) for name in ("sessions", "consented", "engaged")
            )
            until, before = (
                consented_seen(sessions, consented, engaged, _share(zone, local, bound[row]))
                for bound in (np.maximum(end, begin), begin)
            )
            cells = np.ix_(row, sources)
            grid.sessions[cells] += until[0] - before[0]
            grid.users[cells] += until[0] - before[0]
            grid.engaged[cells] += until[1] - before[1]


def _share(zone: LocalDays, local: Ints, bound: Ints) -> Floats:
    share: Floats = share_of_day(bound - zone.begin(local), zone.length(local))[:, None]
    return share


def _sources_by_zone(structure: Structure) -> dict[str, Ints]:
    zones = [ACCOUNTS[account].time_zone for account in structure.ad_account] + [PROPERTY.time_zone] * len(UNPAID)
    return {zone: np.flatnonzero(np.array(zones) == zone) for zone in sorted(set(zones))}


def _add_people(simulation: Simulation, grid: _Grid, days: Ints, seconds: int) -> None:
    touches = simulation.touches
    here = np.flatnonzero((touches["view"] == 0) & (touches["at"] <= seconds))
    here = here[simulation.people.consent[touches["person"][here]]]
    row = simulation.zones[PROPERTY.time_zone].index(touches["at"][here]) - days[0]
    inside = (row >= 0) & (row < len(days))
    row, here = row[inside], here[inside]
    source = touches["source"][here]
    np.add.at(grid.sessions, (row, source), 1)
    np.add.at(grid.engaged, (row, source), (touches["pages"][here] >= 2).astype(np.int64))
    once = np.unique(np.stack((row, source, touches["person"][here])), axis=1)
    np.add.at(grid.users, (once[0], once[1]), 1)


def _add_orders(simulation: Simulation, grid: _Grid, days: Ints, seconds: int) -> None:
    table = simulation.orders
    here = np.flatnonzero(table["at"] + table["analytics_after"] <= seconds)
    here = here[simulation.people.consent[table["person"][here]]]
    row = simulation.zones[PROPERTY.time_zone].index(table["at"][here]) - days[0]
    inside = (row >= 0) & (row < len(days))
    row, here = row[inside], here[inside]
    touch = table["last_touch"][here]
    source = np.where(touch >= 0, simulation.touches["source"][touch], simulation.structure.direct)
    np.add.at(grid.orders, (row, source), 1)
    np.add.at(grid.revenue, (row, source), table["gross"][here])


def _rows(simulation: Simulation, grid: _Grid, days: Ints) -> list[SessionDay]:
    """One row per source, medium and campaign: the ads of a campaign are one."""
    structure = simulation.structure
    ads = len(structure.ads)
    key = np.concatenate((structure.ad_campaign, len(structure.campaigns) + np.arange(len(UNPAID))))
    belongs = (key[:, None] == np.arange(key.max() + 1)).astype(np.int64)
    summed = _Grid(*(values @ belongs for values in grid))
    first = {int(k): n for n, k in reversed(list(enumerate(key)))}
    kept = np.argwhere(np.any(np.stack(summed) != 0, axis=0)).tolist()
    return [_row(simulation, summed, first[column], row, column, int(days[row]), first[column] < ads) for row, column in kept]


def _row(simulation: Simulation, grid: _Grid, source: int, row: int, column: int, day: int, paid: bool) -> SessionDay:
    structure = simulation.structure
    marks = tags(structure, source, day)
    if paid:
        campaign, name = marks.utm_id, structure.name(column, day)
    else:
        campaign, name = NOT_SET, marks.utm_campaign or f"({marks.medium.strip('()')})".replace("(none)", "(direct)")
    sessions, engaged, users, orders, revenue = (int(values[row, column]) for values in grid)
    return SessionDay(
        day=simulation.start + timedelta(days=day),
        source=marks.source,
        medium=marks.medium,
        campaign_id=campaign,
        campaign_name=name,
        channel_group=CHANNEL_GROUPS[structure.channel(source)],
        sessions=sessions,
        engaged_sessions=engaged,
        users=users,
        key_events=orders * MILLION,
        transactions=orders * MILLION,
        revenue_micros=revenue * CENT,
    )
