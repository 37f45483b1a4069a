"""Sums of own orders, refunds and new customers. They know channel, campaign and time, but no platform, account or ad.

An order belongs to the platform campaign whose external id is its utm_id, or else whose name is its utm_campaign.
Refunds count on their own day, in the channel of their order. A new customer counts on the day of the first order,
which is the one the shop flags as such or else the customer's earliest one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from channels.connectors import PLATFORMS
from reporting import fx
from reporting.scope import Scope
from reporting.sql import Params, conditions, fetch_each

SUMS = ("orders", "revenue", "refunds", "margin", "without_margin", "new_customers", "cohort_value")
CONVERTED = ("revenue", "refunds", "net_revenue_after_refunds", "margin", "cohort_value")
AD_PLATFORMS = [platform.key for platform in PLATFORMS.values() if platform.has_spend]
KEY = "coalesce(o.customer_id, -o.id)"  # a guest is a customer of one order
LOST_MARGIN = "o.margin * r.net / nullif(o.net, 0)"  # of a refund whose margin the shop did not say


class Select(NamedTuple):
    """What the statements share: the key columns with their joins, and the words for the workspace."""

    key: list[str]
    joins: str
    where: list[str]
    workspace: str
    basis: str


def read_orders(scopes: Sequence[Scope]) -> list[list[tuple[Any, ...]]]:
    """For each scope rows of (dimension values …, one value per SUMS or None, rate missing). Rows of one key add up."""
    params = Params()
    return fetch_each([_statements(scope, params) for scope in scopes], params)


def _statements(scope: Scope, params: Params) -> list[str]:
    statements = []
    if scope.measures & {"orders", "revenue", "net_revenue_after_refunds", "margin"}:
        statements.append(_orders(scope, params))
    if scope.measures & {"refunds", "net_revenue_after_refunds", "margin"}:
        statements.append(_refunds(scope, params))
    if scope.measures & {"new_customers", "cohort_value"}:
        statements.append(_new_customers(scope, params))
    return statements


def _orders(scope: Scope, params: Params) -> str:
    parts, convert = _shared(scope, params, "o"), _conversion(scope, params, "o")
    sums = {
        "orders": "count(*)", "revenue": f"sum({convert.amount(f'o.{parts.basis}')})",
        "margin": f"sum({convert.amount('o.margin')})", "without_margin": "count(*) FILTER (WHERE o.margin IS NULL)",
    }  # fmt: skip
    return _statement(parts, sums, f"bool_or({convert.missing})", f"FROM tracking_order o {parts.joins} {convert.joins}")


def _refunds(scope: Scope, params: Params) -> str:
    parts, convert = _shared(scope, params, "r"), _conversion(scope, params, "r")
    sums = {
        "refunds": f"sum({convert.amount(f'r.{parts.basis}')})",
        "margin": f"-sum({convert.amount(f'coalesce(r.margin, {LOST_MARGIN})')})",
    }  # fmt: skip
    source = f"FROM tracking_refund r LEFT JOIN tracking_order o ON o.id = r.order_id {parts.joins} {convert.joins}"
    return _statement(parts, sums, f"bool_or({convert.missing})", source)


def _new_customers(scope: Scope, params: Params) -> str:
    """Who was won in the period and, if asked for, what their orders have brought since."""
    parts = _shared(scope, params, "o")
    names = [f"key{position}" for position in range(len(parts.key))]
    key = "".join(f"{column} AS {name}, " for column, name in zip(parts.key, names, strict=True))
    won = (
        f"SELECT DISTINCT ON ({KEY}) {key}o.id, o.customer_id "  # noqa: S608  constants, values are parameters
        f"FROM tracking_order o LEFT JOIN tracking_customer c ON c.id = o.customer_id {parts.joins} "
        f"WHERE {' AND '.join([*parts.where, _is_first(scope, params)])} ORDER BY {KEY}, o.ordered_at, o.id"
    )
    columns = ", ".join([*names, *_columns({"new_customers": "count(*)"}), "false"])
    counted = f"SELECT {columns} FROM won {_group_by(len(names))}"  # noqa: S608
    if "cohort_value" not in scope.measures:
        return f"WITH won AS ({won}) {counted}"
    return f"WITH won AS MATERIALIZED ({won}) {counted} UNION ALL {_cohort_value(scope, params, parts, names)}"


def _cohort_value(scope: Scope, params: Params, parts: Select, names: list[str]) -> str:
    """Margin, or revenue where there is none, of all orders of the won customers, less what was given back."""
    order, back = _conversion(scope, params, "o"), _conversion(scope, params, "r")
    kept = "".join(f"won.{name}, " for name in names)
    received = f"AND o.received_at <= {params.add(scope.as_of)}" if scope.as_of else ""
    theirs = " UNION ALL ".join(
        f"SELECT {kept}o.* FROM won JOIN tracking_order o "  # noqa: S608
        f"ON o.workspace_id = {parts.workspace} AND {match} {received}"
        for match in ("o.customer_id = won.customer_id", "o.id = won.id AND won.customer_id IS NULL")
    )
    lost = f"CASE WHEN o.margin IS NULL THEN r.{parts.basis} ELSE {LOST_MARGIN} END"
    refunded = f"AND r.received_at <= {params.add(scope.as_of)}" if scope.as_of else ""
    keys = "".join(f"{name}, " for name in names)
    amounts = (
        f"SELECT {keys}{order.amount(f'coalesce(o.margin, o.{parts.basis})')} AS amount, {order.missing} AS missing "  # noqa: S608
        f"FROM theirs o {order.joins} UNION ALL "
        f"SELECT {keys}-({back.amount(f'coalesce(r.margin, {lost})')}), {back.missing} "
        f"FROM theirs o JOIN tracking_refund r ON r.order_id = o.id {refunded} {back.joins}"
    )
    columns = ", ".join([*names, *_columns({"cohort_value": "sum(amount)"}), "bool_or(missing)"])
    return f"(WITH theirs AS ({theirs}) SELECT {columns} FROM ({amounts}) amounts {_group_by(len(names))})"  # noqa: S608


def _is_first(scope: Scope, params: Params) -> str:
    earliest = "o.ordered_at = c.first_order_at"
    if scope.as_of:  # the stored first order may have arrived later than the instant asked about
        earliest = (
            "NOT EXISTS (SELECT FROM tracking_order e "
            "WHERE e.workspace_id = o.workspace_id AND e.customer_id = o.customer_id "
            f"AND e.ordered_at < o.ordered_at AND e.received_at <= {params.add(scope.as_of)})"
        )
    return f"(o.is_new_customer OR (o.is_new_customer IS NULL AND o.customer_id IS NOT NULL AND {earliest}))"


def _shared(scope: Scope, params: Params, table: str) -> Select:
    """`table` is the alias of what is dated: o for orders, r for refunds."""
    workspace, day = params.add(scope.workspace.pk), f"{table}.day"
    columns = {
        "channel": "coalesce(o.channel, 'other')" if table == "r" else "o.channel",
        "campaign": "coalesce(by_id.id, by_name.id)", "own_campaign": "l.campaign_id",
        "day": day, "week": f"date_trunc('week', {day})::date", "month": f"date_trunc('month', {day})::date",
    }  # fmt: skip
    where = [f"{table}.workspace_id = {workspace}", f"{day} >= {params.add(scope.period.since)}",
             f"{day} < {params.add(scope.period.until)}", *conditions(params, columns, scope.filters)]  # fmt: skip
    if scope.as_of:
        where.append(f"{table}.received_at <= {params.add(scope.as_of)}")
    joins = _campaign_joins(params, workspace) if scope.needs_campaign else ""
    return Select([columns[name] for name in scope.dimensions], joins, where, workspace, scope.workspace.revenue_basis)


def _campaign_joins(params: Params, workspace: str) -> str:
    """One platform campaign per order at most: two of the same name must not both take it."""
    named = (
        "LEFT JOIN (SELECT {column} AS value, min(p.id) AS id FROM channels_platformcampaign p "
        "JOIN channels_adaccount x ON x.id = p.account_id AND x.platform = ANY({platforms}) "
        "WHERE p.workspace_id = {workspace} GROUP BY 1) {name} ON {name}.value = nullif({sought}, '')"
    )
    platforms = params.add(AD_PLATFORMS)
    by_id = named.format(column="p.external_id", name="by_id", sought="o.utm_id", workspace=workspace, platforms=platforms)
    by_name = named.format(column="lower(p.name)", name="by_name", sought="lower(o.utm_campaign)", workspace=workspace,
                           platforms=platforms)  # fmt: skip
    link = "LEFT JOIN campaigns_campaignlink l ON l.platform_campaign_id = coalesce(by_id.id, by_name.id)"
    return f"{by_id} {by_name} {link}"


def _conversion(scope: Scope, params: Params, table: str) -> fx.Conversion:
    return fx.conversion(
        params, currency=f"{table}.currency", day=f"{table}.day", target=scope.workspace.currency, name=f"fx_{table}"
    )


def _statement(parts: Select, sums: dict[str, str], missing: str, source: str) -> str:
    columns = ", ".join([*parts.key, *_columns(sums), missing])
    return f"SELECT {columns} {source} WHERE {' AND '.join(parts.where)} {_group_by(len(parts.key))}"


def _columns(sums: dict[str, str]) -> list[str]:
    return [f"({sums[name]})::numeric" if name in sums else "NULL::numeric" for name in SUMS]


def _group_by(size: int) -> str:
    """Without a key an empty table still gives one row: HAVING drops it."""
    return f"GROUP BY {', '.join(str(position + 1) for position in range(size))}" if size else "HAVING count(*) > 0"
