"""Is one process of the product well? For the health checks of containers: `python -m mops.health web|collector|beat|live`
exits 0 or 1. Imports nothing heavy: it runs every few seconds. (The worker's check is Celery's own `inspect ping`.)
"""

import os
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

BEAT_SYNC = 180  # seconds; how often Celery's beat writes its schedule file
COLLECTOR_PORT = 8001  # of docker-compose.yml
LIVE_SILENCE = 90  # seconds; longer than any batch of the live process may take


def web_answers(port: int = 8000) -> bool:
    """Whether this machine's web process (or collector, by its port) answers, asked under the name visitors use."""
    name = urlsplit(os.environ.get("SITE_URL", "")).hostname or "localhost"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": name})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def beat_silence(home: Path) -> float | None:
    """Seconds since beat last wrote its schedule under `home`; None if it never did. Above 3 × BEAT_SYNC it is dead."""
    written = [path.stat().st_mtime for path in home.glob("beat.db*")]
    return time.time() - max(written) if written else None


def live_silence(home: Path) -> float | None:
    """Seconds since the live process last gave a sign under `home`; None if it never did. Above LIVE_SILENCE it is dead."""
    sign = home / "live"
    return time.time() - sign.stat().st_mtime if sign.exists() else None


def main() -> int:
    if sys.argv[1:] == ["web"]:
        return 0 if web_answers() else 1
    if sys.argv[1:] == ["collector"]:
        return 0 if web_answers(COLLECTOR_PORT) else 1
    if sys.argv[1:] == ["beat"]:
        silence = beat_silence(Path(os.environ.get("MOPS_HOME", ".mops")))
        return 0 if silence is not None and silence < 3 * BEAT_SYNC else 1
    if sys.argv[1:] == ["live"]:
        silence = live_silence(Path(os.environ.get("MOPS_HOME", ".mops")))
        return 0 if silence is not None and silence < LIVE_SILENCE else 1
    sys.stderr.write("usage: python -m mops.health web|collector|beat|live\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
