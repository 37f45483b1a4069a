"""What people bought: orders of the customers a person is, in the workspace's currency at the rate of the order's day.

Refunds of an order count with it, whenever they came. Amounts are gross or net as the workspace reports (`revenue_basis`).
Where a rate is missing the amount is unknown and does not count.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from segments.compiling import comparing
from segments.compiling.events import aged
from segments.compiling.plan import FENCE, Compiled, Grouped, Plan, Who
from segments.compiling.windows import due_of, span_of
from segments.rules.grammar import Filter, OrderRule
from tracking.goals.conditions import NUMERIC

ALIAS = "orders"
AT = "o.ordered_at"
COLUMNS = {"channel": "o.channel", "campaign": "o.utm_campaign", "source": "o.utm_source", "medium": "o.utm_medium"}
RATE = """
CASE {currency} WHEN 'EUR' THEN 1 ELSE (SELECT rate FROM channels_fxrate WHERE currency = {currency} AND day = {day}) END
"""  # units of a currency for one euro (channels.fx)
OF_ORDER = "(SELECT sum({amount}) FROM tracking_refund r WHERE r.workspace_id = o.workspace_id AND r.order_id = o.id)"
BY_ORDER = """
LEFT JOIN (
    SELECT r.order_id, sum({amount}) AS amount FROM tracking_refund r
    WHERE r.workspace_id = {workspace} AND r.order_id IS NOT NULL GROUP BY 1
) AS back ON back.order_id = o.id
"""


@dataclass
class Orders(Grouped):
    alias: str = ALIAS
    with_refunds: bool = False
    sinces: set[str] | None = field(default_factory=set)  # narrow the scan; None as soon as one leaf looks at all orders

    def narrow(self, since: str | None) -> None:
        if self.sinces is not None:
            self.sinces = None if since is None else self.sinces | {since}

    def render(self, plan: Plan, people: Who) -> str:
        joins = ""
        if self.with_refunds and plan.people.is_everybody:
            joins = BY_ORDER.format(amount=money(plan, "r"), workspace=plan.space)
        elif self.with_refunds:
            joins = f"CROSS JOIN LATERAL {OF_ORDER.format(amount=money(plan, 'r'))} AS back (amount)"
        lately = f"AND {AT} >= least({', '.join(sorted(self.sinces))})" if self.sinces else ""
        # A condition must not get into it: it would bring its own rates, and what it asks for would be added up twice.
        return (
            f"SELECT c.profile_id{self.select()} FROM tracking_customer c "  # noqa: S608  columns are put together of ours
            f"JOIN tracking_order o ON o.workspace_id = c.workspace_id AND o.customer_id = c.id {joins} "
            f"WHERE c.workspace_id = {plan.space} AND c.profile_id IS NOT NULL AND {people('c.profile_id')} {lately} "
            f"GROUP BY 1 {FENCE}"
        )


def money(plan: Plan, table: str, column: str = "") -> str:
    """An amount of a row in the workspace's currency."""
    amount = f"{table}.{column or plan.workspace.revenue_basis}"
    currency, wanted = f"{table}.currency", plan.params.add(plan.workspace.currency)
    rate = RATE.format(currency=currency, day=f"{table}.day")
    into = RATE.format(currency=wanted, day=f"{table}.day")
    return f"(CASE WHEN {currency} = {wanted} THEN {amount} ELSE {amount} * ({into}) / ({rate}) END)"


def compile_order(plan: Plan, leaf: OrderRule) -> Compiled:
    source = plan.sources.setdefault(ALIAS, Orders())
    assert isinstance(source, Orders)  # noqa: S101  for the type
    match = " AND ".join(dict.fromkeys(_filter(plan, one) for one in leaf.where))
    span = span_of(plan, leaf.window, AT, future=True)
    source.narrow(span.since)

    def column(aggregate: str, when: str) -> str:
        return source.column(f"{aggregate} FILTER (WHERE {' AND '.join(part for part in (match, when) if part)})")

    if leaf.measure in ("first", "last"):
        edge = column(f"{'min' if leaf.measure == 'first' else 'max'}({AT})", span.inside)
        found = aged(plan, edge, leaf.operator, int(leaf.value), ALIAS)
        return found._replace(due=f"least({found.due}, {column(f'min({AT})', span.entering)})")
    number = _number(plan, leaf, source, lambda aggregate: column(aggregate, span.inside))
    truth = f"({number} {comparing.SIGNS[leaf.operator]} {plan.params.add(leaf.value)})"
    if leaf.measure in ("average", "return_rate"):
        truth = f"coalesce({truth}, false)"
    counts = leaf.measure == "count"
    due = due_of(plan, span, column, AT, truth, rises=comparing.rises(leaf.operator, leaf.value) if counts else None,
                 at_one=counts and comparing.at_one(leaf.operator, leaf.value))  # fmt: skip
    is_sum = leaf.measure in ("count", "revenue", "margin")
    holds_for_nobody = not (is_sum and comparing.holds(leaf.operator, leaf.value))
    return Compiled(
        truth, due, f"round({number}, 2)::text" if not counts else f"{number}::text", ALIAS if holds_for_nobody else None
    )


def _number(plan: Plan, leaf: OrderRule, source: Orders, column: Callable[[str], str]) -> str:
    """Average and return rate are NULL for somebody without orders: then nothing holds of them."""
    amount = money(plan, "o", "margin" if leaf.measure == "margin" else "")
    match leaf.measure:
        case "count":
            return f"coalesce({column('count(*)')}, 0)"
        case "average":
            return column(f"avg({amount})")
        case "return_rate":
            source.with_refunds = True
            return f"100 * coalesce({column('sum(back.amount)')}, 0) / nullif({column(f'sum({amount})')}, 0)"
        case _:
            return f"coalesce({column(f'sum({amount})')}, 0)"


def _filter(plan: Plan, filter_: Filter) -> str:
    if filter_.operator in NUMERIC:
        return f"{money(plan, 'o')} {comparing.SIGNS[filter_.operator]} {plan.params.add(filter_.value)}::numeric"
    return comparing.text(plan, COLUMNS[filter_.property], filter_.operator, filter_.value)
