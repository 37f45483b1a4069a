"""A real Chromium for the tests marked `browser`: the system's, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--headless",
    "--no-sandbox",  # root and containers; every page it opens is ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

MISSING = "no Chromium on the PATH: install the package `chromium` or set CHROMIUM=/path/to/it"


def chromium() -> str | None:
    """Path of the browser to use: $CHROMIUM, else what the PATH offers."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


def required() -> bool:
    """Whether a missing browser is a failure (CI) or a reason to skip."""
    return os.environ.get("REQUIRE_BROWSER") == "1"


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start the browser. Playwright runs an event loop in this thread, which Django would take for async code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()
