"""Every metric, once. Pages, API, exports, alerts and docs read this list; its order is the order of columns."""

from collections.abc import Iterable
from functools import cache

from django.utils.translation import gettext_lazy as _

from reporting.metric import Better, Measure, Metric, Number, Ratio, Source, Unit

__all__ = [
    "KPIS", "MEASURES", "Better", "Measure", "Metric", "Number", "Ratio", "Source", "Unit", "is_claimed", "measures_of",
]  # fmt: skip

MONEY, COUNT, PERCENT, FACTOR, RATIO = Unit.MONEY, Unit.COUNT, Unit.PERCENT, Unit.FACTOR, Unit.RATIO
UP, DOWN, NEUTRAL = Better.UP, Better.DOWN, Better.NEUTRAL

PLATFORM = Measure(Source.PLATFORM)
CLAIMED = Measure(Source.PLATFORM, claimed=True)
ANALYTICS = Measure(Source.ANALYTICS)
KEY_EVENT = Measure(Source.ANALYTICS, claimed=True)
ORDERS = Measure(Source.ORDERS)
BUDGET = Measure(Source.BUDGET)


def per(numerator: str | tuple[str, ...], denominator: str, scale: int = 1) -> Ratio:
    return Ratio((numerator,) if isinstance(numerator, str) else numerator, denominator, scale)


KPIS: dict[str, Metric] = {
    metric.key: metric
    for metric in (
        Metric("impressions", _("Impressions"), _("Impr."), COUNT, UP, PLATFORM,
               _("How often ads were shown, as the ad platforms report.")),
        Metric("clicks", _("Clicks"), _("Clicks"), COUNT, UP, PLATFORM,
               _("Clicks on ads, as the ad platforms report (Meta: link clicks).")),
        Metric("ctr", _("Click-through rate"), _("CTR"), PERCENT, UP, per("clicks", "impressions"),
               _("Clicks / impressions.")),
        Metric("cpc", _("Average cost per click"), _("Avg. CPC"), MONEY, DOWN, per("spend", "clicks"),
               _("Spend / clicks.")),
        Metric("spend", _("Cost"), _("Cost"), MONEY, NEUTRAL, PLATFORM,
               _("What the ad platforms charge, converted at the ECB rate of each day.")),
        Metric("cpm", _("Cost per thousand impressions"), _("CPM"), MONEY, DOWN, per("spend", "impressions", 1000),
               _("Spend / impressions × 1000.")),
        Metric("conversions", _("Conversions (platform)"), _("Conversions"), COUNT, UP, CLAIMED,
               _("What one ad platform claims in the chosen attribution window. Two platforms may claim the same "
                 "sale, so they are never added up.")),
        Metric("cvr", _("Conversion rate"), _("Conv. rate"), PERCENT, UP, per("conversions", "clicks"),
               _("Conversions of one platform / its clicks.")),
        Metric("cpa", _("Cost per conversion (CPA)"), _("Cost/conv."), MONEY, DOWN, per("spend", "conversions"),
               _("Spend / conversions of one platform.")),
        Metric("conversions_value", _("Conversion value (platform)"), _("Conv. value"), MONEY, UP, CLAIMED,
               _("The value one ad platform claims, converted at the same rate as its spend.")),
        Metric("roas", _("ROAS (platform)"), _("ROAS"), FACTOR, UP, per("conversions_value", "spend"),
               _("Conversion value of one platform / its spend.")),
        Metric("view_through_conversions", _("View-through conversions"), _("View-through"), COUNT, NEUTRAL, CLAIMED,
               _("Conversions after an ad was seen but not clicked, as one platform claims; not part of conversions.")),
        Metric("sessions", _("Sessions"), _("Sessions"), COUNT, UP, ANALYTICS,
               _("Visits as the analytics property counts them.")),
        Metric("engaged_sessions", _("Engaged sessions"), _("Engaged"), COUNT, UP, ANALYTICS,
               _("Visits longer than 10 seconds, with a key event or with two pages, as analytics counts them.")),
        Metric("engagement_rate", _("Engagement rate"), _("Engagement"), PERCENT, UP,
               per("engaged_sessions", "sessions"),
               _("Engaged sessions / sessions.")),
        Metric("bounce_rate", _("Bounce rate"), _("Bounces"), PERCENT, DOWN,
               per(("sessions", "-engaged_sessions"), "sessions"),
               _("(Sessions − engaged sessions) / sessions.")),
        Metric("key_events", _("Key events (analytics)"), _("Key events"), COUNT, UP, KEY_EVENT,
               _("Key events as the analytics property attributes them; kept apart from what ad platforms claim.")),
        Metric("analytics_revenue", _("Revenue (analytics)"), _("Analytics rev."), MONEY, UP, KEY_EVENT,
               _("Value of key events as the analytics property reports it.")),
        Metric("orders", _("Orders"), _("Orders"), COUNT, UP, ORDERS,
               _("Own orders by order day in the workspace's time zone. The truth across platforms.")),
        Metric("revenue", _("Revenue"), _("Revenue"), MONEY, UP, ORDERS,
               _("Own orders, net or gross of VAT as the workspace is set, before refunds.")),
        Metric("refunds", _("Refunds"), _("Refunds"), MONEY, DOWN, ORDERS,
               _("Money given back, by the day of the refund, net or gross as revenue.")),
        Metric("net_revenue_after_refunds", _("Revenue after refunds"), _("Rev. after refunds"), MONEY, UP, ORDERS,
               _("Revenue − refunds.")),
        Metric("margin", _("Contribution margin"), _("Margin"), MONEY, UP, ORDERS,
               _("Margin of own orders as the shop reports it, minus the margin of refunds.")),
        Metric("new_customers", _("New customers"), _("New cust."), COUNT, UP, ORDERS,
               _("Buyers whose first order is in the period, as the shop says or else as our orders show.")),
        Metric("aov", _("Average order value"), _("AOV"), MONEY, UP, per("revenue", "orders"),
               _("Revenue / own orders.")),
        Metric("mer", _("MER (blended ROAS)"), _("MER"), FACTOR, UP, per("net_revenue_after_refunds", "spend"),
               _("Own revenue after refunds / spend of all ad platforms.")),
        Metric("blended_cpa", _("Cost per order (blended CPA)"), _("Cost/order"), MONEY, DOWN, per("spend", "orders"),
               _("Spend of all ad platforms / own orders.")),
        Metric("cac", _("Customer acquisition cost (CAC)"), _("CAC"), MONEY, DOWN, per("spend", "new_customers"),
               _("Spend of all ad platforms / new customers.")),
        Metric("cohort_value", _("Customer value so far"), _("Cust. value"), MONEY, UP, ORDERS,
               _("Margin (revenue where the margin is unknown) after refunds to date, of the customers won in the "
                 "period.")),
        Metric("ltv", _("Realised customer lifetime value (LTV)"), _("LTV"), MONEY, UP,
               per("cohort_value", "new_customers"),
               _("Customer value so far / new customers of the period. Realised, not predicted: young cohorts are "
                 "still low.")),
        Metric("ltv_cac", _("LTV : CAC"), _("LTV:CAC"), RATIO, UP, per("cohort_value", "spend"),
               _("LTV / CAC, which is customer value so far / spend.")),
        Metric("roi", _("Return on investment (ROI)"), _("ROI"), PERCENT, UP, per(("margin", "-spend"), "spend"),
               _("(Contribution margin − spend) / spend.")),
        Metric("budget", _("Budget"), _("Budget"), MONEY, NEUTRAL, BUDGET,
               _("Planned spend, spread evenly over the days of each month.")),
        Metric("pacing", _("Pacing"), _("Pacing"), PERCENT, NEUTRAL, per("spend", "budget"),
               _("Spend / budget of the same days.")),
    )
}  # fmt: skip
MEASURES: dict[str, Measure] = {key: metric.kind for key, metric in KPIS.items() if isinstance(metric.kind, Measure)}


def measures_of(metrics: Iterable[str]) -> set[str]:
    """The measures that the given metrics are computed from."""
    return {term for key in metrics for term in KPIS[key].terms}


@cache
def is_claimed(key: str) -> bool:
    """Whether the metric rests on what platforms claim, so that several platforms have no common value."""
    return any(MEASURES[term].claimed for term in KPIS[key].terms)
