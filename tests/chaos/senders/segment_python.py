"""`python -m tests.chaos.senders.segment_python URL KEY EVENTS`: mixed events with segment-analytics-python."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


def calls(client: Any, n: int) -> tuple[Callable[[], object], ...]:
    """One call of each type, with the values of event `n`."""
    user, device, at = f"u-{n % 50}", f"d-{n % 80}", datetime.now(UTC)
    properties = {"n": n, "title": "Zelt “Föhn” ⛺", "price": 19.9}
    return (
        lambda: client.identify(user, {"plan": "basic", "n": n}, anonymous_id=device),
        lambda: client.track(user, "Product Viewed", properties, anonymous_id=device, timestamp=at),
        lambda: client.page(user, "shop", "Zelte", properties, anonymous_id=device),
        lambda: client.screen(user, "app", "Start", properties, anonymous_id=device),
        lambda: client.group(user, "g-1", {"seats": n}),
        lambda: client.alias(device, user),
    )


def main(url: str, key: str, events: int) -> None:
    from segment.analytics.client import Client

    client = Client(
        key, host=url, gzip=True, max_queue_size=events + 10, upload_size=100, max_retries=20, timeout=30, sync_mode=False
    )
    for n in range(events):
        calls(client, n)[n % 6]()
    client.shutdown()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
