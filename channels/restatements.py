"""What changed in the past: numbers a platform corrected, old and new, by the pull that noticed.

A day that is not over grows with every pull; that is no correction and is left out.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection as database

from channels.connectors.base import DEFAULT_WINDOW
from channels.models import AdAccount

MEASURES = ("spend", "clicks", "conversions", "conversions_value")
PAGE = 25  # (pull, day) groups


class Change(NamedTuple):
    """One measure before and after."""

    measure: str
    old: Decimal
    new: Decimal

    @property
    def difference(self) -> Decimal:
        return self.new - self.old


class CampaignChange(NamedTuple):
    campaign: str
    changes: list[Change]
    vanished: bool  # the platform no longer reports this row


class DayChange(NamedTuple):
    """A day whose numbers one pull replaced: totals over its changed campaigns, and the campaigns."""

    noticed_at: datetime
    day: date
    changes: list[Change]
    campaigns: list[CampaignChange]


_PAIRS = """
    FROM channels_dailystathistory h
    LEFT JOIN channels_dailystathistory n
      ON n.workspace_id = h.workspace_id AND n.account_id = h.account_id AND n.day = h.day AND n.campaign_id = h.campaign_id
     AND n.attribution_window = h.attribution_window AND n.observed_at = h.replaced_at
    LEFT JOIN channels_dailystat c
      ON c.workspace_id = h.workspace_id AND c.account_id = h.account_id AND c.day = h.day AND c.campaign_id = h.campaign_id
     AND c.attribution_window = h.attribution_window AND c.observed_at = h.replaced_at
    WHERE h.workspace_id = %(workspace)s AND h.account_id = %(account)s AND h.attribution_window = %(window)s
      AND h.observed_at >= (h.day + 1)::timestamp AT TIME ZONE %(zone)s
"""
_MEASURES = ", ".join(f"h.{name}, coalesce(n.{name}, c.{name}, 0)" for name in MEASURES)


def count(account: AdAccount) -> int:
    """How many (pull, day) groups there are."""
    found: int = _rows("SELECT count(DISTINCT (h.replaced_at, h.day))" + _PAIRS, account)[0][0]
    return found


def changes(account: AdAccount, offset: int = 0) -> list[DayChange]:
    """A page of groups, the newest pull and the newest day first. Rows of the default window only, as reports read them."""
    groups = _rows(
        "SELECT DISTINCT h.replaced_at, h.day" + _PAIRS + " ORDER BY 1 DESC, 2 DESC LIMIT %(limit)s OFFSET %(offset)s",
        account, limit=PAGE, offset=offset,
    )  # fmt: skip
    if not groups:
        return []
    rows = _rows(
        f"SELECT h.replaced_at, h.day, p.name, n.id IS NULL AND c.day IS NULL, {_MEASURES}"  # noqa: S608  constants
        + _PAIRS.replace("WHERE", "JOIN channels_platformcampaign p ON p.id = h.campaign_id WHERE")
        + " AND (h.replaced_at, h.day) IN (SELECT * FROM unnest(%(instants)s::timestamptz[], %(days)s::date[]))"
        " ORDER BY 1 DESC, 2 DESC, 3",
        account, instants=[instant for instant, _ in groups], days=[day for _, day in groups],
    )  # fmt: skip
    return [_day(noticed_at, day, list(found)) for (noticed_at, day), found in groupby(rows, key=lambda row: (row[0], row[1]))]


def _day(noticed_at: datetime, day: date, rows: list[tuple[Any, ...]]) -> DayChange:
    campaigns = [CampaignChange(str(row[2]), _changed([row[4:]]), bool(row[3])) for row in rows]
    return DayChange(noticed_at, day, _changed([row[4:] for row in rows]), campaigns)


def _changed(values: Sequence[Sequence[object]]) -> list[Change]:
    """Measures that differ, summed over `values`, each old and new in turn."""
    found = []
    for position, measure in enumerate(MEASURES):
        old = sum((Decimal(str(row[2 * position])) for row in values), Decimal(0))
        new = sum((Decimal(str(row[2 * position + 1])) for row in values), Decimal(0))
        if old != new:
            found.append(Change(measure, old, new))
    return found


def _rows(sql: str, account: AdAccount, **values: Any) -> list[tuple[Any, ...]]:
    scope: dict[str, Any] = {
        "workspace": account.workspace_id,
        "account": account.pk,
        "window": DEFAULT_WINDOW,
        "zone": account.time_zone,
    }
    with database.cursor() as cursor:
        cursor.execute(sql, scope | values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
