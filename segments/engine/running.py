"""One round over all workspaces: whoever waits is looked at."""

import time

import structlog
from django.db import Error, connection

from mops.lib import clock
from segments.engine import due, touched, updating

log = structlog.get_logger(__name__)


def run_once() -> int:
    """People looked at, of every workspace at most one update of each kind. One workspace's trouble stops no other."""
    count = 0
    for workspace_id in touched.waiting():
        count += _guarded(updating.update, workspace_id)
    for workspace_id in due.waiting(clock.now()):
        count += _guarded(updating.apply_due, workspace_id)
    return count


def run_for(seconds: float) -> None:
    """Until nobody waits any more, or this time is over."""
    end = time.monotonic() + seconds
    while run_once() and time.monotonic() < end:
        pass


def _guarded(work: updating.Update, workspace_id: int) -> int:
    try:
        return work(workspace_id)
    except (Error, TimeoutError):
        if not connection.is_usable():
            raise
        log.exception("segments.update_failed", workspace=workspace_id)
        return 0
