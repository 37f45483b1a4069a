"""The short form of `python -m tests.chaos.segments`: the live process is killed again and again while events come in."""

import time
from pathlib import Path
from typing import Any

import pytest

from mops.demo import processes
from tests.chaos import segments as chaos
from tests.chaos.standalone import Program, database_of_the_test
from tests.tracking.sending import send

KILLS, RATE = 3, 100

pytestmark = pytest.mark.django_db(transaction=True)


def test_killed_processes_leave_members_as_a_fresh_evaluation_finds_them(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database_of_the_test(), "MOPS_HOME": str(tmp_path)}
    workspace, source, _probed = chaos.create()
    live = Program(tmp_path, settings, processes.live())
    live.start()
    storm = chaos.Storm(live, [], lambda: None, seed=1)

    def post(batch: list[dict[str, Any]]) -> bool:
        return bool(send(source, "batch", {"batch": batch}).status_code == 200)

    sender = chaos.Sender(post, RATE, seed=1)
    try:
        sender.start()
        storm.rage(KILLS, crashes=0)
        time.sleep(1)
        sender.over.set()
        sender.join()
        chaos.settle()
    finally:
        live.stop()
    wrong, size = chaos.differences(workspace)
    assert wrong == 0
    assert size > 100
    assert sender.sent > 100
