"""Which metrics the tables of channels and campaigns show, in which order: chosen from the catalogue, remembered per person.

A choice equal to the standard one is stored and linked as none, so that a better standard reaches everybody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from reporting.kpis import KPIS, MEASURES, Metric, Source, is_claimed

PREFERENCE = "tables"  # in User.preferences: workspace id → table → {"columns": […], "view": id}
CHANNELS, CAMPAIGNS = "channels", "campaigns"
STANDARD = (
    "impressions", "clicks", "ctr", "cpc", "spend", "conversions", "cvr", "cpa", "conversions_value", "roas",
    "orders", "net_revenue_after_refunds", "ltv", "ltv_cac",
)  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Metrics with a common origin. `key` is its style and its mark in the page."""

    key: str
    label: str | Promise
    metrics: tuple[str, ...]

    @property
    def listed(self) -> list[Metric]:
        return [KPIS[key] for key in self.metrics]


LABELS: dict[str, str | Promise] = {
    "delivery": gettext_lazy("Delivery"), "claimed": gettext_lazy("Claimed by the platforms"),
    "analytics": gettext_lazy("Analytics"), "own": gettext_lazy("Own orders"), "plan": gettext_lazy("Budget plan"),
}  # fmt: skip


def origin(key: str) -> str:
    """The key in LABELS that a metric belongs to: where its most particular term comes from."""
    sources = {MEASURES[term].source for term in KPIS[key].terms}
    if Source.BUDGET in sources:
        return "plan"
    if Source.ORDERS in sources:
        return "own"
    if Source.ANALYTICS in sources:
        return "analytics"
    return "claimed" if is_claimed(key) else "delivery"


def groups_of(metrics: Iterable[str]) -> tuple[Group, ...]:
    """Neighbours of the same origin under one header."""
    return tuple(Group(key, LABELS[key], tuple(found)) for key, found in groupby(metrics, key=origin))


CHOICES: dict[str, tuple[str, ...]] = {
    CHANNELS: tuple(KPIS),
    CAMPAIGNS: tuple(key for key in KPIS if origin(key) not in ("plan", "analytics")),  # neither knows platform campaigns
}


def known(names: Iterable[str], table: str) -> tuple[str, ...]:
    """The names that are columns of the table, each once, in their order."""
    return tuple(dict.fromkeys(name for name in names if name in CHOICES.get(table, ())))


def read(text: str, table: str) -> tuple[str, ...]:
    """Columns as they stand in an address, separated by commas; empty for the standard ones."""
    found = known(text.split(","), table)
    return () if found == STANDARD else found


def mine(preferences: Mapping[str, Any], workspace: int, table: str) -> dict[str, Any]:
    """What this person has chosen for a table of a workspace."""
    found: dict[str, Any] = preferences.get(PREFERENCE, {}).get(str(workspace), {}).get(table, {})
    return found


def with_mine(preferences: Mapping[str, Any], workspace: int, table: str, **changes: Any) -> dict[str, Any]:
    """The preferences with `changes` to that; what is empty is left out."""
    tables = preferences.get(PREFERENCE, {})
    here = dict(tables.get(str(workspace), {}))
    here[table] = {key: value for key, value in {**here.get(table, {}), **changes}.items() if value}
    return {**preferences, PREFERENCE: {**tables, str(workspace): here}}
