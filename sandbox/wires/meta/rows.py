"""Insights rows of one account out of the market: all numbers as text, several names for the same purchases."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.market import Account, AdDay, Entity, Market
from sandbox.wires.meta.accounts import HIDDEN, STATUSES
from sandbox.wires.meta.query import Query

# The same orders under three names, as in every account with a pixel: added up, each order counts three times.
PURCHASES = ("omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase")
DEFAULT_WINDOWS = ("7d_click", "1d_view")
LIKES_PER_IMPRESSIONS = 250  # `clicks` counts likes and opened pictures beside link clicks
Row = dict[str, Any]


def insights(market: Market, account: Account, query: Query, as_of: datetime) -> list[Row]:
    """All rows of the query as Meta shows them at `as_of`, by day and ids."""
    entities = {entity.external_id: entity for entity in market.entities(account.external_id, as_of)}
    read = market.campaign_days if query.level == "campaign" else market.ad_days
    days = read(account.external_id, query.since, query.until, as_of)
    shown = [day for day in days if _delivered(day) and _wanted(entities[day.ad_id or day.campaign_id], query)]
    shown.sort(key=lambda day: (day.day, day.campaign_id, day.ad_group_id, day.ad_id))
    return [_row(day, account, entities, query) for day in shown]


def summary(rows: list[Row], names: tuple[str, ...]) -> Row:
    """Totals of all rows of a query, not of a page."""
    return {name: _sum([row[name] for row in rows]) for name in names}


def _sum(texts: list[str]) -> str:
    if any("." in text for text in texts):
        return money(sum(round(float(text) * 1_000_000) for text in texts))
    return str(sum(map(int, texts)))


def _delivered(day: AdDay) -> bool:
    return bool(day.impressions or day.clicks or day.spend_micros or any(any(pair) for pair in day.claims.values()))


def _wanted(entity: Entity, query: Query) -> bool:
    status = STATUSES[entity.status]
    return status in query.statuses if query.statuses else status not in HIDDEN


def _row(day: AdDay, account: Account, entities: dict[str, Entity], query: Query) -> Row:
    row = {name: FIELDS[name](day, account, entities) for name in query.fields if name in FIELDS}
    if "actions" in query.fields:
        row |= _if_any("actions", [_action("link_click", day.clicks, {}), *_purchases(day, query, 0, plain)])
    if "action_values" in query.fields:
        row |= _if_any("action_values", _purchases(day, query, 1, money))
    return row | {"date_start": day.day.isoformat(), "date_stop": day.day.isoformat()}


def _purchases(day: AdDay, query: Query, which: int, text: Callable[[int], str]) -> list[Row]:
    """`which` 0 counts, 1 values; without windows asked for, only Meta's default total is given."""
    total = sum(day.claims.get(window, (0, 0))[which] for window in DEFAULT_WINDOWS)
    windows = {name: text(day.claims[name][which]) for name in query.windows if day.claims.get(name, (0, 0))[which]}
    if not total and not windows:
        return []
    return [{"action_type": name, "value": text(total), **windows} for name in PURCHASES]


def _action(name: str, count: int, windows: Row) -> Row:
    return {"action_type": name, "value": str(count), **windows} if count else {}


def _if_any(name: str, found: list[Row]) -> Row:
    actions = [action for action in found if action]
    return {name: actions} if actions else {}


def plain(millionths: int) -> str:
    """A count: whole as a rule."""
    return f"{millionths // 1_000_000}" if millionths % 1_000_000 == 0 else f"{millionths / 1_000_000:.6f}"


def money(micros: int) -> str:
    """An amount in major units, two places unless there is more to say."""
    whole, rest = divmod(micros, 1_000_000)
    return f"{whole}.{rest // 10_000:02d}" if rest % 10_000 == 0 else f"{whole}.{rest:06d}"


def _name(external_id: str, entities: dict[str, Entity]) -> str:
    return entities[external_id].name


FIELDS: dict[str, Callable[[AdDay, Account, dict[str, Entity]], str]] = {
    "account_id": lambda day, account, entities: account.external_id,
    "account_name": lambda day, account, entities: account.name,
    "account_currency": lambda day, account, entities: account.currency,
    "campaign_id": lambda day, account, entities: day.campaign_id,
    "campaign_name": lambda day, account, entities: _name(day.campaign_id, entities),
    "adset_id": lambda day, account, entities: day.ad_group_id,
    "adset_name": lambda day, account, entities: _name(day.ad_group_id, entities),
    "ad_id": lambda day, account, entities: day.ad_id,
    "ad_name": lambda day, account, entities: _name(day.ad_id, entities),
    "impressions": lambda day, account, entities: str(day.impressions),
    "clicks": lambda day, account, entities: str(day.clicks + day.impressions // LIKES_PER_IMPRESSIONS),
    "inline_link_clicks": lambda day, account, entities: str(day.clicks),
    "spend": lambda day, account, entities: money(day.spend_micros),
}
