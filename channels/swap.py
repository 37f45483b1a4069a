"""Store one pulled window: only what differs is written, every replaced version is kept, all or nothing.

Steps of `swap`, in one transaction:
1. lock the account; 2. check that this attempt still owns the run; 3. leave out days that a later pull already covered;
4. stage by COPY; 5. one full join of staging and stored window gives the difference; 6. history, update, delete,
insert; 7. coverage; 8. the run is done; 9. roll-ups of the touched days: last, because they lock the workspace.
A second pull of the same numbers finds no difference and writes no fact (measured beside other ways in benchmarks/swap.py).
"""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from channels import entities, rollups, staging, swap_sql
from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError, EntityRow, ErrorKind, StatRow, sentence
from channels.models import AdAccount, Coverage, SyncRun
from mops.lib import clock
from mops.lib.locks import lock_in_transaction

Scope = dict[str, int | datetime | list[date]]


class LostRun(Exception):
    """Another attempt has taken this run over: nothing of ours may be stored."""


@dataclass(frozen=True)
class Pulled:
    """Everything one run fetched, in memory: a window is at most a few hundred thousand rows of ~200 bytes."""

    fetched_at: datetime  # when the fetch began: the numbers are not younger than this
    rows: list[StatRow] = field(default_factory=list)
    entities: list[EntityRow] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)
    quota: dict[str, float] = field(default_factory=dict)
    requests: int = 0

    @cached_property
    def counts(self) -> Counter[date]:
        """How many rows each day has."""
        return Counter(map(itemgetter(0), self.rows))

    def rows_of(self, days: Set[date]) -> list[StatRow]:
        return self.rows if self.counts.keys() <= days else [row for row in self.rows if row.day in days]


@dataclass(frozen=True)
class Outcome:
    inserted: int
    changed: int
    removed: int
    touched: list[date]
    entities: list[int] = field(default_factory=list)  # whose numbers differed


def swap(run: SyncRun, pulled: Pulled) -> Outcome:
    """Make the stored window equal to what was pulled. Raises LostRun, or PARTIAL where the answer cannot be whole."""
    with transaction.atomic():
        lock_in_transaction("channels.swap", run.account_id)
        account = AdAccount.objects.select_related("connection").get(pk=run.account_id)
        _check_ownership(run)
        days = _own_days(run, pulled)
        is_newest = not Coverage.objects.filter(
            workspace_id=run.workspace_id, account_id=run.account_id, report=run.report, day__gte=run.until
        ).exists()
        ids = entities.store(account, pulled.entities, pulled.rows, pulled.fetched_at, is_newest=is_newest)
        with connection.cursor() as cursor:
            staging.stage(cursor, run.report, ids, pulled.rows_of(days))
            outcome = _apply(cursor, run, sorted(days), pulled.fetched_at)
            cursor.execute("DROP TABLE staging, delta")
        _cover(run, account, pulled, days)
        _finish(run, account, pulled, outcome)
        _roll_up(run, account, ids, outcome)
    return outcome


def _check_ownership(run: SyncRun) -> None:
    mine = SyncRun.objects.select_for_update().filter(pk=run.pk, attempt=run.attempt, state=SyncRun.State.RUNNING)
    if not mine.exists():
        raise LostRun(f"run {run.pk}, attempt {run.attempt}")


def _own_days(run: SyncRun, pulled: Pulled) -> set[date]:
    """Days of the window that no later-fetched pull has stored meanwhile."""
    newer = Coverage.objects.filter(
        workspace_id=run.workspace_id, account_id=run.account_id, report=run.report,
        day__gte=run.since, day__lt=run.until, pulled_at__gt=pulled.fetched_at,
    ).values_list("day", flat=True)  # fmt: skip
    window = {run.since + timedelta(days=n) for n in range((run.until - run.since).days)}
    strays = pulled.counts.keys() - window
    if strays:
        said = sentence(
            "The platform sent days that were not asked for: %(first)s … %(last)s.", first=str(min(strays)), last=str(max(strays))
        )
        raise ConnectorError(ErrorKind.PARTIAL, said)
    return window - set(newer)


def _apply(cursor: CursorWrapper, run: SyncRun, days: list[date], observed_at: datetime) -> Outcome:
    level = swap_sql.LEVELS[run.report]
    scope: Scope = {"workspace": run.workspace_id, "account": run.account_id, "days": days, "run": run.pk, "at": observed_at}
    _refuse_repeated(cursor)
    cursor.execute(level.difference, scope)
    cursor.execute(swap_sql.COUNT_DELTA)
    inserted, removed, differing = cursor.fetchone()
    if removed and removed == differing:
        _refuse_emptied(cursor)
    if differing > inserted:
        cursor.execute(level.keep_history, scope)
        cursor.execute(level.update, scope)
    if removed:
        cursor.execute(level.delete, scope)
    if inserted:
        cursor.execute(level.insert, scope)
    cursor.execute(swap_sql.TOUCHED)
    touched = [row[0] for row in cursor.fetchall()]
    cursor.execute(swap_sql.CHANGED)
    return Outcome(inserted, differing - inserted - removed, removed, touched, [row[0] for row in cursor.fetchall()])


def _refuse_repeated(cursor: CursorWrapper) -> None:
    cursor.execute(swap_sql.REPEATED)
    if repeated := len(cursor.fetchall()):
        raise ConnectorError(
            ErrorKind.PARTIAL, sentence("The platform sent %(count)s rows twice; the window is pulled again.", count=repeated)
        )


def _refuse_emptied(cursor: CursorWrapper) -> None:
    """An empty answer never deletes a window that had numbers."""
    cursor.execute("SELECT EXISTS (SELECT FROM staging)")
    if not cursor.fetchone()[0]:
        raise ConnectorError(
            ErrorKind.PARTIAL, sentence("The platform sent nothing for days that had numbers; the stored ones are kept.")
        )


def _cover(run: SyncRun, account: AdAccount, pulled: Pulled, days: set[date]) -> None:
    provisional = PLATFORMS[account.platform].provisional_days
    fetched_on = pulled.fetched_at.astimezone(ZoneInfo(account.time_zone)).date()
    Coverage.objects.bulk_create(
        [
            Coverage(workspace_id=run.workspace_id, account_id=run.account_id, report=run.report, day=day, run=run,
                     pulled_at=pulled.fetched_at, rows=pulled.counts[day], is_final=(fetched_on - day).days > provisional)
            for day in sorted(days)
            if day <= fetched_on
        ],
        update_conflicts=True, unique_fields=["workspace_id", "account_id", "report", "day"],
        update_fields=["pulled_at", "run", "rows", "is_final"],
    )  # fmt: skip


def _finish(run: SyncRun, account: AdAccount, pulled: Pulled, outcome: Outcome) -> None:
    now = clock.now()
    SyncRun.objects.filter(pk=run.pk).update(
        state=SyncRun.State.DONE, finished_at=now, lease_until=None, rows=len(pulled.rows), requests=pulled.requests,
        inserted=outcome.inserted, changed=outcome.changed, removed=outcome.removed, flags=pulled.flags,
        api_version=PLATFORMS[account.platform].api_version, error_kind="", error_message="", error_code="",
    )  # fmt: skip
    account.last_success_at, account.error_kind, account.error_message, account.blocked_until = now, "", "", None
    account.quota = pulled.quota or account.quota
    account.save(update_fields=["last_success_at", "error_kind", "error_message", "blocked_until", "quota"])


def _roll_up(run: SyncRun, account: AdAccount, ids: entities.Ids, outcome: Outcome) -> None:
    """Facts of ads stand in no roll-up, but any pull may tell that a campaign belongs to another channel."""
    days, campaigns = (set(outcome.touched), outcome.entities) if run.report == "campaigns" else (set(), [])
    moved = entities.days_of(account, ids.moved) if ids.moved else []
    rollups.refresh(run.workspace_id, run.account_id, sorted(days.union(moved)), campaigns)
