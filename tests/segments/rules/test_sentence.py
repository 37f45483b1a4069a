"""Rules in words."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given

from segments.rules.grammar import AnyOf, ConsentRule, Not, OrderRule, Rule
from segments.rules.parsing import parse
from segments.rules.sentence import Names, sentence
from segments.rules.templates import TEMPLATES, Template
from tests.segments.ruling import RULES

SAID = {
    "last_purchase": ("People who ordered for the last time more than 30 days ago.",
                      "Personen, die zuletzt vor mehr als 30 Tagen bestellt haben."),
    "frequent_visits": ("People who visited at least 3 times in the last 7 days.",
                        "Personen, die in den letzten 7 Tagen mindestens 3-mal zu Besuch waren."),
    "newsletter_reader": ("People who did something of the kind “E-mail opened” at least 3 times in the last 30 days.",
                          "Personen, die in den letzten 30 Tagen mindestens 3-mal etwas der Art „E-Mail geöffnet“ getan haben."),
    "new_lead": ("People who did something of the kind “Lead” in the last 7 days and did not order.",
                 "Personen, die in den letzten 7 Tagen etwas der Art „Lead“ getan haben und nicht bestellt haben."),
}  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.key)
def test_it_says_every_template_in_both_languages(template: Template) -> None:
    rule = parse(template.rule)
    with translation.override("en"):
        english = sentence(rule)
    with translation.override("de"):
        german = sentence(rule)
    assert english.startswith("People who ")
    assert german.startswith("Personen, die ")
    if template.key in SAID:
        assert (english, german) == SAID[template.key]


@given(rule=RULES)
def test_it_says_every_rule_without_gaps(rule: Rule) -> None:
    for language in ("en", "de"):
        with translation.override(language):
            said = sentence(rule)
        assert said.endswith(".")
        assert "  " not in said
        assert "%(" not in said


def test_it_denies_each_condition_instead_of_the_group() -> None:
    bought = OrderRule((), "count", "gte", Decimal(1), None)
    rule = Rule(Not(AnyOf((bought, ConsentRule("email", "granted")))))
    with translation.override("en"):
        assert (
            sentence(rule, Names(purposes={"email": "Newsletter"})) == "People who did not order and did not agree to “Newsletter”."
        )


def test_it_calls_things_by_their_names() -> None:
    leaf: dict[str, Any] = {"kind": "segment", "segment": 7, "member": False}
    with translation.override("en"):
        said = sentence(parse({"version": 1, "where": leaf}), Names(segments={7: "Regulars (sample)"}))
    assert said == "People who are not in “Regulars (sample)”."
