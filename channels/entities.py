"""Campaigns, ad groups and ads as the platforms name them: stable ids, names over time, never deleted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from channels import rollups
from channels.connectors.base import EntityRow, StatRow
from channels.models import Ad, AdAccount, AdGroup, DailyStat, EntityName, PlatformCampaign, PlatformEntity
from mops.lib.locks import lock_in_transaction

KEPT = ("name", "status")


@dataclass(frozen=True)
class Ids:
    """External id → our id, per level. `moved`: campaigns that count to another channel now, their past too."""

    campaigns: dict[str, int] = field(default_factory=dict)
    ad_groups: dict[str, int] = field(default_factory=dict)
    ads: dict[str, int] = field(default_factory=dict)
    moved: list[int] = field(default_factory=list)


def store(account: AdAccount, seen: list[EntityRow], rows: list[StatRow], at: datetime, *, is_newest: bool = True) -> Ids:
    """Create what is new, note what was renamed. Rows may name entities that the platform no longer lists.

    Only a pull of the newest days renames: Google Analytics tells names as they were in the window, and a backfill
    that goes back in time would give every campaign its oldest name.
    """
    by_level: dict[str, dict[str, EntityRow]] = {"campaign": {}, "ad_group": {}, "ad": {}}
    for entity in [*_unlisted(rows), *seen]:  # what the platform lists wins over what rows imply
        by_level[entity.level][entity.external_id] = entity
    moved: list[int] = []
    campaigns = _store_level(PlatformCampaign, account, by_level["campaign"], at, {}, is_newest, moved)
    ad_groups = _store_level(AdGroup, account, by_level["ad_group"], at, {"campaign_id": campaigns}, is_newest, moved)
    ads = _store_level(Ad, account, by_level["ad"], at, {"ad_group_id": ad_groups}, is_newest, moved)
    return Ids(campaigns, ad_groups, ads, moved)


def _unlisted(rows: list[StatRow]) -> list[EntityRow]:
    """Entities known only from rows: named by their id until the platform says more."""
    keys = set(map(itemgetter(1, 2, 3), rows))
    found = [EntityRow("campaign", campaign, "", campaign, "removed", "") for campaign, _, _ in keys]
    found += [EntityRow("ad_group", group, campaign, group, "removed") for campaign, group, _ in keys if group]
    return found + [EntityRow("ad", ad, group, ad, "removed") for _, group, ad in keys if ad]


def _store_level(
    model: type[PlatformEntity],
    account: AdAccount,
    wanted: dict[str, EntityRow],
    at: datetime,
    parents: dict[str, dict[str, int]],
    is_newest: bool,
    moved: list[int],
) -> dict[str, int]:
    level = {PlatformCampaign: "campaign", AdGroup: "ad_group", Ad: "ad"}[model]
    known: dict[str, Any] = {row.external_id: row for row in model._default_manager.filter(account=account)}
    created, changed, renamed = [], [], []
    for external_id, entity in wanted.items():
        row = known.get(external_id)
        if row is None:
            row = known[external_id] = model(workspace_id=account.workspace_id, account=account, external_id=external_id,
                                             name=entity.name, status=entity.status, first_seen_at=at, last_seen_at=at)  # fmt: skip
            for column, ids in parents.items():
                setattr(row, column, ids[entity.parent_id])
            if isinstance(row, PlatformCampaign):
                row.channel = entity.channel or "other"
            created.append(row)
            renamed.append(row)
        elif (not is_newest and row.name != external_id) or (entity.name == external_id and entity.status == "removed"):
            continue  # told by an old window, or implied by a row only: keep what the platform said
        else:
            if row.name != entity.name:
                renamed.append(row)
            if isinstance(row, PlatformCampaign) and entity.channel and not row.channel_is_manual and row.channel != entity.channel:
                row.channel = entity.channel
                moved.append(row.pk)
            if row in renamed or row.pk in moved or row.status != entity.status:
                row.name, row.status, row.last_seen_at = entity.name, entity.status, at
                changed.append(row)
    model._default_manager.bulk_create(created, batch_size=2000)
    fields = ["name", "status", "last_seen_at", *(["channel"] if model is PlatformCampaign else [])]
    model._default_manager.bulk_update(changed, fields, batch_size=1000)
    EntityName.objects.bulk_create(
        [EntityName(workspace_id=account.workspace_id, level=level, entity_id=row.pk, name=row.name, seen_at=at) for row in renamed]
    )
    return {external_id: row.pk for external_id, row in known.items()}


def days_of(account: AdAccount, campaigns: Sequence[int]) -> list[date]:
    """The days on which any of these campaigns has numbers."""
    stats = DailyStat.objects.filter(workspace_id=account.workspace_id, campaign__in=campaigns)
    return list(stats.order_by("day").values_list("day", flat=True).distinct())


def classify(campaign: PlatformCampaign, channel: str) -> None:
    """Put a campaign into a channel by hand: pulls leave it there, and the roll-ups of all its days follow.

    Call inside a transaction. The account's lock comes first, as in a swap, which would otherwise store days by the old channel.
    """
    lock_in_transaction("channels.swap", campaign.account_id)
    campaign.channel, campaign.channel_is_manual = channel, True
    campaign.save(update_fields=["channel", "channel_is_manual"])
    rollups.refresh(campaign.workspace_id, campaign.account_id, days_of(campaign.account, [campaign.pk]), campaigns=[])
