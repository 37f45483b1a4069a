"""What is to be pulled when: today and yesterday hourly, the look-back nightly, the past newest day first."""

from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, Max, Min, Q, QuerySet

from channels.connectors import PLATFORMS
from channels.models import AdAccount, Connection, Coverage, SyncRun
from channels.states import PULLING
from mops.lib import clock
from mops.lib.period import Period, slices

Kind = SyncRun.Kind
HOURLY_MINUTE = 7  # of every hour, as mops.schedule has it


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
    """Accounts whose pulls would run now. Others are not planned for: on reconnect their gaps are, once."""
    return list(AdAccount.objects.filter(selected=True, error_kind="", connection__state__in=PULLING))


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
        tiers = PLATFORMS[account.platform].look_backs
        due = [tier.days for tier in tiers if (today.toordinal() + account.pk) % tier.every_days == 0]
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


def again(account: AdAccount) -> int:
    """Every day since the backfill's start once more, whatever is covered."""
    today = clock.today(account.time_zone)
    if account.backfilled_from is None or account.backfilled_from >= today:
        return 0
    return enqueue(account, Kind.BACKFILL, Period(account.backfilled_from, today))


def pull_now(account: AdAccount) -> int:
    """Today and yesterday before everything else, also where they already wait. Return how many windows are in line."""
    today = clock.today(account.time_zone)
    period = Period(today - timedelta(days=1), today + timedelta(days=1))
    enqueue(account, Kind.MANUAL, period)
    waiting = account.sync_runs.filter(state=SyncRun.State.QUEUED, since=period.since, until=period.until)
    return waiting.update(priority=SyncRun.PRIORITY[Kind.MANUAL], run_after=clock.now())


def retry(account: AdAccount) -> int:
    """Forget what stopped the account and pull: what waits for its pause, today and yesterday, and the gaps."""
    AdAccount.objects.filter(pk=account.pk).update(error_kind="", error_message="")
    broken = account.sync_runs.filter(state=SyncRun.State.QUEUED, failures__gt=0)
    broken.update(run_after=clock.now())
    return pull_now(account) + backfill(account, account.backfilled_from)


def waiting_backfill(connection: Connection) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(account__connection=connection, state=SyncRun.State.QUEUED, kind=Kind.BACKFILL)


@transaction.atomic
def cancel_backfill(connection: Connection) -> int:
    """Leave the rest of the past alone; what runs now finishes. Return how many windows were cancelled.

    The backfill then counts from the first day after the cancelled windows, or the nightly plan would queue them again.
    """
    last_days = dict(waiting_backfill(connection).values_list("account").annotate(last=Max("until")))
    cancelled = waiting_backfill(connection).update(state=SyncRun.State.CANCELLED, finished_at=clock.now())
    for account, last in last_days.items():
        AdAccount.objects.filter(pk=account).update(backfilled_from=last)
    return cancelled


def stopped(connection: Connection) -> list[AdAccount]:
    """Accounts whose backfill was cancelled and not asked for again; `stopped_at` is the day it would go back to."""
    cancelled = Q(sync_runs__state=SyncRun.State.CANCELLED, sync_runs__kind=Kind.BACKFILL)
    accounts = connection.accounts.filter(selected=True).annotate(stopped_at=Min("sync_runs__since", filter=cancelled))
    return list(accounts.filter(stopped_at__lt=F("backfilled_from")).order_by("name"))


@transaction.atomic
def continue_backfill(connection: Connection) -> int:
    """Take a cancelled backfill up again, as far back as it was planned."""
    planned = 0
    for account in stopped(connection):
        planned += backfill(account, account.stopped_at)  # type: ignore[attr-defined]
    return planned


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
