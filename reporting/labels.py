"""Names for the values of dimensions, in the active language; one look-up per kind of entity."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from channels.connectors import PLATFORMS
from channels.models import Ad, AdGroup, PlatformCampaign
from channels.taxonomy import channel_label
from reporting.dimensions import DIMENSIONS
from reporting.question import Account, Query

ENTITIES: dict[str, type[Model]] = {
    "campaign": PlatformCampaign, "own_campaign": Campaign, "ad_group": AdGroup, "ad": Ad,
}  # fmt: skip


class Labels:
    """Labels of the given keys of one answer."""

    def __init__(self, query: Query, accounts: Iterable[Account], keys: Collection[tuple[Any, ...]]) -> None:
        self.dimensions = query.dimensions
        self.names: dict[str, dict[Any, str]] = {"account": {account.id: account.name for account in accounts}}
        for position, dimension in enumerate(query.dimensions):
            if dimension in ENTITIES:
                ids = {key[position] for key in keys} - {None}
                rows = ENTITIES[dimension]._default_manager.filter(workspace=query.workspace, pk__in=ids)
                self.names[dimension] = dict(rows.values_list("pk", "name"))

    def of(self, key: tuple[Any, ...]) -> tuple[str, ...]:
        return tuple(self._label(dimension, value) for dimension, value in zip(self.dimensions, key, strict=True))

    def _label(self, dimension: str, value: Any) -> str:
        if value is None:
            return _("Not assigned")
        if dimension == "channel":
            return channel_label(value)
        if dimension == "platform":
            return PLATFORMS[value].label if value in PLATFORMS else str(value)
        if isinstance(value, date):
            return value.isoformat()
        return self.names[dimension].get(value, str(value))


def filter_labels(query: Query, accounts: Iterable[Account]) -> tuple[tuple[str, str], ...]:
    """The filters in words: ("Channel", "Paid Search, Display")."""
    found = []
    for name, values in query.filters.items():
        labels = Labels(replace(query, dimensions=(name,), order_by=""), accounts, [(value,) for value in values])
        found.append((str(DIMENSIONS[name].label), ", ".join(labels.of((value,))[0] for value in values)))
    return tuple(found)
