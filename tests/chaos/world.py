"""A whole product of its own for the chaos runs: demo, sandbox and workers in a folder that is thrown away, time frozen."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mops.demo.environment import MARK
from sandbox.clock import Clock

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 240


@contextmanager
def product(port: int = 8300) -> Iterator[Path]:
    """Start `mops.demo` with a frozen clock and yield its home once the sample workspace exists; Django is set up."""
    with tempfile.TemporaryDirectory(prefix="mops-chaos-") as folder:
        home = Path(folder)
        os.chmod(home, 0o755)  # the database server may run as a user of its own
        yesterday_noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
        clock = Clock(home / "sandbox" / "clock.json")
        clock.advance(days=(yesterday_noon - datetime.now(UTC)).total_seconds() / 86400)
        clock.freeze()
        environment = {**os.environ, "MOPS_HOME": str(home), "PORT": str(port), "CONNECTOR_TIMEOUT": "4"}
        for name in ("DATABASE_URL", "REDIS_URL"):
            environment.pop(name, None)
        output = home / "demo.log"
        with output.open("w") as log:
            demo = subprocess.Popen([sys.executable, "-m", "mops.demo"], cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(output, "numbers arrive", demo)
            _set_up_django(home)
            yield home
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=60)


def _wait_for(output: Path, text: str, demo: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while text not in output.read_text(errors="replace"):
        if demo.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The product did not start:\n{output.read_text(errors='replace')[-3000:]}")
        time.sleep(0.2)


def _set_up_django(home: Path) -> None:
    os.environ["MOPS_HOME"] = str(home)
    os.environ["LOG_LEVEL"] = "CRITICAL"
    os.environ["DJANGO_SETTINGS_MODULE"] = "mops.settings"
    import django

    django.setup()


def processes(home: Path, words: str) -> list[int]:
    """Process ids of this product's programs whose command line holds `words`."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            environ = (entry / "environ").read_bytes()
        except (OSError, PermissionError):
            continue
        ours = f"{MARK}={home}".encode() in environ or str(home) in command
        if ours and words in command:
            found.append(int(entry.name))
    return found


def kill(pid: int) -> None:
    """kill -9; a process that is gone already is as good."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
