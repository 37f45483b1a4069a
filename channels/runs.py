"""The life of a pull: queued → running → done, or back to the queue with a reason, or failed with one.

A run is claimed by a conditional update; the claim is a lease that a thread renews while the work goes on. When the
process dies, the lease runs out and the sweeper queues the run again; `attempt` fences off whoever comes back late.
Leases run on real time, everything else on the product's clock.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog
from django.db import connections, transaction
from django.db.models import Exists, F, OuterRef, Q, Sum
from django.utils import timezone

from channels import endpoints, states
from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError, ErrorKind, PullRequest, sentence
from channels.models import AdAccount, SyncRun
from channels.swap import LostRun, Pulled, swap
from channels.told import Told
from mops.lib import clock

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
HEARTBEAT = 8  # seconds; three may be missed before the lease ends
MAX_ATTEMPTS = 8  # breaks of one run; waiting for quota or a reconnect does not count
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
KEEPS_DYING = sentence("The worker died during this pull again and again; see the worker's log.")
BUDGET_SPENT = sentence("Today's share of the platform's quota is used; the backfill goes on after midnight UTC.")
State = SyncRun.State
PULLABLE = Q(account__selected=True, account__error_kind="", account__connection__state__in=states.PULLING)


def sweep() -> int:
    """Queue again every running row whose lease ran out; a row that keeps dying is failed."""
    dead = SyncRun.objects.filter(state=State.RUNNING, lease_until__lt=timezone.now())
    dead.filter(failures__gte=MAX_ATTEMPTS - 1).update(
        state=State.FAILED, lease_until=None, finished_at=clock.now(), error_kind=ErrorKind.TRANSIENT,
        error_message=Told([KEEPS_DYING]),
    )  # fmt: skip
    return dead.update(state=State.QUEUED, lease_until=None, failures=F("failures") + 1)


def due() -> list[int]:
    """Runs that may start now: at most one per account, none for accounts already at work, waiting or out of order."""
    now = clock.now()
    busy = SyncRun.objects.filter(account=OuterRef("account"), state=State.RUNNING)
    ready = (
        SyncRun.objects.filter(PULLABLE, ~Exists(busy), state=State.QUEUED, run_after__lte=now)
        .filter(Q(account__blocked_until=None) | Q(account__blocked_until__lte=now))
        .order_by("account", "priority", "run_after", "-since", "report")
        .distinct("account")
    )
    return [run.pk for run in ready.select_related("account") if not _over_budget(run, now)]


def _over_budget(run: SyncRun, now: datetime) -> bool:
    """Backfill leaves the day's calls to the daily work; it goes on after midnight UTC."""
    if run.kind != SyncRun.Kind.BACKFILL:
        return False
    quota = run.account.quota
    short = bool(quota.get("limit")) and quota.get("remaining", quota["limit"]) < 0.2 * quota["limit"]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    fresh = run.account.last_success_at is not None and run.account.last_success_at >= midnight
    spent = run.account.sync_runs.filter(started_at__gte=midnight).aggregate(total=Sum("requests"))["total"] or 0
    if (short and fresh) or spent >= 0.8 * PLATFORMS[run.account.platform].daily_requests:
        run.account.sync_runs.filter(state=State.QUEUED, kind=run.kind).update(
            run_after=midnight + timedelta(days=1, minutes=10), error_kind=ErrorKind.RATE_LIMIT,
            error_message=Told([BUDGET_SPENT]),
        )  # fmt: skip
        return True
    return False


def claim(run_id: int) -> SyncRun | None:
    """Take the run, or None where somebody else has it or its account is at work."""
    with transaction.atomic():
        run = SyncRun.objects.select_related("account").filter(pk=run_id).first()
        if run is None:
            return None
        AdAccount.objects.select_for_update(of=("self",)).get(pk=run.account_id)
        if SyncRun.objects.filter(account=run.account_id, state=State.RUNNING).exists():
            return None
        taken = SyncRun.objects.filter(PULLABLE, pk=run_id, state=State.QUEUED).update(
            state=State.RUNNING, attempt=F("attempt") + 1, started_at=clock.now(), lease_until=timezone.now() + LEASE
        )
        if not taken:
            return None
        return SyncRun.objects.select_related("account__connection").get(pk=run_id)


@contextmanager
def _heartbeat(run: SyncRun) -> Iterator[None]:
    """Renew the lease from a thread of its own for as long as the block runs."""
    stop = Event()

    def renew() -> None:
        try:
            while not stop.wait(HEARTBEAT):
                SyncRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING).update(
                    lease_until=timezone.now() + LEASE
                )
        finally:
            connections.close_all()

    thread = Thread(target=renew, name=f"lease-{run.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def execute(run_id: int) -> bool:
    """Pull and store one run. True when a run was worked on, whatever its outcome."""
    run = claim(run_id)
    if run is None:
        return False
    bound = log.bind(run=run.pk, account=run.account_id, report=run.report, since=str(run.since), until=str(run.until))
    try:
        with _heartbeat(run):
            outcome = swap(run, pull(run))
        bound.info("pulled", inserted=outcome.inserted, changed=outcome.changed, removed=outcome.removed)
    except ConnectorError as error:
        bound.warning("pull refused", kind=error.kind, code=error.code, message=error.message)
        REACTIONS[error.kind](run, error)
    except LostRun:
        bound.warning("pull overtaken")
    except Exception:
        _again(run, ConnectorError(ErrorKind.TRANSIENT, sentence("The pull stopped with an internal error; see the worker's log.")))
        raise
    return True


def pull(run: SyncRun) -> Pulled:
    """Fetch every page of the run's window into memory."""
    account = run.account
    pulled = Pulled(fetched_at=clock.now())
    goal = account.goal or PLATFORMS[account.platform].goal
    request = PullRequest(endpoints.account_info(account), run.report, run.since, run.until, {"conversion": goal} if goal else {})
    requests = 0
    for batch in endpoints.connector_of(account.connection).pull(request):
        pulled.rows.extend(batch.rows)
        pulled.entities.extend(batch.entities)
        pulled.flags.update(batch.flags)
        pulled.quota.update(batch.quota)
        requests += batch.requests
    return Pulled(pulled.fetched_at, pulled.rows, pulled.entities, pulled.flags, pulled.quota, requests)


def _close(run: SyncRun, state: SyncRun.State, error: ConnectorError, **fields: object) -> bool:
    """Leave `running`, if this attempt still owns the run."""
    mine = SyncRun.objects.filter(pk=run.pk, attempt=run.attempt, state=State.RUNNING)
    return bool(mine.update(state=state, lease_until=None, error_kind=error.kind, error_message=Told(error.said),
                            error_code=error.code[:120], **fields))  # fmt: skip


def _again(run: SyncRun, error: ConnectorError) -> None:
    """The platform or the line broke: growing pauses with jitter, then failed."""
    failures = run.failures + 1
    if failures >= MAX_ATTEMPTS:
        _fail(run, error)
        return
    pause = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE) * random.uniform(0.7, 1.3)
    _close(run, State.QUEUED, error, run_after=clock.now() + pause, failures=failures)


def _fail(run: SyncRun, error: ConnectorError) -> None:
    _close(run, State.FAILED, error, finished_at=clock.now())


def _reconnect(run: SyncRun, error: ConnectorError) -> None:
    """The credential is dead: the run waits, nothing of this connection is tried until a person reconnects."""
    if _close(run, State.QUEUED, error):
        states.require_reconnect(run.account.connection, error)


def _stop_account(run: SyncRun, error: ConnectorError) -> None:
    _fail(run, error)
    AdAccount.objects.filter(pk=run.account_id).update(error_kind=error.kind, error_message=Told(error.said))


def _wait(run: SyncRun, error: ConnectorError) -> None:
    """A rate limit holds for the whole account."""
    until = clock.now() + (error.retry_after or timedelta(minutes=5))
    if _close(run, State.QUEUED, error, run_after=until):
        AdAccount.objects.filter(pk=run.account_id).update(blocked_until=until)


REACTIONS: dict[ErrorKind, Callable[[SyncRun, ConnectorError], None]] = {
    ErrorKind.AUTH: _reconnect,
    ErrorKind.PERMISSION: _stop_account,
    ErrorKind.RATE_LIMIT: _wait,
    ErrorKind.TRANSIENT: _again,
    ErrorKind.PARTIAL: _again,
    ErrorKind.INVALID: _fail,
}
