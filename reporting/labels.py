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
from reporting.sql import Params, fetch

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
                self.names[dimension] = _names(query, ENTITIES[dimension], {key[position] for key in keys} - {None})

    def of(self, key: tuple[Any, ...]) -> tuple[str, ...]:
        if len(key) == 1 and isinstance(key[0], date):  # most rows: a day of a series
            return (key[0].isoformat(),)
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


def _names(query: Query, entity: type[Model], ids: Collection[int]) -> dict[int, str]:
    """One array for all ids: a list of thousands of them is slow to write and to read."""
    params = Params()
    conditions = f"workspace_id = {params.add(query.workspace.pk)} AND id = ANY({params.add(list(ids))}::bigint[])"
    return dict(fetch(f"SELECT id, name FROM {entity._meta.db_table} WHERE {conditions}", params))  # noqa: S608  constants


def filter_labels(query: Query, accounts: Iterable[Account]) -> tuple[tuple[str, str], ...]:
    """The filters in words: ("Channel", "Paid Search, Display")."""
    found = []
    for name, values in query.filters.items():
        labels = Labels(replace(query, dimensions=(name,), order_by=""), accounts, [(value,) for value in values])
        found.append((str(DIMENSIONS[name].label), ", ".join(labels.of((value,))[0] for value in values)))
    return tuple(found)
