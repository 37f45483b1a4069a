"""Missing is not zero: a day without rows is zero where it was pulled, and unknown where it was not."""

from collections.abc import Sequence
from datetime import date
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from channels.models import Coverage
from mops.lib.period import Period
from reporting.buckets import bucket, buckets
from reporting.dimensions import AD_LEVEL, TIME
from reporting.groups import Group, Groups
from reporting.scope import Scope


def fill_zeros(read: Sequence[tuple[Scope, Groups]]) -> None:
    """Complete series of days, weeks or months, or totals: every bucket is there, pulled ones with zeros.

    The scopes differ in their period only.
    """
    scope = read[0][0]
    if len(scope.dimensions) > 1 or not set(scope.dimensions) <= set(TIME):
        return
    dimension = scope.dimensions[0] if scope.dimensions else None
    lacking = [(part.period, groups, empty) for part, groups in read if (empty := _empty(part.period, groups, dimension))]
    if not lacking or not scope.accounts or not scope.columns:
        return
    pulled = _pulled(scope, [period for period, _groups, _empty in lacking])
    for period, groups, empty in lacking:
        for platform, day in pulled:
            key = (bucket(dimension, day),) if dimension else ()
            if day in period and key in empty:
                groups[key].platforms[platform] = dict.fromkeys(scope.columns, 0)


def _empty(period: Period, groups: Groups, dimension: str | None) -> set[tuple[Any, ...]]:
    """Buckets that no platform has rows in; each is a group from now on."""
    wanted: list[tuple[Any, ...]] = [(day,) for day in buckets(dimension, period)] if dimension else [()]
    lacking = {key for key in wanted if key not in groups or not groups[key].platforms}
    for key in lacking - groups.keys():
        groups[key] = Group()
    return lacking


def _pulled(scope: Scope, periods: Sequence[Period]) -> set[tuple[str, date]]:
    """(platform, day) with at least one pulled account."""
    platforms = {account.id: account.platform for account in scope.accounts}
    days = reduce(or_, (Q(day__gte=period.since, day__lt=period.until) for period in periods))
    rows = Coverage.objects.filter(
        days, workspace=scope.workspace, account__in=platforms, report="ads" if scope.used & AD_LEVEL else "campaigns"
    )
    if scope.as_of:
        rows = rows.filter(pulled_at__lte=scope.as_of)
    return {(platforms[account], day) for account, day in rows.values_list("account", "day")}
