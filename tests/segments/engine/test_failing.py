"""A rule that cannot be answered in time stops itself only."""

from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction

from segments.engine import judging
from segments.models import Flag
from tests.segments.engine.town import Town, viewed

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rule_that_is_too_slow_stops_itself_only(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its table is locked by somebody else, so its question ends by the timeout."""
    lookers = town.segment(viewed(1), "Lookers")
    rule = {"version": 1, "where": {"kind": "rfm", "groups": ["champions"], "member": False}}
    slow = town.segment(rule, "Slow")
    town.happens("anna")
    monkeypatch.setattr(judging, "SECONDS", 1)
    locked, over = Event(), Event()

    def lock() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE segments_rfmscore IN ACCESS EXCLUSIVE MODE")
            locked.set()
            over.wait(30)
        connections.close_all()

    thread = Thread(target=lock)
    thread.start()
    assert locked.wait(10)
    town.settle()
    over.set()
    thread.join()
    assert town.members(lookers) == {town.person("anna")}
    slow.refresh_from_db()
    assert slow.state == "paused"
    assert "57014" in Flag.objects.get(segment=slow).figures["error"]


def test_trouble_of_the_database_stops_no_rule(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nothing can be answered in time, no rule is at fault."""
    segments = [town.segment(viewed(times), f"Lookers {times}") for times in (1, 2)]
    town.happens("anna")
    monkeypatch.setattr(judging, "SECONDS", 0.5)
    locked, over = Event(), Event()

    def lock() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE tracking_profile IN ACCESS EXCLUSIVE MODE")
            locked.set()
            over.wait(30)
        connections.close_all()

    thread = Thread(target=lock)
    thread.start()
    assert locked.wait(10)
    from segments.engine import running

    assert running.run_once() == 0
    over.set()
    thread.join()
    for segment in segments:
        segment.refresh_from_db()
        assert segment.state == "live"
    town.settle()
    assert town.members(segments[0]) == {town.person("anna")}
