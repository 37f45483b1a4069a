"""How current the numbers of a period are: what is missing, what may still change, where a person is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from channels.connectors import PLATFORMS
from channels.models import AdAccount, Connection
from mops.lib.clock import now, today
from mops.lib.period import Period
from reporting.notes import Note
from reporting.sql import Params, fetch
from workspaces.models import Workspace

STALE_AFTER = timedelta(hours=26)  # a missed nightly pull plus the time to see it
HORIZON = timedelta(days=90)  # older gaps are a backfill's business and do not hold back "data through"


@dataclass(frozen=True)
class AccountFreshness:
    """`missing` are days of the period before the account's today that were never pulled."""

    account_id: int
    connection_id: int
    name: str
    platform: str
    time_zone: str
    data_through: date | None
    missing: tuple[date, ...]
    provisional_from: date | None
    provisional_days: int
    is_stale: bool
    needs_person: bool
    message: str  # what the platform said, for the person who can act

    @property
    def label(self) -> str:
        return f"{PLATFORMS[self.platform].label} · {self.name}"


@dataclass(frozen=True)
class Freshness:
    """The selected accounts of a workspace in a period; `notes` is what a banner has to say."""

    accounts: tuple[AccountFreshness, ...]

    @property
    def data_through(self) -> date | None:
        """The last day that every account has reached."""
        days = [account.data_through for account in self.accounts]
        known = [day for day in days if day is not None]
        return min(known) if known and len(known) == len(days) else None

    @property
    def provisional_from(self) -> date | None:
        return min((account.provisional_from for account in self.accounts if account.provisional_from), default=None)

    @property
    def notes(self) -> tuple[Note, ...]:
        found = [Note("reconnect", account.label) for account in self.accounts if account.needs_person]
        found += [
            Note("stale_account", account.label) for account in self.accounts if account.is_stale and not account.needs_person
        ]
        found += [
            Note("missing_days", f"{account.label}: {spans(account.missing)}") for account in self.accounts if account.missing
        ]
        if self.provisional_from:
            found.append(Note("provisional_days", f"{self.provisional_from.isoformat()} …"))
        return tuple(found)


def freshness(workspace: Workspace, period: Period, filters: Mapping[str, Sequence[Any]] | None = None) -> Freshness:
    """Three statements, whatever the number of accounts; account and platform filters apply."""
    rows = AdAccount.objects.filter(workspace=workspace, selected=True).select_related("connection")
    for name, field in (("account", "pk__in"), ("platform", "platform__in")):
        if filters and name in filters:
            rows = rows.filter(**{field: filters[name]})
    return freshness_of(workspace, period, list(rows.order_by("platform", "name")))


def freshness_of(workspace: Workspace, period: Period, accounts: list[AdAccount]) -> Freshness:
    """The same for accounts (with their connections) that are at hand."""
    if not accounts:
        return Freshness(())
    through, gaps = _data_through(workspace, accounts), _gaps(workspace, accounts, period)
    return Freshness(tuple(_of(account, through.get(account.pk), gaps.get(account.pk)) for account in accounts))


def spans(days: Sequence[date]) -> str:
    """Sorted days as people write them: 2026-05-01 – 2026-05-04, 2026-05-09."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(run[0].isoformat() if len(run) == 1 else f"{run[0].isoformat()} – {run[-1].isoformat()}" for run in runs)


def _of(account: AdAccount, through: date | None, gaps: tuple[Any, ...] | None) -> AccountFreshness:
    missing, provisional, provisional_from = gaps or ((), 0, None)
    connection = account.connection
    last = account.last_success_at
    return AccountFreshness(
        account.pk, connection.pk, account.name, account.platform, account.time_zone, through, tuple(missing or ()),
        provisional_from, provisional, is_stale=last is None or now() - last > STALE_AFTER,
        needs_person=connection.state == Connection.State.REAUTH or account.error_kind in ("auth", "permission"),
        message=str(account.error_message or connection.error_message),
    )  # fmt: skip


def _data_through(workspace: Workspace, accounts: list[AdAccount]) -> dict[int, date]:
    """The end of the first run of days without a gap."""
    params = Params()
    rows = fetch(
        "SELECT DISTINCT ON (account_id) account_id, max(day) FROM ("  # noqa: S608  values are parameters
        "SELECT account_id, day, day - (row_number() OVER (PARTITION BY account_id ORDER BY day))::int AS run "
        f"FROM channels_coverage WHERE workspace_id = {params.add(workspace.pk)} "
        f"AND account_id = ANY({params.add([account.pk for account in accounts])}::bigint[]) AND report = 'campaigns' "
        f"AND day >= {params.add(today(workspace.time_zone) - HORIZON)}) runs "
        "GROUP BY account_id, run ORDER BY account_id, run",
        params,
    )
    return dict(rows)


def _gaps(workspace: Workspace, accounts: list[AdAccount], period: Period) -> dict[int, tuple[Any, ...]]:
    """Per account: missing days, number of provisional days, the first of these. Its today is not missing yet."""
    params = Params()
    ends = params.add([min(period.until, today(account.time_zone)) for account in accounts])
    ids, since = params.add([account.pk for account in accounts]), params.add(period.since)
    rows = fetch(
        "SELECT a.id, array_agg(d.day::date ORDER BY d.day) FILTER (WHERE c.day IS NULL), "  # noqa: S608
        "count(*) FILTER (WHERE NOT c.is_final), (min(d.day) FILTER (WHERE NOT c.is_final))::date "
        f"FROM unnest({ids}::bigint[], {ends}::date[]) AS a (id, until) "
        f"CROSS JOIN LATERAL generate_series({since}::date, a.until - 1, interval '1 day') AS d (day) "
        f"LEFT JOIN channels_coverage c ON c.workspace_id = {params.add(workspace.pk)} AND c.account_id = a.id "
        "AND c.report = 'campaigns' AND c.day = d.day::date GROUP BY a.id",
        params,
    )
    return {row[0]: row[1:] for row in rows}
