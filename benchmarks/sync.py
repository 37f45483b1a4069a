"""Whole pull: official client over the real wire → stored facts, against the same rows by plain COPY + one swap of a table.

Google Ads, 13 months of ads and campaigns of the sandbox's larger account. 3 rounds in turn, medians; rows per second of processor
time. The platform runs in the same process: fetching contains its work.
"""

import os
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from benchmarks.cost import Cost, measured, median
from channels.models import AdDailyStat
from channels.swap import Pulled, swap
from tests.channels.builders import a_running_run, an_account

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
    pulled: dict[str, Any] = {}

    def fetch() -> None:
        batches = list(connector.pull(request))
        pulled["rows"] = [row for batch in batches for row in batch.rows]
        pulled["entities"] = [entity for batch in batches for entity in batch.entities]

    def store(at: datetime) -> None:
        pulled["stored"] = _store(pulled["account"], request, pulled["rows"], pulled["entities"], at)

    ways = {
        "fetch over the wire": fetch,
        "store, the first time": lambda: store(NOW + timedelta(hours=1)),
        "store, the same again": lambda: store(NOW + timedelta(hours=2)),
        "plain COPY + swap": lambda: _plain(pulled["rows"]),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        pulled["account"] = an_account(external_id=f"{time.monotonic_ns()}")
        for name, way in ways.items():
            costs[name].append(measured(way))
    medians = {name: median(found) for name, found in costs.items()}
    count, floor = len(pulled["rows"]), medians["plain COPY + swap"]
    for name, cost in medians.items():
        rate, ratio = count / cost.cpu, cost.cpu / floor.cpu
        print(f"  {name:<24} {cost.wall:6.2f} s, processor {cost.cpu:6.2f} s {rate:10,.0f} rows/s {ratio:6.2f}x")
    print(f"  {count} rows pulled, {pulled['stored']} stored: {'right' if pulled['stored'] == count else 'WRONG'}")
    return bool(pulled["stored"] == count)


def _store(account: Any, request: Any, rows: list[Any], entities: list[Any], at: datetime) -> int:
    run = a_running_run(account, request.since, request.until, "ads")
    swap(run, Pulled(at, rows, entities))
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
