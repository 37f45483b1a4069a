"""The builder's rows and the rule language say the same, in both directions, and edits can be undone."""

import json
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from segments.pages import draft as drafts
from segments.pages import posted, rows
from segments.pages.draft import Block, Draft
from segments.pages.fields import NESTED
from segments.pages.posted import Builder, act
from segments.pages.rows import Row
from segments.rules.parsing import dump, parse

TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\0,", exclude_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]),
    min_size=1,
    max_size=20,
)
DAYS = st.integers(1, 3000)
NUMBER = st.integers(-(10**9), 10**9) | st.decimals(-1000, 1000, places=2).map(str)
WINDOW = st.one_of(
    st.none(), st.fixed_dictionaries({"days": DAYS}), st.fixed_dictionaries({"hours": DAYS}),
    st.integers(0, 1000).map(lambda days: {"from_days": days + 30, "to_days": days}),
    st.dates().map(lambda day: {"since": day.isoformat()}),
)  # fmt: skip
COMPARE = st.sampled_from(["lt", "lte", "eq", "gte", "gt"])
FILTER = st.one_of(
    st.fixed_dictionaries({"property": TEXT.filter(lambda text: "." not in text), "operator": st.sampled_from(["is", "contains"]), "value": TEXT}),  # noqa: E501
    st.fixed_dictionaries({"property": st.just("total"), "operator": st.sampled_from(["gt", "lte"]), "value": NUMBER}),
    st.fixed_dictionaries({"property": st.just("a.*.b"), "operator": st.just("one_of"),
                           "value": st.lists(TEXT, min_size=1, max_size=3)}),
    st.just({"property": "coupon", "operator": "exists"}),
)  # fmt: skip
EVENT = st.one_of(
    st.fixed_dictionaries({"type": st.just("track"), "name": TEXT}),
    st.sampled_from([{"type": "page"}, {"type": "screen", "name": "Start"}, {"type": "any"}, {"type": "kind", "name": "cart"}]),
)
LEAF = st.one_of(
    st.fixed_dictionaries({
        "kind": st.just("event"), "event": EVENT, "where": st.lists(FILTER, max_size=3), "operator": COMPARE, "value": NUMBER,
        "measure": st.sampled_from(["count", "days", "visits"]), "window": WINDOW}),
    st.fixed_dictionaries({
        "kind": st.just("event"), "event": EVENT, "measure": st.sampled_from(["sum", "distinct"]), "property": st.just("total"),
        "operator": COMPARE, "value": NUMBER, "window": WINDOW}),
    st.fixed_dictionaries({
        "kind": st.just("event"), "event": EVENT, "measure": st.sampled_from(["first", "last"]),
        "operator": st.sampled_from(["older_than", "within"]), "value": DAYS}),
    st.fixed_dictionaries({
        "kind": st.just("order"), "measure": st.sampled_from(["count", "revenue", "average", "margin", "return_rate"]),
        "operator": COMPARE, "value": NUMBER, "window": WINDOW}),
    st.fixed_dictionaries({"kind": st.just("trait"), "name": st.sampled_from(["plan", "country"]),
                           "operator": st.sampled_from(["is", "starts_with"]), "value": TEXT}),
    st.fixed_dictionaries({"kind": st.just("trait"), "name": st.sampled_from(["email", "city"]), "operator": st.just("one_of"),
                           "value": st.lists(TEXT, min_size=1, max_size=4)}),
    st.sampled_from([
        {"kind": "trait", "name": "logins", "operator": "gte", "value": 3},
        {"kind": "trait", "name": "tier", "operator": "missing"},
        {"kind": "trait", "name": "created_at", "operator": "older_than", "value": 30},
        {"kind": "consent", "purpose": "email", "state": "missing"}, {"kind": "segment", "segment": 7, "member": False},
        {"kind": "rfm", "groups": ["champions", "lost"], "member": True}, {"kind": "share", "percent": 12.5, "salt": "spring"},
        {"kind": "person", "fact": "last_seen", "operator": "older_than", "value": 9},
        {"kind": "person", "fact": "has_phone", "value": False},
    ]),
    st.fixed_dictionaries({"kind": st.just("touch"), "which": st.sampled_from(["first", "last"]), "operator": st.just("one_of"),
                           "dimension": st.sampled_from(["channel", "campaign"]), "value": st.lists(TEXT, min_size=1, max_size=3)}),
)  # fmt: skip
NODE: st.SearchStrategy[dict[str, Any]] = st.recursive(LEAF, lambda inner: st.one_of(
    st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"not": inner}),
), max_leaves=8)  # fmt: skip


def plain(where: dict[str, Any]) -> dict[str, Any]:
    return dump(parse({"version": 1, "where": where}))


def flat(node: Any) -> Any:
    """Groups of one are what is in them: "all of A" is A."""
    for name in ("all", "any"):
        if name in node:
            inner = [flat(one) for one in node[name]]
            return inner[0] if len(inner) == 1 else {name: inner}
    return {"not": flat(node["not"])} if "not" in node else node


@given(NODE)
def test_every_rule_comes_back_from_the_builder_as_it_was(where: dict[str, Any]) -> None:
    rule = plain(where)
    shown = drafts.draft(rule)
    assert flat(plain(drafts.rule(shown).data["where"])["where"]) == flat(rule["where"])


@given(NODE)
def test_a_draft_survives_the_stack_of_edits(where: dict[str, Any]) -> None:
    shown = drafts.draft(plain(where))
    assert drafts.loaded(json.loads(json.dumps(shown.dumped()))).meaning() == shown.meaning()


@given(LEAF)
def test_every_plain_condition_has_inputs(leaf: dict[str, Any]) -> None:
    shown = plain(leaf)["where"]
    assert rows.from_leaf(shown).field != NESTED


def test_what_is_deeper_than_rows_is_shown_whole_and_kept() -> None:
    leaf = {"kind": "consent", "purpose": "email", "state": "granted"}
    deep = {"any": [{"all": [leaf, {"not": leaf}]}, leaf]}
    shown = drafts.draft(plain({"all": [deep]}))
    assert [row.field for row in shown.blocks[0].rows] == [NESTED, "consent"]
    assert drafts.rule(shown).data["where"]["all"] == [deep]


def test_a_problem_is_told_at_its_row() -> None:
    good, bad = Row("person.has_email"), Row("order.count", {"value": "many"})
    read = drafts.rule(Draft((Block((Row(), good)), Block((bad, good), excludes=True))))
    assert read.place("/where/all/0") == (0, 1)
    assert read.place("/where/all/1/not/any/0/value") == (1, 0)
    assert read.place("/version") is None


def form(draft: Draft, **changed: str) -> QueryDict:
    """What the page would post: the state and the inputs of the first row, some of them changed."""
    post = QueryDict(mutable=True)
    post["state"] = Builder(draft).state()
    for block, one in enumerate(draft.blocks):
        post[f"b{block}.excludes"] = "1" if one.excludes else ""
        for place, row in enumerate(one.rows):
            post[f"b{block}r{place}.field"] = row.field
            for name, text in row.texts.items():
                post[f"b{block}r{place}.{name}"] = text
            post.setlist(f"b{block}r{place}.values", list(row.values))
    for name, text in changed.items():
        post[name.replace("__", ".")] = text
    return post


ORDERS = Draft((Block((Row("order.count", {"operator": "gte", "value": "2"}),)),))


def test_typing_is_a_step_that_can_be_undone_and_redone() -> None:
    typed = posted.read(form(ORDERS, b0r0__value="5"))
    assert typed.draft.blocks[0].rows[0].text("value") == "5"
    undone = act(typed, "undo")
    assert undone.draft == ORDERS
    assert act(undone, "redo").draft.meaning() == typed.draft.meaning()


def test_posting_without_a_change_is_no_step() -> None:
    assert posted.read(form(ORDERS, b0r0__window="")).undo == ()


@pytest.mark.parametrize(
    ("action", "counts"),
    [
        ("add-row:0", [2]), ("add-block", [1, 1]), ("copy-row:0:0", [2]), ("copy-block:0", [1, 1]), ("remove-row:0:0", [1]),
        ("remove-block:0", [1]), ("add-exclusion", [1, 1]), ("remove-row:7:7", [1]), ("add-row", [1]), ("format-disk:0", [1]),
    ],
)  # fmt: skip
def test_buttons_change_blocks_and_rows(action: str, counts: list[int]) -> None:
    assert [len(block.rows) for block in act(Builder(ORDERS), action).draft.blocks] == counts


def test_a_filter_can_be_added_and_removed() -> None:
    builder = act(act(Builder(ORDERS), "add-filter:0:0"), "add-filter:0:0")
    assert len(builder.draft.blocks[0].rows[0].filters) == 2
    assert len(act(builder, "remove-filter:0:0:1").draft.blocks[0].rows[0].filters) == 1


def test_a_block_can_exclude() -> None:
    rule = drafts.rule(act(Builder(ORDERS), "toggle:0").draft)
    assert "not" in rule.data["where"]["all"][0]


@pytest.mark.parametrize(
    "state", ["", "[]", "null", "[[],[],[]]", '[[[1,2]],"x",{}]', "[" * 100_000, '[[[true,[["event",1,2,3,4]]]],[],[]]']
)
def test_a_state_somebody_made_up_is_an_empty_rule(state: str) -> None:
    post = QueryDict(mutable=True)
    post["state"] = state
    assert drafts.rule(posted.read(post).draft).places == {}


def test_the_stack_forgets_the_oldest_edits_before_it_gets_heavy() -> None:
    builder = Builder(Draft((Block(tuple(Row("trait", {"name": "plan", "value": "x" * 200}) for _ in range(90))),)))
    for number in range(60):
        builder = builder.edited(Draft((*builder.draft.blocks, Block((Row("order.count", {"value": str(number)}),)))))
    assert len(builder.undo) <= posted.MOST_EDITS
    assert len(builder.state()) <= posted.HEAVIEST
