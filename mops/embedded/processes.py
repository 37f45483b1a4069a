"""Starting and stopping child processes so that none outlives its parent, and finding those that did."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOG_LIMIT = 20 * 1024 * 1024  # bytes; a larger log is set aside as <name>.1 at the next start

_children: dict[int, subprocess.Popen[bytes]] = {}


class ServerFailed(RuntimeError):
    """An embedded server did not come up. The message ends with the last lines of its log."""


def launch(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    death_signal: signal.Signals | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start `argv` as the leader of its own process group, output appended to `log`.

    `death_signal` is what the kernel sends the child when this process dies (Linux only). Call from the main
    thread, because Linux counts the death of the starting thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            preexec_fn=_die_with_parent(death_signal),
        )
    _children[child.pid] = child
    return child


def _die_with_parent(death_signal: signal.Signals | None) -> Callable[[], None] | None:
    if death_signal is None or sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: nothing may be loaded after it
    parent = os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask_kernel


def server_environment() -> dict[str, str]:
    """What a server needs of our environment: not our secrets."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


def stop_group(pid: int, *, first: signal.Signals = signal.SIGTERM, wait: float = 10) -> None:
    """Send `first` to the process, wait up to `wait` seconds, then SIGKILL whatever is left of its process group."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, first)
    wait_gone(pid, wait)
    end_group(pid)
    wait_gone(pid, 5)


def end_group(pid: int) -> None:
    """SIGKILL whatever is left of the process group that `launch` made for this process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def wait_gone(pid: int, seconds: float) -> bool:
    """Wait until the process has ended (and is reaped, if it is our child). Say whether it has."""
    try:
        if child := _children.get(pid):
            child.wait(seconds)
            del _children[pid]
        else:
            psutil.Process(pid).wait(seconds)
    except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
        return False
    except psutil.NoSuchProcess:
        pass
    return True


def reap() -> None:
    """Collect our dead children, which otherwise stay as zombies under their process number."""
    for pid, child in list(_children.items()):
        if child.poll() is not None:
            del _children[pid]


def working_in(folder: Path, name: str) -> list[psutil.Process]:
    """Processes called `name` whose working directory is `folder`: servers on that data, whoever started them."""
    found = []
    for process in psutil.process_iter(["name", "cwd", "status"]):
        if process.info["name"] == name and process.info["cwd"] == str(folder) and process.info["status"] != "zombie":
            found.append(process)
    return found


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for an error message."""
    if not log.exists():
        return "(no log)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
