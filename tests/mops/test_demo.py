"""`make demo` as a person meets it: started as a program, looked at over HTTP, ended with Ctrl-C. Only its market is smaller."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from mops.demo import progress
from mops.lib import clock

ROOT = Path(__file__).parent.parent.parent
SMALL = {"SANDBOX_DAYS": "45", "SANDBOX_SHOPPERS": "1000"}  # the market of the demo has 396 days and 20,000 shoppers
OF_THE_TESTS = (  # what tests/conftest.py puts into the environment
    "DATABASE_URL", "REDIS_URL", "MOPS_TEST_REDIS", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DJANGO_SETTINGS_MODULE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
)  # fmt: skip
PATIENCE = 900.0  # seconds: beside other tests a busy machine needs many times the minute it takes alone


class Demo:
    """A running demo in a home of its own, read through what it prints."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        own = {"MOPS_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1", **SMALL}
        inherited = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
        self.home, self.output = home, home.with_suffix(".txt")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mops.demo"], cwd=ROOT, env=inherited | own, stdout=output, stderr=subprocess.STDOUT
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.2)

    def stop(self) -> int:
        """Ctrl-C. Return the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def family(self) -> list[psutil.Process]:
        """Every living process of this home: those with its name in their arguments or their environment."""
        return [one for one in psutil.process_iter() if one.pid != os.getpid() and _belongs(one, str(self.home))]


def _belongs(process: psutil.Process, home: str) -> bool:
    try:
        told = [*process.cmdline(), *process.environ().values()]
        return process.status() != psutil.STATUS_ZOMBIE and any(home in one for one in told)
    except psutil.Error:
        return False


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "home")
    yield running
    if running.process.poll() is None:
        running.stop()


def overview(url: str, email: str, password: str) -> str:
    """The sample workspace's first page, read after the login form as a browser without scripts does."""
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    )
    form = browser.open(f"{url}/account/login/", timeout=60).read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert found
    sent = urllib.parse.urlencode({"login": email, "password": password, "csrfmiddlewaretoken": found[1]}).encode()
    request = urllib.request.Request(f"{url}/account/login/", sent, {"Referer": url})
    browser.open(request, timeout=60).close()
    return str(browser.open(f"{url}/alpenkiste/", timeout=60).read().decode())


@pytest.mark.long
def test_it_pulls_everything_shows_the_spend_and_leaves_nothing_behind(demo: Demo) -> None:
    demo.wait_for("Ready: ")
    demo.wait_for("Ctrl-C stops everything")
    said = demo.said
    for platform in ("Google Ads", "Meta Ads", "Google Analytics 4"):
        pulled = re.search(rf"^  {platform} +([\d,]+) rows +([\d,]+) account days +[\d.]+ s of pulling$", said, re.M)
        assert pulled, said
        rows, days = (int(number.replace(",", "")) for number in pulled.groups())
        assert rows > days >= 45
    assert said.index("Pulled so far:") < said.index("Ready: ")
    assert "stopped unexpectedly" not in said

    address, login = re.search(r"^Ready: (\S+)$", said, re.M), re.search(r"^  owner +(\S+@\S+) +(\S+)$", said, re.M)
    assert address
    assert login
    page = overview(address[1], login[1], login[2])
    spend = re.search(r'"explain-spend".*?kpi-value[^>]* title="([^"]+)"', page, re.DOTALL)
    assert spend, page
    assert re.search(r"[1-9]", spend[1])

    assert len(demo.family()) >= 7  # the demo, the sandbox, two servers, web, worker, beat, live
    assert demo.stop() == 0
    assert demo.family() == []
    assert not (demo.home / "run.env").exists()


@pytest.mark.parametrize(("told", "lines"), [(timedelta(days=200), 2), (timedelta(minutes=1), 1)])
def test_it_says_what_still_comes(told: timedelta, lines: int) -> None:
    until = clock.now() - told
    said = progress.still_coming({"told_until": until.isoformat(), "sent": 7, "error": ""})
    assert len(said) == lines
    assert (f"{until:%Y-%m-%d}" in said[0]) == (lines == 2)
    assert "visits" in said[-1]
