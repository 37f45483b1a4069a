"""PostgreSQL and Valkey from Python wheels, for machines without either: real servers, data in one folder.

`start_*` may be called again at any time: it returns the address of the running server, or recovers the data and starts one.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mops.embedded import postgres, valkey


def start_postgres(home: Path, *, tied: bool = True) -> str:
    """Start PostgreSQL with its data under `home` and return its DATABASE_URL.

    With `tied` the kernel stops the server when the calling process dies (Linux); otherwise it runs until `stop`.
    Raises ServerFailed with the end of the server's log.
    """
    with _one_at_a_time(home):
        return postgres.start(home.resolve(), tied=tied)


def start_valkey(home: Path, *, tied: bool = True) -> str:
    """Start Valkey with its data under `home` and return its REDIS_URL. See `start_postgres`."""
    with _one_at_a_time(home):
        return valkey.start(home.resolve(), tied=tied)


def stop(home: Path) -> None:
    """Stop both servers under `home`, in order and with their data on disk. Not running is fine."""
    if home.exists():
        with _one_at_a_time(home):
            valkey.stop(home.resolve())
            postgres.stop(home.resolve())


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    """Hold the folder's lock. The kernel releases it when the holder dies."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "servers.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
