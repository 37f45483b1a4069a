"""What each platform claims of an order, from the contacts it saw before it. None of them knows of the others.

Google Ads: each account splits an order over its own clicks of the last 30 days (data-driven: fresher and more telling
clicks get more; credit is nil beyond 28 days), dated to the click. Meta: each account takes the whole order for its
last click within 28 days, or for its last impression within a day if there was no click in 7 days.
"""

from typing import NamedTuple

import numpy as np

from sandbox.market.catalogue import FAMILIES
from sandbox.market.season import Flags, Ints
from sandbox.market.shop import DAY
from sandbox.market.structure import Structure

MILLION = 1_000_000
CLICK, GOOGLE_VIEW, META_CLICK, META_VIEW = range(4)
WINDOW = 28 * DAY
# A claim is public at most this long after its contact, so that a day is final 30 days after it.
_LATEST = 28 * DAY + 20 * 3600
FRESHNESS: Ints = np.array([round(1000 * 2 ** (-age / 7)) for age in range(29)])
_WEIGHT: Ints = np.array([family.weight for family in FAMILIES])


class Contacts(NamedTuple):
    """Ad contacts of persons who ordered; arrays by contact, each already joined to one order."""

    order: Ints
    ad: Ints
    at: Ints
    view: Flags
    ordered_at: Ints
    worth: Ints  # gross of the order in micros of the contact's account currency


class Claims(NamedTuple):
    """Claims; arrays by claim. `credit` in millionths of an order."""

    order: Ints
    ad: Ints
    at: Ints
    kind: Ints
    credit: Ints
    value: Ints  # micros of the account currency


def claims(contacts: Contacts, structure: Structure) -> Claims:
    """All platforms' claims on the orders the contacts belong to."""
    age = contacts.ordered_at - contacts.at
    near = _only(contacts, (age >= 0) & (age <= WINDOW))
    meta = structure.ad_is_meta[near.ad]
    parts = (_google(_only(near, ~meta), structure), _meta(_only(near, meta), structure))
    return Claims(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def public_after(ordered_at: Ints, delay: Ints, at: Ints) -> Ints:
    """Instant from which a platform shows a claim on a contact `at`, given its reporting delay in seconds."""
    public: Ints = np.maximum(ordered_at, np.minimum(ordered_at + delay, at + _LATEST))
    return public


def _only(contacts: Contacts, keep: Flags) -> Contacts:
    return Contacts(
        contacts.order[keep],
        contacts.ad[keep],
        contacts.at[keep],
        contacts.view[keep],
        contacts.ordered_at[keep],
        contacts.worth[keep],
    )


def _google(contacts: Contacts, structure: Structure) -> Claims:
    clicks = _only(contacts, ~contacts.view)
    group = _groups(clicks, structure)
    weight = FRESHNESS[(clicks.ordered_at - clicks.at) // DAY] * _WEIGHT[structure.ad_family[clicks.ad]]
    total = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(total, group, weight)
    newest = _newest(clicks, group)
    share, every = (weight, total[group]), np.full(len(weight), MILLION)
    credit, value = (_split(whole, *share, group, newest) for whole in (every, clicks.worth))
    views = _only(contacts, contacts.view & (contacts.ordered_at - contacts.at <= DAY))
    views = _last(views, structure)
    views = _only(views, ~np.isin(_account_key(views, structure), _account_key(clicks, structure)))
    return _join(
        Claims(clicks.order, clicks.ad, clicks.at, np.full(len(credit), CLICK), credit, value),
        _whole(views, GOOGLE_VIEW),
    )


def _split(whole: Ints, weight: Ints, total: Ints, group: Ints, newest: Ints) -> Ints:
    """Shares of `whole` by weight, rounded down; the newest contact of each group takes the rest."""
    part: Ints = whole * weight // total
    given = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(given, group, part)
    part[newest] += whole[newest] - given[group[newest]]
    return part


def _whole(contacts: Contacts, kind: int) -> Claims:
    count = len(contacts.at)
    return Claims(contacts.order, contacts.ad, contacts.at, np.full(count, kind), np.full(count, MILLION), contacts.worth)


def _meta(contacts: Contacts, structure: Structure) -> Claims:
    age = contacts.ordered_at - contacts.at
    clicks = _only(contacts, ~contacts.view)
    week = _only(contacts, ~contacts.view & (age <= 7 * DAY))
    views = _only(contacts, contacts.view & (age <= DAY))
    views = _only(views, ~np.isin(_account_key(views, structure), _account_key(week, structure)))
    return _join(_whole(_last(clicks, structure), META_CLICK), _whole(_last(views, structure), META_VIEW))


def _last(contacts: Contacts, structure: Structure) -> Contacts:
    """The latest contact of each order with each account."""
    return _only(contacts, _flag(_newest(contacts, _groups(contacts, structure)), len(contacts.at)))


def _join(first: Claims, second: Claims) -> Claims:
    return Claims(*(np.concatenate(pair) for pair in zip(first, second, strict=True)))


def _account_key(contacts: Contacts, structure: Structure) -> Ints:
    key: Ints = contacts.order * 16 + structure.ad_account[contacts.ad]
    return key


def _groups(contacts: Contacts, structure: Structure) -> Ints:
    """Numbers 0… of the (order, account) pairs, by contact."""
    return np.unique(_account_key(contacts, structure), return_inverse=True)[1].astype(np.int64)


def _newest(contacts: Contacts, group: Ints) -> Ints:
    """Index of the latest contact of each group (the greater ad on the same second)."""
    order = np.lexsort((contacts.ad, contacts.at, group))
    ends = np.flatnonzero(np.diff(group[order], append=-1))
    return order[ends]


def _flag(index: Ints, length: int) -> Flags:
    flags = np.zeros(length, dtype=bool)
    flags[index] = True
    return flags
