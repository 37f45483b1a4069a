"""Sample facts for the tests, in as few words as possible. Every name here is made up."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4

from channels import rollups
from channels.models import (
    Ad,
    AdAccount,
    AdDailyStat,
    AdGroup,
    Connection,
    Coverage,
    DailyStat,
    DailyStatHistory,
    FxRate,
    PlatformCampaign,
    SyncRun,
)  # fmt: skip
from mops.lib.period import Period
from tracking.models import Customer, Order, Refund
from workspaces.models import Workspace

PULLED = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
MAY = Period(date(2026, 5, 1), date(2026, 6, 1))


def workspace(**fields: Any) -> Workspace:
    return Workspace.objects.create(**{"name": "Musterladen", "slug": f"muster-{uuid4().hex[:8]}"} | fields)


def account(owner: Workspace, platform: str = "google_ads", **fields: Any) -> AdAccount:
    connection = Connection(workspace=owner, platform=platform, name=f"Sample {platform}")
    connection.credentials = {"refresh_token": "sample"}
    connection.save()
    values = {
        "external_id": uuid4().hex[:10],
        "name": f"Sample {platform}",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
    }
    return AdAccount.objects.create(workspace=owner, connection=connection, platform=platform, selected=True, **values | fields)


def campaign(of: AdAccount, channel: str = "paid_search", **fields: Any) -> PlatformCampaign:
    values = {"external_id": uuid4().hex[:10], "name": f"Sample {channel}"} | fields
    return PlatformCampaign.objects.create(workspace_id=of.workspace_id, account=of, channel=channel, **values)


def sync_run(of: AdAccount, since: date, until: date, **fields: Any) -> SyncRun:
    values = {
        "report": "campaigns",
        "kind": "hourly",
        "state": "done",
        "api_version": "v26",
        "finished_at": PULLED,
    } | fields
    return SyncRun.objects.create(workspace_id=of.workspace_id, account=of, since=since, until=until, **values)


def fact(of: PlatformCampaign, day: date, *, run: SyncRun | None = None, observed_at: datetime = PULLED, **sums: Any) -> DailyStat:
    """One stored row; the roll-ups follow at once."""
    row = DailyStat.objects.create(
        workspace_id=of.workspace_id, account_id=of.account_id, day=day, campaign=of, observed_at=observed_at,
        run_id=run.pk if run else 0, **sums,
    )  # fmt: skip
    rollups.refresh(of.workspace_id, of.account_id, [day])
    return row


def _row(campaign: PlatformCampaign, **values: Any) -> DailyStat:
    whose = {"workspace_id": campaign.workspace_id, "account_id": campaign.account_id}
    return DailyStat(campaign=campaign, observed_at=PULLED, run_id=0, **whose, **values)


def facts(rows: Iterable[dict[str, Any]]) -> None:
    """Many rows at once: dicts with campaign, day and sums."""
    stored = [_row(**row) for row in rows]
    DailyStat.objects.bulk_create(stored)
    for key in {(row.workspace_id, row.account_id) for row in stored}:
        rollups.refresh(*key, sorted({row.day for row in stored if row.account_id == key[1]}))


def restate(row: DailyStat, at: datetime, **sums: Any) -> None:
    """A later pull found other numbers: the old ones go to the history."""
    old = {field.attname: getattr(row, field.attname) for field in DailyStat._meta.concrete_fields}
    DailyStatHistory.objects.create(**old, replaced_at=at, replaced_by_id=0)
    DailyStat.objects.filter(pk=row.pk).update(observed_at=at, **sums)
    rollups.refresh(row.workspace_id, row.account_id, [row.day])


def ad_fact(of: PlatformCampaign, day: date, **sums: Any) -> AdDailyStat:
    whose = {"workspace_id": of.workspace_id, "account_id": of.account_id}
    group = AdGroup.objects.create(**whose, campaign=of, external_id=uuid4().hex, name="G")
    ad = Ad.objects.create(**whose, ad_group=group, external_id=uuid4().hex, name="A")
    return AdDailyStat.objects.create(**whose, day=day, campaign=of, ad=ad, observed_at=PULLED, run_id=0, **sums)


def covered(of: AdAccount, days: Iterable[date], *, is_final: bool = True) -> None:
    common = {"workspace_id": of.workspace_id, "account": of, "report": "campaigns", "pulled_at": PULLED, "rows": 1}
    Coverage.objects.bulk_create(Coverage(**common, run_id=0, day=day, is_final=is_final) for day in days)


def rate(currency: str, day: date, value: str, *, is_carried: bool = False) -> None:
    FxRate.objects.create(currency=currency, day=day, rate=Decimal(value), is_carried=is_carried)


def customer(owner: Workspace, **fields: Any) -> Customer:
    return Customer.objects.create(workspace=owner, **{"key": uuid4().hex} | fields)


def order(owner: Workspace, day: date, net: str | int, **fields: Any) -> Order:
    """An order at noon UTC; gross is net + 19 %."""
    values: dict[str, Any] = {
        "order_id": uuid4().hex, "ordered_at": datetime.combine(day, time(12), UTC), "net": Decimal(net),
        "gross": Decimal(net) * Decimal("1.19"), "currency": "EUR", "channel": "paid_search", "received_at": PULLED,
    }  # fmt: skip
    return Order.objects.create(workspace=owner, day=day, **values | fields)


def refund(of: Order, day: date, net: str | int, **fields: Any) -> Refund:
    values: dict[str, Any] = {
        "refund_id": uuid4().hex, "order_id_text": of.order_id, "refunded_at": datetime.combine(day, time(12), UTC),
        "net": Decimal(net), "gross": Decimal(net) * Decimal("1.19"), "currency": of.currency, "received_at": PULLED,
    }  # fmt: skip
    return Refund.objects.create(workspace_id=of.workspace_id, order=of, day=day, **values | fields)
