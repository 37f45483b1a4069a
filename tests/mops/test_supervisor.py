"""The demo's children: restarted when they die, gone when it ends, whichever way it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from mops.demo.environment import MARK
from mops.demo.processes import Process
from mops.demo.supervisor import Program, Supervisor, end_leftovers

# A parent with a child of its own, like a Celery worker with its pool.
SLEEP = "import time; time.sleep(99)"
FAMILY = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', '{SLEEP}']); time.sleep(99)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"


def program(home: Path, code: str, name: str = "family", stop_seconds: float = 5) -> Program:
    return Program(Process(name, ("-c", code), stop_seconds=stop_seconds), home, os.environ | {MARK: str(home)})


def marked(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def test_a_killed_program_is_started_again_with_one_line_of_notice(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    family = program(tmp_path, FAMILY)
    supervisor.add(family)
    assert family.child
    assert eventually(lambda: len(marked(tmp_path)) == 2)
    first = family.child.pid

    os.kill(first, signal.SIGKILL)
    assert eventually(lambda: not family.alive())
    supervisor.watch()

    assert family.alive()
    assert family.child.pid != first
    assert [line.split(";")[0] for line in said] == ["family stopped unexpectedly"]
    assert eventually(lambda: len(marked(tmp_path)) == 2), "the killed parent's own child must not stay"
    supervisor.stop()
    assert eventually(lambda: marked(tmp_path) == [])


def test_a_program_that_dies_at_once_is_not_started_in_a_tight_loop(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(tmp_path, said.append)
    supervisor.add(program(tmp_path, "raise SystemExit(1)"))

    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        supervisor.watch()
        time.sleep(0.02)

    assert 1 <= len(said) <= 3
    supervisor.stop()


def test_stop_ends_also_what_ignores_the_signal(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path, print)
    supervisor.add(program(tmp_path, STUBBORN, "stubborn", stop_seconds=0.5))
    assert eventually(lambda: "up" in (tmp_path / "log" / "stubborn.log").read_text())

    supervisor.stop()

    assert marked(tmp_path) == []


@pytest.mark.skipif(sys.platform != "linux", reason="parent death signals are a Linux feature")
def test_children_end_when_the_demo_itself_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, time; from mops.demo.processes import Process; from mops.demo.supervisor import *;"
        "home = pathlib.Path(sys.argv[1]); s = Supervisor(home, print);"
        f"s.add(Program(Process('sleeper', ('-c', '{SLEEP}')), home, os.environ | {{MARK: str(home)}}));"
        "print('up', flush=True); time.sleep(99)"
    )
    demo = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert demo.stdout
    assert demo.stdout.readline() == b"up\n"
    demo.kill()
    demo.wait()
    demo.stdout.close()

    assert eventually(lambda: marked(tmp_path) == [])


def test_a_new_demo_ends_what_a_killed_one_left(tmp_path: Path) -> None:
    environment = os.environ | {MARK: str(tmp_path)}
    subprocess.Popen([sys.executable, "-c", SLEEP], env=environment)
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP])
    try:
        assert eventually(lambda: len(marked(tmp_path)) == 1)
        assert end_leftovers(tmp_path) == 1
        assert eventually(lambda: marked(tmp_path) == [])
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
