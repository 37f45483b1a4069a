"""What is to be pulled when: today and yesterday hourly, the look-back nightly, the past newest day first."""

from datetime import date, timedelta

from django.db.models import Max, Min

from channels.connectors import PLATFORMS
from channels.models import AdAccount, Connection, Coverage, SyncRun
from mops.lib import clock
from mops.lib.period import Period, slices

Kind = SyncRun.Kind


def enqueue(account: AdAccount, kind: SyncRun.Kind, period: Period) -> int:
    """Queue the period for every report of the account, newest slice first; a window already open is left as it is."""
    platform = PLATFORMS[account.platform]
    now = clock.now()
    runs = [
        SyncRun(workspace_id=account.workspace_id, account=account, report=report, kind=kind, since=piece.since, until=piece.until,
                priority=SyncRun.PRIORITY[kind], run_after=now, created_at=now)
        for piece in slices(period, platform.slice_days)
        for report in platform.reports
    ]  # fmt: skip
    before = account.sync_runs.count()
    SyncRun.objects.bulk_create(runs, ignore_conflicts=True)
    return account.sync_runs.count() - before


def active_accounts() -> list[AdAccount]:
    return list(AdAccount.objects.filter(selected=True).exclude(connection__state=Connection.State.PAUSED))


def hourly() -> int:
    """Today and yesterday of every account, in the account's own days."""
    planned = 0
    for account in active_accounts():
        today = clock.today(account.time_zone)
        planned += enqueue(account, Kind.HOURLY, Period(today - timedelta(days=1), today + timedelta(days=1)))
    return planned


def nightly() -> int:
    """The look-back tiers that are due today, and every day that was missed inside the backfilled time."""
    planned = 0
    for account in active_accounts():
        today = clock.today(account.time_zone)
        due = [tier.days for tier in PLATFORMS[account.platform].look_backs if (today.toordinal() + account.pk) % tier.every_days == 0]
        planned += enqueue(account, Kind.LOOK_BACK, Period(today - timedelta(days=max(due)), today)) if due else 0
        planned += sum(enqueue(account, Kind.BACKFILL, gap) for gap in gaps(account, today))
    return planned


def backfill(account: AdAccount, since: date | None = None) -> int:
    """The past, newest day first, from `since` or as far back as the platform keeps it. Asking again fills what is missing."""
    today = clock.today(account.time_zone)
    oldest = today - timedelta(days=PLATFORMS[account.platform].retention_days - 1)
    since = max(since or oldest, oldest)
    if account.backfilled_from is None or since < account.backfilled_from:
        AdAccount.objects.filter(pk=account.pk).update(backfilled_from=since)
        account.backfilled_from = since
    planned = enqueue(account, Kind.HOURLY, Period(today - timedelta(days=1), today + timedelta(days=1)))
    return planned + sum(enqueue(account, Kind.BACKFILL, gap) for gap in gaps(account, today))


def gaps(account: AdAccount, today: date) -> list[Period]:
    """Stretches between the backfill's start and yesterday that some report has not covered, newest first."""
    if account.backfilled_from is None or account.backfilled_from >= today:
        return []
    missing: set[date] = set()
    for report in PLATFORMS[account.platform].reports:
        covered = set(
            Coverage.objects.filter(workspace_id=account.workspace_id, account=account, report=report).values_list("day", flat=True)
        )
        missing |= {day for day in Period(account.backfilled_from, today) if day not in covered}
    return _stretches(sorted(missing))


def _stretches(days: list[date]) -> list[Period]:
    found: list[Period] = []
    for day in days:
        if found and found[-1].until == day:
            found[-1] = Period(found[-1].since, day + timedelta(days=1))
        else:
            found.append(Period(day, day + timedelta(days=1)))
    return found[::-1]


def covered(account: AdAccount) -> Period | None:
    """From the first to the last pulled day of the totals; None before the first pull."""
    span = Coverage.objects.filter(workspace_id=account.workspace_id, account=account, report="campaigns").aggregate(
        first=Min("day"), last=Max("day")
    )
    return Period(span["first"], span["last"] + timedelta(days=1)) if span["first"] else None


def progress(account: AdAccount) -> tuple[int, int]:
    """(days covered in every report, days wanted) between the backfill's start and today."""
    if account.backfilled_from is None:
        return 0, 0
    today = clock.today(account.time_zone)
    wanted = (today - account.backfilled_from).days
    return wanted - sum(gap.days for gap in gaps(account, today)), wanted
