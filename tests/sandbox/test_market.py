"""The market itself: one world, told in the same way however it is asked."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache

import numpy as np
import pytest

from sandbox import truth
from sandbox.market import AdDay, Market
from sandbox.market.delivery import response
from sandbox.market.season import eur_rate

START = date(2025, 10, 1)
SMALL_UNTIL = datetime(2026, 1, 20, 15, 40, 11, tzinfo=UTC)
YEAR_UNTIL = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
FAR = date(2027, 1, 1)
BEGIN = datetime(2025, 9, 30, tzinfo=UTC)


@cache
def small() -> Market:
    market = Market(3, START, shoppers=4_000)
    market.ensure(SMALL_UNTIL.date())
    return market


@cache
def year() -> Market:
    market = Market(7, START)
    market.ensure(YEAR_UNTIL.date())
    return market


def advertising(market: Market) -> list[str]:
    return [a.external_id for a in market.accounts if a.platform != "ga4" and not a.is_manager]


def everything(market: Market, as_of: datetime) -> list[object]:
    accounts = advertising(market)
    return [
        [market.ad_days(account, START, FAR, as_of) for account in accounts],
        [market.campaign_days(account, START, FAR, as_of) for account in accounts],
        [market.entities(account, as_of) for account in accounts],
        market.sessions(market.accounts[-1].external_id, START, FAR, as_of),
        market.orders(BEGIN, as_of, as_of),
        market.refunds(BEGIN, as_of, as_of),
        market.incremental(START, as_of.date()),
        list(market.visits(as_of - timedelta(days=2), as_of)),
    ]


def default(row: AdDay) -> tuple[int, int]:
    windows = ("default",) if "default" in row.claims else ("7d_click", "1d_view")
    return sum(row.claims[w][0] for w in windows), sum(row.claims[w][1] for w in windows)


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    as_of = datetime(2025, 11, 5, 10, tzinfo=UTC)
    first, again, other = (everything(Market(seed, START, shoppers=1_000), as_of) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_extending_day_by_day_equals_simulating_at_once() -> None:
    as_of = datetime(2025, 12, 20, 18, 30, tzinfo=UTC)
    at_once, by_day = Market(5, START, shoppers=1_500), Market(5, START, shoppers=1_500)
    at_once.ensure(date(2026, 3, 1))
    for offset in range(82):
        by_day.ensure(START + timedelta(days=offset))
        # Reading in between joins the columns, which must not matter either.
        by_day.orders(BEGIN, as_of, as_of - timedelta(days=81 - offset))
    assert everything(at_once, as_of) == everything(by_day, as_of)


def test_threads_may_ask_a_growing_market_at_the_same_time() -> None:
    market, expected = Market(5, START, shoppers=500), Market(5, START, shoppers=500)
    instants = [datetime(2025, 10, 3, 12, tzinfo=UTC) + timedelta(days=day) for day in range(40)]
    with ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda as_of: market.orders(BEGIN, as_of, as_of), instants))
    assert shown == [expected.orders(BEGIN, as_of, as_of) for as_of in instants]


def test_ads_sum_to_their_campaign_unless_it_is_performance_max() -> None:
    market = small()
    kinds = {campaign.external_id: campaign.channel_type for campaign in market.campaigns}
    for account in advertising(market):
        sums: dict[tuple[str, date], list[int]] = {}
        for row in market.ad_days(account, START, FAR, SMALL_UNTIL):
            assert row.ad_id
            assert kinds[row.campaign_id] != "PERFORMANCE_MAX"
            numbers = numbers_of(row)
            have = sums.setdefault((row.campaign_id, row.day), [0] * len(numbers))
            sums[row.campaign_id, row.day] = [a + b for a, b in zip(have, numbers, strict=True)]
        days = market.campaign_days(account, START, FAR, SMALL_UNTIL)
        assert sums == {(row.campaign_id, row.day): numbers_of(row) for row in days if kinds[row.campaign_id] != "PERFORMANCE_MAX"}


def numbers_of(row: AdDay) -> list[int]:
    claims = [number for window in row.claims.values() for number in window]
    return [row.impressions, row.clicks, row.spend_micros, row.view_through, *claims]


@pytest.mark.parametrize("as_of", [SMALL_UNTIL, datetime(2025, 12, 31, 3, 30, tzinfo=UTC)])
def test_campaign_days_equal_the_truth_worked_out_one_by_one(as_of: datetime) -> None:
    market = small()
    channels = {campaign.external_id: campaign.channel for campaign in market.campaigns}
    shown: dict[tuple[str, str, date], truth.Totals] = defaultdict(truth.Totals)
    for account in advertising(market):
        for row in market.campaign_days(account, START, FAR, as_of):
            conversions, value = (Decimal(number).scaleb(-6) for number in default(row))
            spend = Decimal(row.spend_micros).scaleb(-6)
            key = (account, channels[row.campaign_id], row.day)
            shown[key] = shown[key].plus(truth.Totals(row.impressions, row.clicks, spend, conversions, value))
    assert {key: totals for key, totals in shown.items() if any(totals)} == truth.platform_days(market, as_of)


def test_months_of_the_shop_equal_the_sum_of_its_orders_and_refunds() -> None:
    market = small()
    months = truth.shop_months(market, SMALL_UNTIL)
    orders = market.orders(BEGIN, SMALL_UNTIL + timedelta(days=9), SMALL_UNTIL)
    refunds = market.refunds(BEGIN, SMALL_UNTIL + timedelta(days=9), SMALL_UNTIL)
    assert sum(month.orders for month in months.values()) == len(orders)
    assert sum(month.net for month in months.values()) == sum(order.net for order in orders)
    assert sum(month.refunds_margin for month in months.values()) == sum(refund.margin for refund in refunds)


def test_past_days_grow_for_a_while_and_are_settled_after_30_days() -> None:
    market = small()
    since, until = date(2025, 11, 10), date(2025, 11, 16)
    seen = []
    for after in (1, 4, 15, 31, 34, 60):
        as_of = datetime(2025, 11, 16, 6, tzinfo=UTC) + timedelta(days=after)
        seen.append([market.campaign_days(account, since, until, as_of) for account in advertising(market)])
    conversions = [sum(default(row)[0] for rows in accounts for row in rows) for accounts in seen]
    assert conversions[0] < conversions[1] < conversions[2] < conversions[3]
    assert seen[3] == seen[4] == seen[5]


def test_invalid_clicks_are_credited_to_google_days_and_never_to_meta_days() -> None:
    market = small()
    days = (date(2025, 11, 3), date(2025, 11, 30))
    for account in advertising(market):
        soon, late = (
            sum(row.spend_micros for row in market.campaign_days(account, *days, datetime(2025, 12, n, 6, tzinfo=UTC)))
            for n in (1, 8)
        )
        meta = account in {a.external_id for a in market.accounts if a.platform == "meta"}
        assert (late == soon) if meta else (0.9 * soon < late < soon)


def test_today_is_partial_and_nothing_is_shown_of_the_future() -> None:
    market = small()
    for account in advertising(market):
        morning, noon = (market.campaign_days(account, START, FAR, datetime(2026, 1, 14, hour, tzinfo=UTC)) for hour in (9, 15))
        assert max(row.day for row in noon) == date(2026, 1, 14)
        today = [sum(row.spend_micros for row in rows if row.day == date(2026, 1, 14)) for rows in (morning, noon)]
        assert today[0] < today[1]
    orders = market.orders(BEGIN, SMALL_UNTIL + timedelta(days=9), SMALL_UNTIL)
    assert all(order.ordered_at <= SMALL_UNTIL for order in orders)


def test_refunds_never_come_before_their_order_nor_exceed_it() -> None:
    market = small()
    orders = {order.order_id: order for order in market.orders(BEGIN, SMALL_UNTIL, SMALL_UNTIL)}
    refunds = market.refunds(BEGIN, SMALL_UNTIL, SMALL_UNTIL)
    assert refunds
    for refund in refunds:
        order = orders[refund.order_id]
        assert refund.refunded_at > order.ordered_at
        assert 0 < refund.gross <= order.gross


def test_the_items_of_an_order_add_up_to_it() -> None:
    market = small()
    for order in market.orders(BEGIN, SMALL_UNTIL, SMALL_UNTIL):
        assert sum(quantity * unit for _, _, quantity, unit in order.items) == order.gross
        assert abs(order.net - order.gross / Decimal("1.19")) < Decimal("0.01")


def test_an_order_after_an_ad_click_names_the_campaign_and_the_click() -> None:
    market = small()
    platform = {c.external_id: c.account_id for c in market.campaigns}
    meta = {account.external_id for account in market.accounts if account.platform == "meta"}
    tagged = [order for order in market.orders(BEGIN, SMALL_UNTIL, SMALL_UNTIL) if order.utm_id]
    assert tagged
    for order in tagged:
        assert order.utm_campaign == order.utm_campaign.lower() != ""
        assert bool(order.fbclid) == (platform[order.utm_id] in meta) != bool(order.gclid)


def test_visits_lead_to_every_order_and_agree_with_the_sessions_of_the_day() -> None:
    market = small()
    since, until = datetime(2025, 11, 30, 23, tzinfo=UTC), datetime(2025, 12, 3, 23, tzinfo=UTC)  # days in Berlin
    visits = list(market.visits(since, until))
    placed = {visit.order_id for visit in visits if visit.order_id}
    ordered = {order.order_id for order in market.orders(since + timedelta(hours=1), until, SMALL_UNTIL)}
    assert ordered <= placed
    rows = market.sessions(market.accounts[-1].external_id, date(2025, 12, 1), date(2025, 12, 3), SMALL_UNTIL)
    assert sum(row.sessions for row in rows) == sum(visit.consent for visit in visits)
    assert sum(row.engaged_sessions for row in rows) == sum(visit.consent and visit.engaged for visit in visits)


def test_a_campaign_is_renamed_one_paused_and_one_removed_during_the_year() -> None:
    market = year()
    before, after = (
        {entity.external_id: entity for account in advertising(market) for entity in market.entities(account, as_of)}
        for as_of in (datetime(2025, 12, 20, tzinfo=UTC), YEAR_UNTIL)
    )
    campaigns = [key for key, entity in before.items() if entity.level == "campaign"]
    assert any(before[key].name != after[key].name for key in campaigns)
    assert {"paused", "removed"} <= {after[key].status for key in campaigns if before[key].status == "enabled"}
    assert before.keys() < after.keys()


def test_key_figures_of_a_year_are_those_of_a_plausible_shop() -> None:
    market = year()
    figures = figures_by_channel(market)
    spend = sum(f.spend for f in figures.values())
    orders = market.orders(BEGIN, YEAR_UNTIL, YEAR_UNTIL)
    refunded = sum(refund.gross for refund in market.refunds(BEGIN, YEAR_UNTIL, YEAR_UNTIL))
    assert 500_000 < spend * 12 / 13 < 750_000
    assert 3 < float(sum(order.net for order in orders)) / spend < 5
    assert 0.05 < refunded / sum(order.gross for order in orders) < 0.11
    assert 0.35 < sum(order.new_customer for order in orders) / len(orders) < 0.65
    roas = {name: f.value / f.spend for name, f in figures.items()}
    assert roas["brand"] > 3 * roas["generic"] > 4 * roas["display"]
    assert 0.1 < figures["display"].spend / figures["generic"].spend < 0.4
    for name, low, high in (("brand", 0.2, 0.6), ("generic", 0.6, 1.3), ("shopping", 0.3, 0.8), ("social", 0.4, 1.1)):
        assert low < figures[name].spend / figures[name].clicks < high
    for name, low, high in (("brand", 0.03, 0.09), ("generic", 0.01, 0.04), ("display", 0.002, 0.012)):
        assert low < figures[name].conversions / figures[name].clicks < high


@dataclass
class Figures:
    """Sums of a kind of campaign in EUR."""

    clicks: int = 0
    spend: float = 0
    conversions: float = 0
    value: float = 0


def figures_by_channel(market: Market) -> dict[str, Figures]:
    figures: dict[str, Figures] = defaultdict(Figures)
    campaigns = {campaign.external_id: campaign for campaign in market.campaigns}
    for account in market.accounts[1:5]:
        for row in market.campaign_days(account.external_id, START, FAR, YEAR_UNTIL):
            campaign = campaigns[row.campaign_id]
            kind = "brand" if "SEA_Brand" in campaign.name else campaign.channel
            mine = figures[{"paid_search": "generic", "paid_social": "social"}.get(kind, kind)]
            rate = eur_rate(account.currency, row.day) * 100  # ten-thousandths, times 100: from micros to EUR
            conversions, value = default(row)
            mine.clicks += row.clicks
            mine.spend += row.spend_micros / rate
            mine.conversions += conversions / 1e6
            mine.value += value / rate
    return figures


def test_platforms_claim_more_than_their_ads_caused_and_some_orders_twice() -> None:
    market = year()
    figures = figures_by_channel(market)
    caused = sum(row.orders for row in market.incremental(START, YEAR_UNTIL.date()))
    assert sum(f.conversions for f in figures.values()) > 1.5 * caused
    claims = market.simulation.claims
    google = {int(order) for order in claims["order"][claims["kind"] == 0]}
    meta = {int(order) for order in claims["order"][claims["kind"] >= 2]}
    assert len(google & meta) > 0.1 * len(google)


def test_spend_has_diminishing_returns() -> None:
    pace = np.array([0.5, 1.0, 2.0, 4.0])
    assert np.all(np.diff(response(pace)) > 0)
    assert np.all(np.diff(response(pace) / pace) < 0)
    assert response(np.array([1.0]))[0] == pytest.approx(1)
    market = year()
    effect = {(row.campaign_id, row.day): row.orders for row in market.incremental(START, YEAR_UNTIL.date())}
    shares: dict[bool, list[float]] = {True: [0, 0], False: [0, 0]}
    for campaign in (c for c in market.campaigns if c.end is None and c.channel in {"shopping", "paid_search"}):
        rows = market.campaign_days(campaign.account_id, START, FAR, YEAR_UNTIL)
        spends = {row.day: row.spend_micros for row in rows if row.campaign_id == campaign.external_id}
        middle = sorted(spends.values())[len(spends) // 2]
        for day, spend in spends.items():
            shares[spend > middle][0] += effect.get((campaign.external_id, day), 0)
            shares[spend > middle][1] += spend / middle
    high, low = (orders / spent for orders, spent in (shares[True], shares[False]))
    assert high < 0.95 * low
