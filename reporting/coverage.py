"""Missing is not zero: a day without rows is zero where it was pulled, and unknown where it was not."""

from datetime import date

from channels.models import Coverage
from reporting.buckets import bucket, buckets
from reporting.dimensions import AD_LEVEL, TIME
from reporting.groups import Group, Groups
from reporting.scope import Scope


def fill_zeros(groups: Groups, scope: Scope) -> None:
    """Complete a series of days, weeks or months, or the one total: every bucket is there, pulled ones with zeros."""
    if len(scope.dimensions) > 1 or not set(scope.dimensions) <= set(TIME):
        return
    dimension = scope.dimensions[0] if scope.dimensions else None
    wanted = [(day,) for day in buckets(dimension, scope.period)] if dimension else [()]
    empty = {key for key in wanted if not groups.setdefault(key, Group()).platforms}
    if not empty or not scope.accounts or not scope.columns:
        return
    for platform, day in _pulled(scope):
        key = (bucket(dimension, day),) if dimension else ()
        if key in empty:
            groups[key].platforms[platform] = dict.fromkeys(scope.columns, 0)


def _pulled(scope: Scope) -> set[tuple[str, date]]:
    """(platform, day) with at least one pulled account."""
    platforms = {account.id: account.platform for account in scope.accounts}
    rows = Coverage.objects.filter(
        workspace=scope.workspace, account__in=platforms, report="ads" if scope.used & AD_LEVEL else "campaigns",
        day__gte=scope.period.since, day__lt=scope.period.until,
    )  # fmt: skip
    if scope.as_of:
        rows = rows.filter(pulled_at__lte=scope.as_of)
    return {(platforms[account], day) for account, day in rows.values_list("account", "day")}
