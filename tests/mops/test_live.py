"""The live process takes events in and moves members by itself, ends when asked, and outlives a lost connection."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest
from django.db import connection, connections

from mops import health, live
from segments.models import Touched
from tests.segments.engine.town import Town, viewed
from tests.tracking.sending import send
from tracking import partitions
from tracking.models import Event
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def running(sign: Path) -> Iterator[None]:
    over = Flag()
    thread = Thread(target=lambda: (live.loop(over, sign), connections.close_all()))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(20)
    assert not thread.is_alive()


def wait_until(holds: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.02)
    return bool(holds())  # type: ignore[operator]


def test_an_event_becomes_a_membership_by_itself(workspace: Workspace, tmp_path: Path) -> None:
    partitions.ensure_ahead()
    town = Town(workspace)
    lookers = town.segment(viewed(1))
    with running(tmp_path / "live"):
        said = {"type": "track", "event": "Product Viewed", "userId": "anna", "messageId": "m-1"}
        assert send(town.source, "track", said).status_code == 200
        assert wait_until(lambda: town.members(lookers) == {town.person("anna")} if Event.objects.filter(state="stored") else False)
        assert wait_until(lambda: not Touched.objects.exists())


def test_it_goes_on_after_its_connection_was_cut(workspace: Workspace, tmp_path: Path) -> None:
    partitions.ensure_ahead()
    town = Town(workspace)
    lookers = town.segment(viewed(1))
    named = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
    with running(tmp_path / "live"):
        with connection.cursor() as cursor:
            assert wait_until(lambda: bool(cursor.execute(named, [live.NAME]) or cursor.fetchall()))
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM ({named}) AS them", [live.NAME])
        said = {"type": "track", "event": "Product Viewed", "userId": "anna", "messageId": "m-1"}
        assert send(town.source, "track", said).status_code == 200
        assert wait_until(lambda: len(town.members(lookers)) == 1)


def test_it_gives_signs_of_life(tmp_path: Path) -> None:
    with running(tmp_path / "live"):
        assert wait_until(lambda: health.live_silence(tmp_path) is not None)
    assert (health.live_silence(tmp_path) or 0) < health.LIVE_SILENCE
    os.utime(tmp_path / "live", (1, 1))
    assert (health.live_silence(tmp_path) or 0) > health.LIVE_SILENCE
