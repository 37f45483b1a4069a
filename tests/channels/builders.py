"""Plain functions that make what the tests of this room stand on."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from django.db.models import Max

from channels.connectors.base import EntityRow, StatRow
from channels.models import AdAccount, Connection, SyncRun
from channels.swap import Outcome, Pulled, swap
from workspaces.models import Workspace

numbers = count(1)


def a_workspace(**fields: object) -> Workspace:
    number = next(numbers)
    return Workspace.objects.create(**{"name": f"Workspace {number}", "slug": f"ws-{number}"} | fields)


def an_account(workspace: Workspace | None = None, platform: str = "google_ads", **fields: object) -> AdAccount:
    workspace = workspace or a_workspace()
    connection = Connection(workspace=workspace, platform=platform, name=f"{platform} {next(numbers)}")
    connection.credentials = {"refresh_token": "sandbox-refresh-token", "access_token": "sandbox-system-user-token"}
    connection.save()
    values = {"external_id": str(next(numbers)), "name": "Konto", "currency": "EUR", "time_zone": "Europe/Berlin", "selected": True}
    return AdAccount.objects.create(workspace=workspace, connection=connection, platform=platform, **values | fields)


def a_row(day: date, campaign: str = "c1", window: str = "default", *, ad: str = "", **measures: object) -> StatRow:
    values: dict[str, object] = {"impressions": 0, "clicks": 0, "spend": Decimal(0), "conversions": Decimal(0),
                                 "conversions_value": Decimal(0), "view_through_conversions": Decimal(0), "sessions": 0,
                                 "engaged_sessions": 0}  # fmt: skip
    return StatRow(day, campaign, f"g-{ad}" if ad else "", ad, window, **values | measures)  # type: ignore[arg-type]


def a_campaign(external_id: str = "c1", name: str = "", channel: str = "paid_search") -> EntityRow:
    return EntityRow("campaign", external_id, "", name or external_id, "enabled", channel)


def a_running_run(account: AdAccount, since: date, until: date, report: str = "campaigns") -> SyncRun:
    return SyncRun.objects.create(workspace_id=account.workspace_id, account=account, report=report, kind="manual", since=since,
                                  until=until, state="running", attempt=1)  # fmt: skip


def store(account: AdAccount, since: date, until: date, rows: list[StatRow], at: datetime | None = None,
          entities: list[EntityRow] | None = None, report: str = "campaigns") -> Outcome:  # fmt: skip
    """Swap these rows in as one finished run, fetched at `at` (default: one second after the last run)."""
    run = a_running_run(account, since, until, report)
    campaigns = [a_campaign(external_id) for external_id in {row.campaign_id for row in rows}]
    return swap(run, Pulled(at or next_instant(account), rows, entities if entities is not None else campaigns))


def next_instant(account: AdAccount) -> datetime:
    last = SyncRun.objects.filter(account=account).aggregate(last=Max("pk"))["last"]
    return datetime.fromtimestamp(1_790_000_000 + last, UTC)
