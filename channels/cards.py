"""What the connection pages show, worked out with a fixed number of queries however many accounts there are."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection as database
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.connectors import PLATFORMS, Platform
from channels.models import AdAccount, Connection, SyncRun
from channels.plan import HOURLY_MINUTE
from channels.states import PULLING
from mops.lib import clock
from workspaces.models import Workspace

WARN_DAYS = (7, 2)  # before a token ends: first a hint, then an alarm
State = Connection.State


class Look(NamedTuple):
    """A state as people see it: never by colour alone."""

    code: str
    label: str | Promise
    icon: str
    tone: str  # "good" | "warn" | "bad" | "busy" | "off"


CONNECTION_LOOKS = {
    State.CONNECTED: Look("connected", _("Connected"), "circle-check", "good"),
    State.EXPIRING: Look("expiring", _("Expires soon"), "clock-alert", "warn"),
    State.REAUTH: Look("reauth_required", _("Reconnect needed"), "unplug", "bad"),
    State.ERROR: Look("error", _("Error"), "circle-alert", "bad"),
    State.PAUSED: Look("paused", _("Paused"), "circle-pause", "off"),
    State.DISCONNECTED: Look("disconnected", _("Disconnected"), "plug-zap", "off"),
}
OK = Look("ok", _("OK"), "circle-check", "good")
SYNCING = Look("syncing", _("Pulling"), "refresh-cw", "busy")
QUEUED = Look("queued", _("Continues later"), "hourglass", "busy")
WAITING = Look("waiting", _("Waiting for the platform"), "hourglass", "warn")
TROUBLE = Look("trouble", _("Error"), "circle-alert", "bad")
NO_ACCESS = Look("no_access", _("No access"), "lock", "bad")
STOPPED = Look("stopped", _("Stopped"), "circle-pause", "off")
NOT_PULLED = Look("not_pulled", _("Not pulled"), "circle-dashed", "off")


class Step(NamedTuple):
    """The one thing to do next: a button, or only words where waiting is all there is to do."""

    label: str | Promise
    url_name: str = ""
    is_post: bool = False
    until: datetime | None = None


@dataclass(frozen=True)
class AccountLine:
    """One account on a card."""

    account: AdAccount
    look: Look
    done: int  # days covered in every report
    wanted: int  # days from the backfill's start to yesterday
    first: date | None
    through: date | None
    next_run: datetime | None
    wait_until: datetime | None
    message: str
    is_busy: bool

    @property
    def percent(self) -> int:
        return 100 * self.done // self.wanted if self.wanted else 100

    @property
    def is_complete(self) -> bool:
        return self.done >= self.wanted

    @property
    def quota_share(self) -> float | None:
        """What is left of the platform's quota, as a fraction; None where it says nothing."""
        limit = self.account.quota.get("limit")
        return self.account.quota.get("remaining", limit) / limit if limit else None


@dataclass(frozen=True)
class Card:
    """One connection with what matters about it today."""

    connection: Connection
    platform: Platform
    look: Look
    lines: list[AccountLine]
    step: Step | None
    days_left: int | None  # of the credential's life
    sunset_days: int

    @property
    def pulled(self) -> list[AccountLine]:
        return [line for line in self.lines if line.account.selected]

    @property
    def unpulled(self) -> int:
        return len(self.lines) - len(self.pulled)

    @property
    def is_busy(self) -> bool:
        return any(line.is_busy for line in self.lines)

    @property
    def is_closed(self) -> bool:
        return self.connection.state == State.DISCONNECTED

    @property
    def is_pulling(self) -> bool:
        return self.connection.state in PULLING

    @property
    def expiry_tone(self) -> str:
        if self.days_left is None or self.days_left > WARN_DAYS[0]:
            return ""
        return "warn" if self.days_left > WARN_DAYS[1] else "bad"

    @property
    def last_success(self) -> datetime | None:
        return max((line.account.last_success_at for line in self.lines if line.account.last_success_at), default=None)

    @property
    def message(self) -> str:
        return str(self.connection.error_message)


class Days(NamedTuple):
    """Coverage of one account: days with every report, the first and the last day of the totals."""

    done: int
    first: date
    through: date


class Open(NamedTuple):
    """Runs of one account that are not over."""

    busy: int  # running or due
    next_at: datetime | None


def cards(workspace: Workspace, only: Connection | None = None) -> list[Card]:
    """All connections of a workspace, or one. Five queries."""
    accounts = AdAccount.objects.filter(workspace=workspace).order_by("-selected", "name", "pk")
    if only:
        connections, accounts = [only], accounts.filter(connection=only)
    else:
        connections = list(Connection.objects.filter(workspace=workspace).order_by("platform", "name", "pk"))
    by_connection: dict[int, list[AdAccount]] = defaultdict(list)
    for account in accounts:
        by_connection[account.connection_id].append(account)
    ids = [account.pk for group in by_connection.values() for account in group if account.selected]
    facts = _coverage(workspace, ids), _open_runs(ids), _troubles(ids)
    return [_card(one, by_connection[one.pk], *facts) for one in connections]


def _card(connection: Connection, accounts: Sequence[AdAccount], covered: dict[int, Days], waiting: dict[int, Open],
          troubles: dict[int, SyncRun]) -> Card:  # fmt: skip
    lines = [
        _line(connection, account, covered.get(account.pk), waiting.get(account.pk), troubles.get(account.pk))
        for account in accounts
    ]
    platform = PLATFORMS[connection.platform]
    left = None if connection.expires_at is None else max(0, (connection.expires_at - timezone.now()).days)
    return Card(connection, platform, CONNECTION_LOOKS[State(connection.state)], lines, _step(connection, lines), left,
                (platform.api_sunset - clock.today("UTC")).days)  # fmt: skip


def _line(
    connection: Connection, account: AdAccount, covered: Days | None, waiting: Open | None, trouble: SyncRun | None
) -> AccountLine:
    now = clock.now()
    pulls = account.selected and connection.state in PULLING and not account.error_kind
    blocked = account.blocked_until if account.blocked_until and account.blocked_until > now else None
    busy = bool(waiting and waiting.busy) and pulls and not blocked
    wanted = (clock.today(account.time_zone) - account.backfilled_from).days if account.backfilled_from else 0
    done = min(covered.done, wanted) if covered else 0
    told = str(account.error_message or (trouble.error_message if trouble and account.selected else ""))
    look = _look(connection, account, trouble, busy=busy, blocked=bool(blocked), complete=done >= wanted)
    later = max(filter(None, (waiting.next_at if waiting else None, blocked)), default=None)
    next_run = (later if later and later > now else _next_hourly(now)) if pulls and not busy else None
    return AccountLine(account, look, done, wanted, covered.first if covered else None, covered.through if covered else None,
                       next_run, blocked, told, busy)  # fmt: skip


def _look(
    connection: Connection, account: AdAccount, trouble: SyncRun | None, *, busy: bool, blocked: bool, complete: bool
) -> Look:
    if not account.selected:
        return NOT_PULLED
    if account.error_kind:
        return NO_ACCESS
    if connection.state not in PULLING:
        return STOPPED
    if blocked:
        return WAITING
    if trouble and trouble.error_kind not in ("rate_limit", "auth"):
        return TROUBLE
    if busy:
        return SYNCING
    return OK if complete else QUEUED


def _step(connection: Connection, lines: Sequence[AccountLine]) -> Step | None:
    """One button, the one that helps most."""
    if connection.state in (State.REAUTH, State.EXPIRING, State.DISCONNECTED):
        return Step(_("Reconnect"), "channels:reconnect")
    if connection.state == State.ERROR:
        return Step(_("Try again"), "channels:test", is_post=True)
    if connection.state == State.PAUSED:
        return Step(_("Go on pulling"), "channels:resume", is_post=True)
    if not any(line.account.selected for line in lines):
        return Step(_("Choose accounts"), "channels:accounts")
    if any(line.look in (NO_ACCESS, TROUBLE) for line in lines):
        return Step(_("Try again"), "channels:retry", is_post=True)
    waits = [line.wait_until for line in lines if line.wait_until]
    return Step(_("Wait"), until=max(waits)) if waits else None


def _next_hourly(now: datetime) -> datetime:
    planned = now.replace(minute=HOURLY_MINUTE, second=0, microsecond=0)
    return planned if planned > now else planned + timedelta(hours=1)


def _coverage(workspace: Workspace, ids: list[int]) -> dict[int, Days]:
    """Days pulled in every report between the backfill's start and today, and the span of the totals."""
    with database.cursor() as cursor:
        cursor.execute(
            """SELECT a.id, a.platform, c.reports, count(*) FILTER (WHERE c.day < a.today), min(c.day), max(c.day)
               FROM (SELECT *, (%s::timestamptz AT TIME ZONE time_zone)::date AS today FROM channels_adaccount) a
               JOIN (SELECT account_id, day, count(*) AS reports FROM channels_coverage
                     WHERE workspace_id = %s AND account_id = ANY(%s) GROUP BY 1, 2) c ON c.account_id = a.id
               WHERE c.day >= a.backfilled_from AND c.day <= a.today
               GROUP BY 1, 2, 3""",
            [clock.now(), workspace.pk, ids],
        )
        rows: list[Any] = cursor.fetchall()
    found: dict[int, Days] = {}
    for account, platform, reports, days, first, last in rows:
        known = found.get(account, Days(0, first, last))
        done = known.done + (days if reports == len(PLATFORMS[platform].reports) else 0)
        found[account] = Days(done, min(known.first, first), max(known.through, last))
    return found


def _open_runs(ids: list[int]) -> dict[int, Open]:
    due = Q(state=SyncRun.State.RUNNING) | Q(state=SyncRun.State.QUEUED, run_after__lte=clock.now())
    runs = SyncRun.objects.filter(account__in=ids, state__in=[SyncRun.State.QUEUED, SyncRun.State.RUNNING])
    counted = runs.values_list("account").annotate(
        busy=Count("pk", filter=due), next_at=Min("run_after", filter=Q(state=SyncRun.State.QUEUED))
    )
    return {account: Open(busy, next_at) for account, busy, next_at in counted}


def _troubles(ids: list[int]) -> dict[int, SyncRun]:
    """The newest run of each account, where it broke and was not followed by a success."""
    ended = SyncRun.objects.filter(account__in=ids).filter(
        Q(state__in=[SyncRun.State.DONE, SyncRun.State.FAILED], finished_at__gte=clock.now() - timedelta(days=3))
        | Q(state=SyncRun.State.QUEUED, failures__gt=0)
    )
    newest = ended.order_by("account", "-started_at").distinct("account")
    return {run.account_id: run for run in newest if run.error_kind}
