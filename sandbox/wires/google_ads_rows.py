"""What the sandbox's Google Ads knows: the market's accounts and numbers as rows of GAQL field → value."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sandbox.wires.gaql import Condition, Query
from sandbox.wires.gaql_rules import date_range

if TYPE_CHECKING:
    from sandbox.market import Account, AdDay, Entity, Market

Row = dict[str, Any]
MILLION = 1_000_000
LEVELS = {"campaign": "campaign", "ad_group": "ad_group", "ad_group_ad": "ad"}
ACTION = "Kauf"
COUNTS = ("cost_micros", "impressions", "clicks", "view_through_conversions")
CREDITS = {  # metric -> (attribution window, 0 conversions or 1 value)
    "conversions": ("default", 0),
    "conversions_value": ("default", 1),
    "all_conversions": ("default", 0),
    "all_conversions_value": ("default", 1),
    "conversions_by_conversion_date": ("conversion_date", 0),
    "conversions_value_by_conversion_date": ("conversion_date", 1),
}


def local_day(account: "Account", instant: datetime) -> date:
    """The account's own day at an instant."""
    return instant.astimezone(ZoneInfo(account.time_zone)).date()


def select(market: "Market", account: "Account", query: Query, as_of: datetime) -> tuple[list[Row], Row]:
    """The rows of a valid query and their summary (sums of the selected metrics)."""
    if query.resource == "customer_client":
        rows = _clients(market, account)
    elif query.selects("metrics") or query.selects("segments"):
        rows = _statistics(market, account, query, as_of)
    else:
        rows = list(_attributes(market, account, query.resource, as_of).values())
    rows = [row for row in rows if all(_fits(row, condition) for condition in query.where)]
    for field, descending in reversed(query.order_by):
        rows.sort(key=lambda row: row[field], reverse=descending)
    rows = rows[: query.limit]
    metrics = [field for field in query.select if field.startswith("metrics.")]
    return rows, {field: sum(row[field] for row in rows) for field in metrics}


def _clients(market: "Market", account: "Account") -> list[Row]:
    below = [one for one in market.accounts if one.manager_id == account.external_id]
    return [_client(account, one, level) for one, level in [(account, 0), *((one, 1) for one in below)]]


def _client(root: "Account", account: "Account", level: int) -> Row:
    row = {name.replace("customer.", "customer_client."): value for name, value in _customer(account).items()}
    row["customer_client.resource_name"] = f"customers/{root.external_id}/customerClients/{account.external_id}"
    row["customer_client.client_customer"] = f"customers/{account.external_id}"
    return row | {"customer_client.level": level, "customer_client.hidden": False} | _customer(root)


def _customer(account: "Account") -> Row:
    return {
        "customer.resource_name": f"customers/{account.external_id}",
        "customer.id": int(account.external_id),
        "customer.descriptive_name": account.name,
        "customer.currency_code": account.currency,
        "customer.time_zone": account.time_zone,
        "customer.manager": account.is_manager,
        "customer.test_account": False,
        "customer.status": "ENABLED",
    }


def _attributes(market: "Market", account: "Account", resource: str, as_of: datetime) -> dict[str, Row]:
    """External id → attributes of the resource and everything above it."""
    top = _customer(account)
    if resource == "customer":
        return {account.external_id: top}
    found: dict[str, dict[str, Row]] = {"campaign": {}, "ad_group": {}, "ad": {}}
    entities = market.entities(account.external_id, as_of)
    for level, above in (("campaign", ""), ("ad_group", "campaign"), ("ad", "ad_group")):
        for entity in (one for one in entities if one.level == level):
            parent = found[above][entity.parent_id] if above else top
            found[level][entity.external_id] = parent | _own(account, entity)
    return found[LEVELS[resource]]


def _own(account: "Account", entity: "Entity") -> Row:
    root, status = f"customers/{account.external_id}", entity.status.upper()
    if entity.level == "ad":
        return {
            "ad_group_ad.resource_name": f"{root}/adGroupAds/{entity.parent_id}~{entity.external_id}",
            "ad_group_ad.ad_group": f"{root}/adGroups/{entity.parent_id}",
            "ad_group_ad.status": status,
            "ad_group_ad.ad.id": int(entity.external_id),
            "ad_group_ad.ad.name": entity.name,
        }
    room, folder = ("campaign", "campaigns") if entity.level == "campaign" else ("ad_group", "adGroups")
    row = {
        f"{room}.resource_name": f"{root}/{folder}/{entity.external_id}",
        f"{room}.id": int(entity.external_id),
        f"{room}.name": entity.name,
        f"{room}.status": status,
    }
    if room == "campaign":
        return row | {"campaign.advertising_channel_type": entity.channel_type}
    return row | {"ad_group.campaign": f"{root}/campaigns/{entity.parent_id}"}


def _statistics(market: "Market", account: "Account", query: Query, as_of: datetime) -> list[Row]:
    """Sums per entity, and per day if segments.date is selected. With a segment, rows of zeros are left out."""
    attributes = _attributes(market, account, query.resource, as_of)
    metrics = [field for field in query.select if field.startswith("metrics.")]
    daily, segmented = "segments.date" in query.select, query.selects("segments")
    action = _action(account) if any("conversion_action" in field for field in query.select) else {}
    sums: dict[tuple[str, str], Row] = {}
    for fact in _facts(market, account, query, as_of):
        external_id = _key(fact, query.resource, account)
        day = fact.day.isoformat() if daily else ""
        row = sums.get((external_id, day))
        if row is None:
            date_of = {"segments.date": day} if daily else {}
            row = sums[external_id, day] = attributes[external_id] | date_of | action | dict.fromkeys(metrics, 0)
        for field in metrics:
            row[field] += _metric(fact, field.removeprefix("metrics."))
    if segmented:
        rows = [row for row in sums.values() if not metrics or any(row[field] for field in metrics)]
    else:
        zeros = dict.fromkeys(metrics, 0)
        rows = [sums.get((external_id, ""), found | zeros) for external_id, found in attributes.items()]
    return [_in_doubles(row, metrics) for row in rows]


def _facts(market: "Market", account: "Account", query: Query, as_of: datetime) -> Iterable["AdDay"]:
    today = local_day(account, as_of)
    since, until = date_range(query, today)
    until = min(until, today)
    if since > until:
        return []
    source = market.campaign_days if query.resource in ("customer", "campaign") else market.ad_days
    return source(account.external_id, since, until, as_of)


def _key(fact: "AdDay", resource: str, account: "Account") -> str:
    keys = {"campaign": fact.campaign_id, "ad_group": fact.ad_group_id, "ad_group_ad": fact.ad_id}
    return keys.get(resource, account.external_id)


def _metric(fact: "AdDay", name: str) -> int:
    """Counts as they are, credits in millionths (they become doubles once, after summing)."""
    if name in CREDITS:
        window, which = CREDITS[name]
        return fact.claims.get(window, (0, 0))[which]
    counts = (fact.spend_micros, fact.impressions, fact.clicks, fact.view_through)
    return counts[COUNTS.index(name)]


def _in_doubles(row: Row, metrics: Iterable[str]) -> Row:
    credits = [field for field in metrics if field.removeprefix("metrics.") in CREDITS]
    return row | {field: row[field] / MILLION for field in credits}


def _action(account: "Account") -> Row:
    name = f"customers/{account.external_id}/conversionActions/1"
    return {"segments.conversion_action": name, "segments.conversion_action_name": ACTION}


def _fits(row: Mapping[str, Any], condition: Condition) -> bool:
    if condition.field == "segments.date":
        return True  # the rows were made for these days
    have, operator = row[condition.field], condition.operator
    wanted = [_like(value, have) for value in condition.values]
    if operator.endswith("LIKE"):
        return fnmatchcase(str(have), str(wanted[0]).replace("%", "*")) != operator.startswith("NOT")
    if operator.endswith("IN"):
        return bool((have in wanted) != operator.startswith("NOT"))
    if operator == "BETWEEN":
        return bool(wanted[0] <= have <= wanted[1])
    answers = {"=": have == wanted[0], "!=": have != wanted[0]}
    if operator in answers:
        return bool(answers[operator])
    return bool({">": have > wanted[0], ">=": have >= wanted[0], "<": have < wanted[0], "<=": have <= wanted[0]}[operator])


def _like(text: str, sample: object) -> Any:
    """The text of a query as a value of the field's type."""
    if isinstance(sample, bool):
        return text.upper() == "TRUE"
    return type(sample)(text) if isinstance(sample, int | float) else text
