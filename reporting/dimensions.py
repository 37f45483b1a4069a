"""What numbers can be broken down and filtered by."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Dimension:
    """`parse` reads a value as it stands in a URL; values are codes, primary keys or days (None = not assigned)."""

    key: str
    label: str | Promise
    parse: Callable[[str], Any]
    splits_orders: bool = False  # own orders can be told apart by it


DIMENSIONS: dict[str, Dimension] = {
    dimension.key: dimension
    for dimension in (
        Dimension("channel", _("Channel"), str, splits_orders=True),
        Dimension("platform", _("Platform"), str),
        Dimension("account", _("Account"), int),
        Dimension("campaign", _("Platform campaign"), int, splits_orders=True),
        Dimension("own_campaign", _("Campaign"), int, splits_orders=True),
        Dimension("ad_group", _("Ad group"), int),
        Dimension("ad", _("Ad"), int),
        Dimension("day", _("Day"), date.fromisoformat, splits_orders=True),
        Dimension("week", _("Week"), date.fromisoformat, splits_orders=True),  # its Monday (ISO 8601)
        Dimension("month", _("Month"), date.fromisoformat, splits_orders=True),  # its first day
    )
}
TIME = ("day", "week", "month")
AD_LEVEL = frozenset({"ad", "ad_group"})
CAMPAIGN_LEVEL = frozenset({"campaign", "own_campaign"})


def parse_value(dimension: str, text: str) -> Any:
    """ "-" stands for "not assigned"."""
    return None if text == "-" else DIMENSIONS[dimension].parse(text)
