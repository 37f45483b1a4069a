"""RFM quintiles against a plain Python evaluator, months, and who moved."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.models import FxRate
from segments.models import RfmScore
from segments.rfm import groups, reading, scoring
from tests.tracking.rows import order, refund
from tracking import orders, refunds
from tracking.models import Customer, Profile
from workspaces.models import Workspace

OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
START = datetime(2025, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def workspace(db: None) -> Workspace:
    FxRate.objects.bulk_create(FxRate(currency="EUR", day=date(2024, 1, 1) + timedelta(n), rate=1) for n in range(1100))
    FxRate.objects.bulk_create(FxRate(currency="USD", day=date(2024, 1, 1) + timedelta(n), rate=2) for n in range(1100))
    return Workspace.objects.create(name="Nordlicht Outdoor (sample)", slug="nordlicht")


def buyer(workspace: Workspace, name: str, *bought: tuple[int, int]) -> int:
    """Somebody with orders: days after START, net amount."""
    rows = [
        order(f"{name}-{n}", customer_key=name, ordered_at=START + timedelta(days), net=Decimal(net), gross=Decimal(net))
        for n, (days, net) in enumerate(bought)
    ]
    orders.store(workspace, rows, "api")
    person = Profile.objects.create(workspace=workspace, first_seen=START, last_seen=START)
    Customer.objects.filter(workspace=workspace, key=name).update(profile=person)
    return person.pk


def scores(month: date = OCTOBER) -> dict[int, tuple[int, int, int]]:
    rows = RfmScore.objects.filter(month=month).values_list("profile_id", "recency", "frequency", "monetary")
    return {row[0]: row[1:] for row in rows}


def quintile(value: object, values: list[object]) -> int:
    below = sum(other < value for other in values)  # type: ignore[operator]
    return min(5, 1 + (5 * below) // (len(values) - 1)) if len(values) > 1 else 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 400)), min_size=1, max_size=4), min_size=1, max_size=12))
def test_quintiles_are_those_of_a_plain_count(workspace: Workspace, people: list[list[tuple[int, int]]]) -> None:
    for model in (RfmScore, Customer, Profile):
        model.objects.all().delete()
    who = {buyer(workspace, f"c{n}", *bought): bought for n, bought in enumerate(people)}
    scoring.score(workspace, OCTOBER)
    facts = {id_: (max(day for day, _ in b), len(b), sum(net for _, net in b)) for id_, b in who.items()}
    wanted = {
        id_: tuple(quintile(fact[place], [other[place] for other in facts.values()]) for place in range(3))
        for id_, fact in facts.items()
    }
    assert scores() == wanted


def test_every_triple_has_a_group() -> None:
    found = {groups.group_of(r, f, m) for r in range(1, 6) for f in range(1, 6) for m in range(1, 6)}
    assert found == set(groups.KEYS)


def test_money_is_net_of_refunds_and_in_the_workspaces_currency(workspace: Workspace) -> None:
    rich, poor = buyer(workspace, "rich", (0, 100)), buyer(workspace, "poor", (0, 90))
    orders.store(workspace, [order("poor-0", customer_key="poor", ordered_at=START, net=Decimal(300), gross=Decimal(300))], "api")
    refunds.store(workspace, [refund("r", "poor-0", net=Decimal(250), gross=Decimal(250), refunded_at=START + timedelta(1))])
    scoring.score(workspace, OCTOBER)
    assert scores()[rich][2] > scores()[poor][2]
    dollars = order("rich-0", customer_key="rich", ordered_at=START, net=Decimal(80), gross=Decimal(80), currency="USD")
    orders.store(workspace, [dollars], "api")
    scoring.score(workspace, OCTOBER)
    assert scores()[rich][2] < scores()[poor][2]


def test_a_month_knows_nothing_of_later_orders(workspace: Workspace) -> None:
    early, late = buyer(workspace, "early", (0, 10)), buyer(workspace, "late", (560, 10))
    scoring.score(workspace, SEPTEMBER)
    assert set(scores(SEPTEMBER)) == {early, late}
    scoring.score(workspace, date(2026, 8, 1))
    assert set(scores(date(2026, 8, 1))) == {early}


def test_a_buyer_without_an_order_in_24_months_is_none_any_more(workspace: Workspace) -> None:
    buyer(workspace, "c", (0, 10))
    assert scoring.score(workspace, date(2027, 1, 1)) == 1
    assert scoring.score(workspace, date(2027, 3, 1)) == 0


def test_scoring_again_changes_nothing(workspace: Workspace) -> None:
    for n in range(7):
        buyer(workspace, f"c{n}", (n, n))
    assert (scoring.score(workspace, OCTOBER), scoring.score(workspace, OCTOBER)) == (7, 0)


def test_the_matrix_adds_up_to_the_groups_of_both_months(workspace: Workspace) -> None:
    for n in range(20):
        buyer(workspace, f"c{n}", (n * 29, n), (n * 13, 50 - n))
    for month in (SEPTEMBER, date(2026, 6, 1)):
        scoring.score(workspace, month)
    moved = reading.moves(workspace, date(2026, 6, 1), SEPTEMBER)
    before, after = (
        Counter(dict(RfmScore.objects.filter(month=m).values_list("profile_id", "group")).values())
        for m in (date(2026, 6, 1), SEPTEMBER)
    )
    assert {row.key: row.people for row in moved.rows if row.people and row.key != reading.FRESH} == before
    columns = {key: sum(row.cells[place] for row in moved.rows) for place, key in enumerate(moved.columns)}
    assert {key: people for key, people in columns.items() if people and key != reading.GONE} == after
    assert sum(row.people for row in reading.by_group(workspace, SEPTEMBER, None)) == sum(after.values())
