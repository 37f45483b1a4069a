"""Keeps a set of programs running: starts them, restarts what died with one line of notice, stops all."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil

from mops import embedded
from mops.demo.environment import MARK
from mops.demo.processes import Process
from mops.embedded.processes import LOG_LIMIT, end_group, launch, stop_group

QUICK_DEATH = 10.0  # seconds; a program that lived shorter is started again later and later
LONGEST_PAUSE = 30.0
SERVER_CHECK = 2.0  # seconds between two looks at the servers


class Supervised(Protocol):
    """Something that can be looked at and started again."""

    name: str

    def alive(self) -> bool: ...
    def start(self) -> None: ...


class Program:
    """A process of the table."""

    def __init__(self, process: Process, home: Path, env: Mapping[str, str]) -> None:
        self.process, self.name, self.env = process, process.name, env
        self.log = home / "log" / f"{process.name}.log"
        self.log_start = 0  # where in the log the present run begins
        self.child: subprocess.Popen[bytes] | None = None

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Launch; remnants of the former process group are ended first."""
        if self.child:
            end_group(self.child.pid)
        death_signal = self.process.death_signal
        size = self.log.stat().st_size if self.log.exists() else 0
        self.log_start = size if size <= LOG_LIMIT else 0
        self.child = launch(self.process.command, log=self.log, env=self.env, death_signal=death_signal)

    def ask_to_stop(self) -> None:
        if self.child and self.alive():
            self.child.send_signal(self.process.stop_signal)

    def stop(self) -> None:
        if self.child:
            stop_group(self.child.pid, first=self.process.stop_signal, wait=self.process.stop_seconds)


class Server:
    """An embedded server: it finds its own data and address again."""

    def __init__(self, name: str, home: Path, start: Callable[[Path], str], alive: Callable[[Path], bool]) -> None:
        self.name, self.home, self._start, self._alive = name, home, start, alive
        self._seen = 0.0

    def alive(self) -> bool:
        if time.monotonic() - self._seen < SERVER_CHECK:
            return True
        self._seen = time.monotonic()
        return self._alive(self.home)

    def start(self) -> None:
        self._start(self.home)


class _History(NamedTuple):
    started: float
    pause: float


class Supervisor:
    """Children of this process. Call everything from the main thread: see `launch`."""

    def __init__(self, home: Path, say: Callable[[str], None]) -> None:
        self.home, self.say = home, say
        self.members: list[Supervised] = []
        self._history: dict[str, _History] = {}

    def add(self, member: Supervised) -> None:
        """Start a member and watch it from now on."""
        member.start()
        self.members.append(member)
        self._history[member.name] = _History(time.monotonic(), 0)

    def watch(self) -> None:
        """One look at everybody: restart what has died. A server that cannot start is tried again at the next look."""
        for member in self.members:
            history = self._history[member.name]
            if member.alive() or time.monotonic() < history.started + history.pause:
                continue
            lived = time.monotonic() - history.started
            pause = min(LONGEST_PAUSE, max(1.0, history.pause * 2)) if lived < QUICK_DEATH + history.pause else 0.0
            self.say(f"{member.name} stopped unexpectedly; started again (log: {self.home / 'log' / member.name}.log)")
            self._history[member.name] = _History(time.monotonic(), pause)
            with contextlib.suppress(embedded.ServerFailed):
                member.start()

    def stop(self) -> None:
        """Everybody at once, then the servers, so that the last write of a program still finds them."""
        programs = [member for member in self.members if isinstance(member, Program)]
        for program in reversed(programs):
            program.ask_to_stop()
        for program in reversed(programs):
            program.stop()
        if any(isinstance(member, Server) for member in self.members):
            embedded.stop(self.home)


def end_leftovers(home: Path) -> int:
    """End processes of an earlier demo in this home that was killed. Return how many there were."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(home):
                found.append(process)
                process.kill()
    psutil.wait_procs(found, timeout=10)
    return len(found)
