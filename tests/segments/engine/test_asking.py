"""A question that is kept gives what a new one gives: for other people, later, and after what it is compiled from changed."""

from datetime import timedelta

import pytest
from django.db import connection

from mops.lib import clock
from segments.engine import asking
from segments.rules.grammar import Rule
from segments.rules.parsing import parse
from tests.segments.engine.town import Town, viewed
from workspaces.models import Workspace


def holds(workspace: Workspace, rule: Rule, *people: int, days: int = 0) -> set[int]:
    rows = asking.ask(workspace, {1: rule}, people, clock.now() + timedelta(days=days))
    return {profile_id for profile_id, segments, _due in rows if segments}


def kept() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE starts_with(name, 'segments')")
        return int(cursor.fetchone()[0])


def test_a_kept_question_is_asked_for_others_and_later(town: Town) -> None:
    town.does("anna", "ben")
    anna, ben, rule = town.person("anna"), town.person("ben"), parse(viewed(1, days=7))
    before = kept()
    assert holds(town.workspace, rule, anna) == {anna}
    assert holds(town.workspace, rule, anna, ben) == {anna, ben}
    assert holds(town.workspace, rule, ben, days=8) == set()
    assert kept() == before + 1


def test_another_time_zone_asks_anew(town: Town) -> None:
    rule = parse(viewed(1))
    holds(town.workspace, rule, 1)
    before = kept()
    town.workspace.time_zone = "Asia/Tokyo"
    holds(town.workspace, rule, 1)
    assert kept() == before + 1


def test_what_nobody_asked_for_longest_is_forgotten(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [parse(viewed(number)) for number in range(1, 5)]
    for rule in rules:
        holds(town.workspace, rule, 1)
    monkeypatch.setattr(asking, "KEPT", 0)
    holds(town.workspace, parse(viewed(9)), 1)
    assert kept() == 1
    assert [holds(town.workspace, rule, 1) for rule in rules] == [set()] * 4


def test_a_connection_that_forgot_is_told_again(town: Town) -> None:
    rule = parse(viewed(1))
    holds(town.workspace, rule, 1)
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    town.does("anna")
    assert holds(town.workspace, rule, town.person("anna")) == {town.person("anna")}
