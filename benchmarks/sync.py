"""Whole pull: official client over the real wire → stored facts, against the same rows by plain COPY + one swap of a table.

Google Ads, 13 months of ads and campaigns of the sandbox's larger account. 3 rounds in turn, medians.
"""

import os
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

ROUNDS = 3
START = date(2025, 10, 21)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


def main() -> bool:
    """Print the table; True when all rows were stored."""
    from channels.connectors import PLATFORMS
    from channels.connectors.base import Credentials, Endpoint, PullRequest
    from sandbox.clock import FixedClock
    from sandbox.market import Market
    from sandbox.server import Sandbox

    market = Market(7, START)
    market.ensure(NOW.date())
    with tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(market, FixedClock(NOW), Path(folder))
        http, grpc, bundle = sandbox.start()
        os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = bundle
        endpoint = Endpoint(grpc, f"{http}/oauth/token", f"{http}/oauth/authorize", bundle)
        connector = PLATFORMS["google_ads"].connect(
            endpoint, Credentials("sandbox-client", "sandbox-secret", refresh_token="sandbox-refresh-token")
        )
        account = max(connector.accounts(), key=lambda info: len(market.entities(info.external_id, NOW)))
        try:
            return _measure(connector, PullRequest(account, "ads", START, NOW.date(), {}))
        finally:
            sandbox.stop()


def _measure(connector: Any, request: Any) -> bool:
    fetching, storing, plain, stored = [], [], [], 0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        batches = list(connector.pull(request))
        rows = [row for batch in batches for row in batch.rows]
        fetching.append(time.perf_counter() - started)
        started = time.perf_counter()
        stored = _store(request, rows, [entity for batch in batches for entity in batch.entities])
        storing.append(time.perf_counter() - started)
        started = time.perf_counter()
        _plain(rows)
        plain.append(time.perf_counter() - started)
    count, floor = len(rows), statistics.median(plain)
    whole = [fetched + kept for fetched, kept in zip(fetching, storing, strict=True)]
    measured = {
        "fetch over the wire": fetching,
        "store, the first time": storing,
        "fetch + store": whole,
        "plain COPY + swap": plain,
    }
    for name, seconds in measured.items():
        median = statistics.median(seconds)
        print(f"  {name:<38} {median:6.2f} s {count / median:10,.0f} rows/s   {median / floor:5.2f}x")
    print(f"  {count} rows pulled, {stored} stored: {'right' if stored == count else 'WRONG'}")
    return stored == count


def _store(request: Any, rows: list[Any], entities: list[Any]) -> int:
    from channels.models import AdDailyStat
    from channels.swap import Pulled, swap
    from tests.channels.builders import a_running_run, an_account

    account = an_account(external_id=f"{time.monotonic_ns()}")
    run = a_running_run(account, request.since, request.until, "ads")
    swap(run, Pulled(NOW + timedelta(hours=1), rows, entities))
    return AdDailyStat.objects.filter(account=account).count()


def _plain(rows: list[Any]) -> None:
    """The floor: text ids as they came, one table, COPY into a new one and rename."""
    columns = "day date, campaign text, ad_group text, ad text, w text, i int8, c int8, s numeric, n numeric, v numeric, t numeric,"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE fresh ({columns} ss int8, e int8, PRIMARY KEY (day, ad, w))")
        with cursor.copy("COPY fresh FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["date", "text", "text", "text", "text", "int8", "int8", *["numeric"] * 4, "int8", "int8"])
            for row in rows:
                copy.write_row(row)
        cursor.execute("DROP TABLE IF EXISTS plain_facts")
        cursor.execute("ALTER TABLE fresh RENAME TO plain_facts")
