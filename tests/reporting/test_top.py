"""An answer that the database sorts and cuts is the beginning of the whole answer."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from channels.models import FxRate
from mops.lib.period import Period
from reporting.query import Query, run
from reporting.scope import accounts_of, scope_of
from reporting.top import can_cut
from tests.reporting import builders as sample
from workspaces.models import Workspace

FIRST = date(2026, 1, 1)
ACCOUNTS = (("google_ads", "EUR"), ("meta", "EUR"), ("meta", "USD"), ("google_ads", "CHF"), ("ga4", "EUR"))
METRICS = ("spend", "clicks", "cpc", "roas", "conversions", "sessions", "bounce_rate", "key_events")
PERIODS = st.tuples(st.integers(0, 40), st.integers(1, 50)).map(
    lambda pair: Period(FIRST + timedelta(pair[0]), FIRST + timedelta(pair[0] + pair[1]))
)
QUESTIONS = st.fixed_dictionaries({
    "dimensions": st.sampled_from([("campaign",), ("account",), ("channel", "campaign"), ("account", "month")]),
    "order_by": st.sampled_from([sign + metric for sign in ("", "-") for metric in METRICS]),
    "attribution_window": st.sampled_from(["default", "7d_click"]),
    "filters": st.sampled_from([{}, {"platform": ["meta"]}, {"platform": ["ga4"]}, {"channel": ["video"]}]),
    "as_of": st.sampled_from([None, sample.PULLED, sample.PULLED - timedelta(days=1)]),
    "limit": st.integers(1, 6),
})  # fmt: skip


def a_shop() -> Workspace:
    """Three campaigns in each account, some alike, some without clicks; dollars have a rate for thirty days, francs have none."""
    shop = sample.workspace()
    accounts = [sample.account(shop, platform, currency=currency) for platform, currency in ACCOUNTS]
    campaigns = [sample.campaign(account, channel) for account in accounts for channel in ("display", "video", "shopping")]
    FxRate.objects.bulk_create(FxRate(currency="USD", day=FIRST + timedelta(day), rate=Decimal("1.25")) for day in range(30))
    rows = [
        {"campaign": campaign, "day": FIRST + timedelta(day), "attribution_window": window, "conversions": (number + day) % 4,
         "conversions_value": Decimal(number % 5) / 3}
        | ({"clicks": number % 3 * day, "spend": Decimal(number % 4 * (1 + number // 6)) / 7, "sessions": number % 2 * 5}
           if window == "default" else {})
        for number, campaign in enumerate(campaigns) for day in range(number % 3, 45, 3 + number % 5)
        for window in ("default", "7d_click")
    ]  # fmt: skip
    sample.facts(rows)
    return shop


class TopTests(TestCase):
    shop: Workspace

    @classmethod
    def setUpTestData(cls) -> None:
        cls.shop = a_shop()

    @settings(max_examples=60, deadline=None)
    @given(period=PERIODS, question=QUESTIONS)
    def test_the_first_rows_and_all_totals_are_those_of_the_whole_answer(self, period: Period, question: dict[str, Any]) -> None:
        query = Query(self.shop, period, METRICS, **question)
        whole, cut = run(replace(query, limit=None)), run(query)
        assert can_cut(query, scope_of(query, period, accounts_of(self.shop, query.filters)))
        assert cut.rows == whole.rows[: query.limit]
        assert (cut.totals, cut.row_count, cut.notes) == (whole.totals, whole.row_count, whole.notes)
