"""PostgreSQL and Valkey from Python wheels, for machines without either: real servers, data in one folder.

`start_*` may be called at any time: it returns the address of the running server, or recovers the data and starts one.
"""

from pathlib import Path

from mops.embedded import postgres, valkey
from mops.embedded.locks import held
from mops.embedded.processes import ServerFailed

__all__ = ["ServerFailed", "postgres_runs", "start_postgres", "start_valkey", "stop", "valkey_runs"]


def start_postgres(home: Path, *, tied: bool = True) -> str:
    """Start PostgreSQL with its data under `home` and return its DATABASE_URL.

    With `tied` the kernel stops the server when the calling process dies (Linux); otherwise it runs until `stop`.
    Raises ServerFailed with the end of the server's log.
    """
    with held(home / "servers.lock"):
        return postgres.start(home.resolve(), tied=tied)


def start_valkey(home: Path, *, tied: bool = True) -> str:
    """Start Valkey with its data under `home` and return its REDIS_URL. See `start_postgres`."""
    with held(home / "servers.lock"):
        return valkey.start(home.resolve(), tied=tied)


def postgres_runs(home: Path) -> bool:
    """Whether the server of this folder is there."""
    return postgres.runs(home.resolve())


def valkey_runs(home: Path) -> bool:
    """Whether the server of this folder answers."""
    return valkey.runs(home.resolve())


def stop(home: Path) -> None:
    """Stop both servers under `home`, in order and with their data on disk. Not running is fine."""
    if home.exists():
        with held(home / "servers.lock"):
            valkey.stop(home.resolve())
            postgres.stop(home.resolve())
