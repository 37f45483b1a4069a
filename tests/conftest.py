"""What every test gets: real servers, no way off this machine, a browser for those that ask."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest
from cryptography.fernet import Fernet
from django.test import TransactionTestCase
from django.utils import translation
from whitenoise import WhiteNoise

from mops.translations import compile_catalogs
from tests import browser as chromium
from tests import databases, loopback, servers

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytest_plugins = ["tests.people", "tests.sandbox_fixtures"]

# How fast examples come is a matter of the machine, not of what is tested.
hypothesis.settings.register_profile("mops", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("mops")

_stack = ExitStack()


def _prepare() -> None:
    """Servers and settings, at import: the fixture modules named above import models."""
    # Named here and not in pyproject.toml: pytest-django would import the settings before any conftest.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
    os.environ.update(NO_PROXY="localhost,127.0.0.1", no_proxy="localhost,127.0.0.1")
    os.environ.setdefault("SECRET_KEY", "for the tests only, never a secret of anything")
    os.environ.setdefault("FIELD_ENCRYPTION_KEYS", Fernet.generate_key().decode())
    os.environ.setdefault("MOPS_HOME", str(servers.test_home() / "home"))
    compile_catalogs()
    loopback.install()
    servers.provide_servers(_stack)
    django.setup()


_prepare()


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput") and not config.getoption("collectonly"):
        databases.begin_template(servers.test_home())


def pytest_unconfigure(config: pytest.Config) -> None:
    databases.drop_template()
    _stack.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    if chromium.chromium() is None and not chromium.required():
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason=chromium.MISSING))


def _turn(item: pytest.Item) -> tuple[bool, bool]:
    """Long tests first, or one process ends alone with them; then whatever can run while the template is migrated."""
    fixtures = getattr(item, "fixturenames", ())
    database = item.get_closest_marker("django_db") or not {"db", "transactional_db", "live_server"}.isdisjoint(fixtures)
    return item.get_closest_marker("long") is None, bool(database)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report for report in terminalreporter.getreports("skipped") if chromium.MISSING in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"SKIPPED {len(skipped)} browser tests: {chromium.MISSING}", yellow=True)


@pytest.fixture(autouse=True)
def stays_on_this_machine() -> Iterator[None]:
    """Fail the test that tried to leave, also where the code under test swallowed the error."""
    loopback.attempts.clear()
    yield
    if loopback.attempts:
        pytest.fail("Tests talk to this machine only, but this one tried: " + ", ".join(loopback.attempts))


@pytest.fixture(autouse=True)
def speaks_english() -> None:
    """A page in German leaves its language to whatever this thread does next."""
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """What pytest-django asks before it creates the test database."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        databases.use_template(servers.test_home())


@pytest.fixture(scope="session", autouse=True)
def committed_rows_are_deleted() -> None:
    """After tests with `transaction=True`, instead of Django's flush."""
    TransactionTestCase._fixture_teardown = databases.empty


@pytest.fixture(scope="session", autouse=True)
def static_files() -> None:
    """Pages name static files by the hash of their content, so they must be collected; a moment unless one changed."""
    from mops.demo.assets import collect_static

    collect_static()
    _list_static_files_once()


def _list_static_files_once() -> None:
    """Every `Client()` builds the middleware anew, and WhiteNoise would look at every collected file each time."""
    files: dict[tuple[str, str], dict[str, object]] = {}
    listed = WhiteNoise.update_files_dictionary

    def remembered(self: WhiteNoise, root: str, prefix: str) -> None:
        if (root, prefix) not in files:
            earlier, self.files = self.files, {}
            listed(self, root, prefix)
            files[root, prefix], self.files = self.files, earlier
        self.files.update(files[root, prefix])

    WhiteNoise.update_files_dictionary = remembered


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Chromium, once per test process."""
    if chromium.chromium() is None:
        pytest.fail(chromium.MISSING)
    with chromium.running_browser() as running:
        yield running


@pytest.fixture
def browser_context(browser: "Browser") -> "Iterator[BrowserContext]":
    """A fresh profile: no cookies, desktop size, reduced motion."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce", locale="en-GB")
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(browser_context: "BrowserContext") -> "Page":
    """An empty page in a fresh profile."""
    return browser_context.new_page()
