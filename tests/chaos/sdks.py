"""Unmodified client libraries against the running product: `python -m tests.chaos.sdks [--events 10000]`.

Each sends its events to granian with a database of its own; then the events are taken through the steps and counted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LIBRARIES = ("segment-analytics-python", "@segment/analytics-node", "@rudderstack/rudder-sdk-node")
TYPES = ("identify", "track", "page", "screen", "group", "alias")


def command(library: str, url: str, key: str, events: int) -> list[str]:
    if library == LIBRARIES[0]:
        return [sys.executable, "-m", "tests.chaos.senders.segment_python", url, key, str(events)]
    from mops.nodejs import node

    name = "segment" if library == LIBRARIES[1] else "rudderstack"
    return [str(node()), str(ROOT / "tests" / "chaos" / "senders" / "node.cjs"), name, url, key, str(events)]


def send_with(library: str, url: str, key: str, events: int) -> None:
    """Run the library until it has delivered. Raises CalledProcessError with what it said."""
    environment = {**os.environ, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    subprocess.run(command(library, url, key, events), cwd=ROOT, env=environment, check=True, capture_output=True, timeout=600)


def expected(events: int) -> dict[str, int]:
    """Events by type: the senders go through the six types in turn."""
    return {name: len(range(place, events, 6)) for place, name in enumerate(TYPES)}


def stored(source: Any) -> dict[str, int]:
    from django.db.models import Count

    from tracking.models import Event

    found = Event.objects.filter(source=source, state="stored").order_by().values_list("type").annotate(Count("pk"))
    return dict(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    arguments = parser.parse_args()
    from tests.chaos.standalone import Collector, database, running

    with tempfile.TemporaryDirectory(prefix="mops-sdks-") as folder, ExitStack() as stack:
        settings = stack.enter_context(database(Path(folder)))
        return run(stack.enter_context(running(Collector(Path(folder), settings))).url, arguments.events)


def run(url: str, events: int) -> int:
    from datetime import UTC, datetime

    from tests.tracking.sending import a_source
    from tracking import invariants
    from tracking.ingest.run import run_batch
    from tracking.models import RawBody
    from workspaces.models import Workspace

    workspace, wrong = Workspace.objects.create(name="SDKs (sample)", slug="sdks"), False
    for library in LIBRARIES:
        source = a_source(workspace, name=library, rate_per_minute=10_000_000)
        started = time.monotonic()
        send_with(library, url, source.write_key, events)
        sent = time.monotonic() - started
        while run_batch():
            pass
        found = stored(source)
        requests = RawBody.objects.filter(source=source).count()
        right = found == expected(events)
        wrong |= not right
        print(f"{library}: {events} sent in {sent:.1f} s and {requests} requests, {sum(found.values())} stored, "
              + ("exactly once" if right else f"WRONG: {found}"))  # fmt: skip
    broken = invariants.broken(datetime(2000, 1, 1, tzinfo=UTC))
    print(f"{len(broken)} invariants broken")
    return 1 if wrong or broken else 0


if __name__ == "__main__":
    sys.exit(main())
