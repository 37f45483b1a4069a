"""PostgreSQL and Valkey for the tests: started with the first pytest process of a checkout, stopped with the last.

Every process gets a slot of its own (a database name and Redis numbers), held by a file lock, so that runs may overlap
and a killed one leaves nothing to clean up. DATABASE_URL and REDIS_URL, where set, are used as they are.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from mops import embedded
from mops.embedded.locks import held

SLOTS = 32
REDIS_NUMBERS_PER_SLOT = 8  # xdist workers of one run


def test_home() -> Path:
    """Folder of the test servers."""
    return Path(os.environ.get("MOPS_TEST_HOME") or Path(__file__).parent.parent / ".mops" / "test")


def provide_servers(stack: ExitStack) -> None:
    """Set DATABASE_URL and REDIS_URL where they are missing; `stack` gives the servers back."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and (base := os.environ.get("MOPS_TEST_REDIS")):  # the controller started the servers
        os.environ["REDIS_URL"] = _redis_url(base, 1 + int(worker.removeprefix("gw")))
        return
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    slot = stack.enter_context(_servers(test_home()))
    os.environ.setdefault("DATABASE_URL", slot[0])
    if "REDIS_URL" not in os.environ:
        os.environ["REDIS_URL"] = os.environ["MOPS_TEST_REDIS"] = slot[1]


@contextmanager
def _servers(home: Path) -> Iterator[tuple[str, str]]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "users.lock").open("w") as users, ExitStack() as slots:
        with held(home / "door.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            database = embedded.start_postgres(home, tied=False)
            broker = embedded.start_valkey(home, tied=False)
        number = _free_slot(home, slots)
        broker = broker.removesuffix("0") + str(number * REDIS_NUMBERS_PER_SLOT)
        _flush(broker)
        yield database.replace("/mops?", f"/mops_{number}?"), broker
        with held(home / "door.lock"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return  # somebody else is still testing
            embedded.stop(home)


def _free_slot(home: Path, slots: ExitStack) -> int:
    for number in range(SLOTS):
        file = slots.enter_context((home / f"slot-{number}.lock").open("w"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return number
    raise RuntimeError(f"{SLOTS} test runs at once in {home}")


def _redis_url(base: str, offset: int) -> str:
    address, number = base.rsplit("/", 1)
    return f"{address}/{int(number) + offset % REDIS_NUMBERS_PER_SLOT}"


def _flush(base: str) -> None:
    for offset in range(REDIS_NUMBERS_PER_SLOT):
        with redis.Redis.from_url(_redis_url(base, offset)) as client:
            client.flushdb()
