"""The sandbox platforms inside the test process: a small market that stands still at one instant."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from channels.connectors.base import Credentials, Endpoint
from channels.connectors.google_ads import session as google_ads_session
from sandbox.clock import FixedClock
from sandbox.market import Market
from sandbox.server import Sandbox
from sandbox.tokens import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, SYSTEM_USER_TOKEN

START = date(2026, 9, 1)
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
STALL = 90.0  # seconds a silent platform keeps silent, longer than any client waits
TIMEOUT = 1.5  # seconds; long enough for a busy machine, short enough for the fault that never answers


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """All wires over one market of 2,000 shoppers; gRPC reads its roots once per process, hence once per session."""
    market = Market(7, START, shoppers=2_000)
    market.ensure(NOW.date())
    sandbox = Sandbox(market, FixedClock(NOW), tmp_path_factory.mktemp("sandbox"))
    addresses = sandbox.start()
    os.environ["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = addresses.ca_bundle
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox without faults, with an empty request log and all grants alive."""
    _reset(running_sandbox)
    yield running_sandbox
    _reset(running_sandbox)


def _reset(sandbox: Sandbox) -> None:
    sandbox.stall_seconds = STALL
    sandbox.faults.clear()
    sandbox.requests.clear()
    sandbox.tokens.restore()
    google_ads_session.forget()


def google_endpoint(sandbox: Sandbox, *, timeout: float = TIMEOUT) -> Endpoint:
    """Google Ads and Google Analytics of the sandbox."""
    http, grpc, ca_bundle = sandbox.addresses
    return Endpoint(grpc, f"{http}/oauth/token", f"{http}/oauth/authorize", ca_bundle, timeout=timeout, admin_api=http)


def meta_endpoint(sandbox: Sandbox, *, timeout: float = TIMEOUT) -> Endpoint:
    """Meta's Graph API of the sandbox."""
    http = sandbox.addresses.http
    token_uri, authorize_uri = f"{http}/v26.0/oauth/access_token", f"{http}/v26.0/dialog/oauth"
    return Endpoint(http, token_uri, authorize_uri, timeout=timeout)


def google_credentials(refresh_token: str = REFRESH_TOKEN) -> Credentials:
    return Credentials(CLIENT_ID, CLIENT_SECRET, refresh_token)


def meta_credentials(access_token: str = SYSTEM_USER_TOKEN) -> Credentials:
    return Credentials(CLIENT_ID, CLIENT_SECRET, access_token=access_token)
