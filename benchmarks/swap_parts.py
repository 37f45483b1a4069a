"""What each part of a swap takes: its statements by what they write, and staging, the rest of Python and the commit."""

import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction

from channels import staging

# In this order: a statement belongs to the first part with a word in it.
WORDS = {
    "roll-ups": (
        "channels_accountday",
        "channels_accountmonth",
        "channels_campaignmonth",
        "channels_channelday",
        "channels.rollups",
    ),
    "history": ("INTO channels_dailystathistory",),
    "changed rows": ("UPDATE channels_dailystat", "DELETE FROM channels_dailystat", "INSERT INTO channels_dailystat "),
    "difference": ("staging", "delta"),
    "coverage": ("channels_coverage",),
}


def shares(work: Callable[[], object]) -> dict[str, float]:
    """Seconds per part. The checks of keys happen at the commit."""
    spent: defaultdict[str, float] = defaultdict(float)
    is_staging = False

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if not is_staging:
                part = next((part for part, words in WORDS.items() if any(word in sql for word in words)), "names, account, run")
                spent[part] += time.perf_counter() - started

    def stage(*arguments: Any) -> None:
        nonlocal is_staging
        is_staging, started = True, time.perf_counter()
        original(*arguments)
        is_staging = False
        spent["staging"] += time.perf_counter() - started

    original, started = staging.stage, time.perf_counter()
    with patch.object(staging, "stage", stage), connection.execute_wrapper(count):
        with transaction.atomic():
            work()
            ended = time.perf_counter()
        spent["commit with key checks"] = time.perf_counter() - ended
    spent["rest of Python"] = time.perf_counter() - started - sum(spent.values())
    return dict(sorted(spent.items(), key=lambda item: -item[1]))
