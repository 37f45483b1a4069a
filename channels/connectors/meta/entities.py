"""Meta's ad accounts, campaigns, ad sets and ads in the terms of the product."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.connectors.base import AccountInfo, EntityRow

CHANNEL = "paid_social"
ACCOUNT_STATUSES = {
    1: "enabled",
    3: "unsettled",
    7: "in_review",
    8: "unsettled",
    9: "enabled",
    100: "closed",
    101: "closed",
}
REMOVED = {"ARCHIVED", "DELETED"}
OF_ALL = ("ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES", "ARCHIVED", "DELETED")
OF_ADS = ("ADSET_PAUSED", "DISAPPROVED", "PENDING_BILLING_INFO", "PENDING_REVIEW", "PREAPPROVED")


@dataclass(frozen=True)
class Level:
    """A level of the account and where Graph keeps it. Without its statuses named, Graph hides archived and deleted."""

    key: str  # EntityRow.level
    edge: str
    id_field: str  # in insights
    name_field: str
    parent_field: str  # on the edge and in insights
    statuses: tuple[str, ...]

    def entity(self, node: Mapping[str, Any]) -> EntityRow:
        status = node.get("effective_status", "")
        plain = "enabled" if status == "ACTIVE" else "removed" if status in REMOVED else "paused"
        return self._row(node["id"], node.get(self.parent_field, ""), node.get("name") or node["id"], plain)

    def gone(self, row: Mapping[str, Any]) -> EntityRow:
        """The entity of an insights row that its edge no longer lists."""
        external_id = row[self.id_field]
        return self._row(external_id, row.get(self.parent_field, ""), row.get(self.name_field) or external_id, "removed")

    def _row(self, external_id: str, parent: str, name: str, status: str) -> EntityRow:
        return EntityRow(self.key, external_id, parent, name, status, "" if self.parent_field else CHANNEL)


LEVELS = {
    "campaign": Level("campaign", "campaigns", "campaign_id", "campaign_name", "", OF_ALL),
    "ad_group": Level("ad_group", "adsets", "adset_id", "adset_name", "campaign_id", (*OF_ALL, "CAMPAIGN_PAUSED")),
    "ad": Level("ad", "ads", "ad_id", "ad_name", "adset_id", (*OF_ALL, "CAMPAIGN_PAUSED", *OF_ADS)),
}


def account_info(node: Mapping[str, Any]) -> AccountInfo:
    """An ad account; its id without the "act_" of Graph's paths."""
    external_id = node["account_id"]
    status = ACCOUNT_STATUSES.get(node.get("account_status", 0), "disabled")
    name = node.get("name") or external_id
    return AccountInfo(external_id, name, node["currency"], node["timezone_name"], status=status)
