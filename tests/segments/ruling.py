"""Rules of every kind for Hypothesis: few names and few values, so that rules and histories meet."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from segments.rules.grammar import (
    All,
    AnyOf,
    Between,
    ConsentRule,
    Dates,
    EventName,
    EventRule,
    Filter,
    Last,
    Node,
    Not,
    OrderRule,
    PersonRule,
    RfmRule,
    Rule,
    ShareRule,
    TouchRule,
    TraitRule,
)

WORDS = ("", "a", "b", "ab", "5", "sale", "50%", "O'Hare", "true")
NONBLANK = WORDS[1:]
NAMES = ("Product Viewed", "Product Added")
CHANNELS = ("email", "paid_search", "direct", "organic_social")
PLAIN_TRAITS = ("country", "plan", "logins", "created_at")
SEALED_TRAITS = ("city", "postal_code")
PURPOSES = ("email", "ads_audience:meta")
GROUPS = ("champions", "lost", "new")
WINDOWS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.sampled_from([Last(1, "days"), Last(7, "days"), Last(30, "days"), Last(1, "hours"), Last(48, "hours")]),
    st.sampled_from([Between(7, 2), Between(30, 7), Between(2, 0), Between(3, 1)]),
    st.sampled_from(
        [Dates(date(2026, 10, 1), None), Dates(None, date(2026, 10, 26)), Dates(date(2026, 10, 20), date(2026, 11, 3))]
    ),
)
COMPARISONS = st.sampled_from(["lt", "lte", "eq", "gte", "gt"])
SMALL = st.sampled_from([Decimal(n) for n in ("1", "2", "1", "2", "0", "3", "2.5", "-1")])
DAYS = st.sampled_from([0, 1, 2, 7, 30, 31])
WORD = st.sampled_from(NONBLANK)
WORD_LIST = st.lists(WORD, min_size=1, max_size=3, unique=True).map(tuple)
EVENTS = st.one_of(
    st.sampled_from(NAMES).map(lambda name: EventName("track", name)),
    st.sampled_from([EventName("page", ""), EventName("page", "Home"), EventName("any", ""), EventName("any", "")]),
    st.sampled_from([EventName("kind", "cart"), EventName("kind", "page")]),
)
NUMBERS = st.sampled_from(["0", "2", "2.5", "50"])
PATHS = ("sku", "total", "products.0.sku", "products.*.sku", "products.*.price", "context.page.path", "tags.*", "nothing")


def texts(operators: str) -> st.SearchStrategy[tuple[str, Any]]:
    """Pairs of operator and value."""
    one = st.tuples(st.sampled_from(operators.split()), WORD)
    return st.one_of(one, st.tuples(st.just("one_of"), WORD_LIST))


def filters(paths: tuple[str, ...] = PATHS) -> st.SearchStrategy[Filter]:
    pairs = st.one_of(
        texts("is is_not contains starts_with"),
        st.tuples(st.sampled_from(["exists", "missing"]), st.none()),
        st.tuples(st.sampled_from(["lt", "lte", "gt", "gte"]), NUMBERS),
    )
    return st.builds(lambda path, pair: Filter(path, *pair), st.sampled_from(paths), pairs)


NO_FILTERS: st.SearchStrategy[Any] = st.just(())
WHERE = st.one_of(NO_FILTERS, NO_FILTERS, st.lists(filters(), max_size=2).map(tuple))
SOME_ORDERS = st.lists(
    st.one_of(
        st.builds(lambda pair: Filter("channel", *pair), st.tuples(st.sampled_from(["is", "is_not"]), st.sampled_from(CHANNELS))),
        st.builds(lambda pair: Filter("campaign", *pair), texts("is contains starts_with")),
        st.builds(
            lambda name, op: Filter(name, op, None), st.sampled_from(["source", "medium"]), st.sampled_from(["exists", "missing"])
        ),
        st.builds(lambda op, value: Filter("value", op, value), st.sampled_from(["lt", "gte"]), NUMBERS),
    ),
    max_size=2,
).map(tuple)
EVENT_LEAVES = st.one_of(
    st.builds(lambda event, where, measure, op, value, window: EventRule(event, where, measure, "", op, value, window),
              EVENTS, WHERE, st.sampled_from(["count", "days", "visits"]), COMPARISONS, SMALL, WINDOWS),
    st.builds(lambda event, where, measure, of, op, value, window: EventRule(event, where, measure, of, op, value, window),
              EVENTS, WHERE, st.sampled_from(["sum", "distinct"]), st.sampled_from(["sku", "total"]), COMPARISONS, SMALL, WINDOWS),
    st.builds(lambda event, where, measure, op, days: EventRule(event, where, measure, "", op, Decimal(days), None),
              EVENTS, WHERE, st.sampled_from(["first", "last"]), st.sampled_from(["older_than", "within"]), DAYS),
)  # fmt: skip
ORDER_WHERE = st.one_of(NO_FILTERS, NO_FILTERS, SOME_ORDERS)
MONEY_MEASURES = ["revenue", "margin", "average", "return_rate"]
AMOUNTS = st.sampled_from([Decimal(n) for n in ("0", "1", "2", "10", "50", "99.5", "100", "150")])
ORDER_LEAVES = st.one_of(
    st.builds(OrderRule, ORDER_WHERE, st.just("count"), COMPARISONS, SMALL, WINDOWS),
    st.builds(OrderRule, ORDER_WHERE, st.sampled_from(MONEY_MEASURES), COMPARISONS, AMOUNTS, WINDOWS),
    st.builds(lambda where, measure, op, days: OrderRule(where, measure, op, Decimal(days), None),
              ORDER_WHERE, st.sampled_from(["first", "last"]), st.sampled_from(["older_than", "within"]), DAYS),
)  # fmt: skip
TRAIT_LEAVES = st.one_of(
    st.builds(lambda name, pair: TraitRule(name, *pair), st.sampled_from(PLAIN_TRAITS), texts("is is_not contains starts_with")),
    st.builds(lambda name, pair: TraitRule(name, *pair), st.sampled_from(SEALED_TRAITS), texts("is is_not")),
    st.builds(lambda name, op: TraitRule(name, op, None), st.sampled_from(PLAIN_TRAITS + SEALED_TRAITS),
              st.sampled_from(["exists", "missing"])),
    st.builds(TraitRule, st.sampled_from(PLAIN_TRAITS), st.sampled_from(["lt", "lte", "gt", "gte"]), SMALL),
    st.builds(TraitRule, st.sampled_from(PLAIN_TRAITS), st.sampled_from(["older_than", "newer_than"]), DAYS),
)  # fmt: skip
TOUCH_LEAVES = st.builds(
    lambda which, dimension, pair: TouchRule(which, dimension, *pair),
    st.sampled_from(["first", "last"]),
    st.sampled_from(["channel", "campaign", "source", "medium"]),
    st.one_of(texts("is is_not contains"), st.tuples(st.sampled_from(["is", "is_not"]), st.sampled_from(CHANNELS))),
)
OTHER_LEAVES = st.one_of(
    st.builds(ConsentRule, st.sampled_from(PURPOSES), st.sampled_from(["granted", "missing"])),
    st.builds(RfmRule, st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2, unique=True).map(tuple), st.booleans()),
    st.builds(ShareRule, st.sampled_from([Decimal(0), Decimal("12.5"), Decimal(50), Decimal(100)]), st.sampled_from(["x", "O'H"])),
    st.builds(
        PersonRule, st.sampled_from(["first_seen", "last_seen", "created"]), st.sampled_from(["older_than", "newer_than"]), DAYS
    ),
    st.builds(PersonRule, st.sampled_from(["has_email", "has_phone", "is_known"]), st.just("is"), st.booleans()),
)
LEAVES = st.one_of(EVENT_LEAVES, ORDER_LEAVES, TRAIT_LEAVES, TOUCH_LEAVES, OTHER_LEAVES)


def _groups(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    nodes = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(st.builds(All, nodes), st.builds(AnyOf, nodes), st.builds(Not, inner))


NODES: st.SearchStrategy[Node] = st.recursive(LEAVES, _groups, max_leaves=8)
RULES = st.builds(Rule, NODES)
