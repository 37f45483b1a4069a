"""The loop for what must happen at once: take events in, look at whose data changed, and at whose moment has come.

It asks PostgreSQL and nothing else, so that neither a lost message nor a full queue delays it (docs/decisions/0007). Several may
run: each claims what it works on. Celery's schedule does the same more slowly where none runs.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import structlog
from django.conf import settings
from django.db import Error, connection

from segments.engine import running
from tracking.ingest import run as ingest

log = structlog.get_logger(__name__)

NAME = "mops live"  # of its connection, for the doctor
PAUSE = 0.05  # seconds, when nobody waits
TROUBLE = 1.0  # seconds, when the database does not answer
SIGN = 5.0  # seconds between two signs of life
WORK: tuple[Callable[[], int], ...] = (ingest.run_batch, running.run_once)


def main() -> None:
    """Until SIGTERM or SIGINT; what is under way is finished."""
    over = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    loop(over, Path(settings.MOPS_HOME) / "live")


def loop(over: Event, sign: Path) -> None:
    """Work until `over`. `sign` is touched every few seconds (`mops.health`)."""
    signed = 0.0
    while not over.is_set():
        if time.monotonic() - signed > SIGN:
            sign.parent.mkdir(parents=True, exist_ok=True)
            sign.touch()
            os.utime(sign)
            signed = time.monotonic()
        over.wait(turn())


def turn() -> float:
    """One round of work. Seconds to wait before the next."""
    pause = PAUSE
    for work in WORK:
        try:
            _introduce()
            if work():
                pause = 0.0
        except Error as error:
            log.warning("live.trouble", error=repr(error))
            if not connection.in_atomic_block:
                connection.close()
            return TROUBLE
    return pause


def _introduce() -> None:
    """Give a new connection its name."""
    if connection.connection is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", [NAME])
