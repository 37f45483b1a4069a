"""The product pointed at the sandbox of this test process, at the sandbox's own time."""

import json
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from sandbox.server import Sandbox
from sandbox.tokens import CLIENT_ID, CLIENT_SECRET
from tests.sandbox_fixtures import NOW, TIMEOUT


@pytest.fixture
def platforms(sandbox: Sandbox, settings: Settings, tmp_path: Path) -> Sandbox:
    """The running sandbox, with every endpoint setting leading to it."""
    http, grpc, ca_bundle = sandbox.addresses
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_seconds": (NOW - timezone.now()).total_seconds()}))
    settings.SANDBOX, settings.SANDBOX_CLOCK, settings.CONNECTOR_TIMEOUT = True, str(clock), TIMEOUT
    settings.CONNECTOR_CA_BUNDLE = ca_bundle
    settings.GOOGLE_ADS_API = settings.GA4_API = grpc
    settings.GA4_ADMIN_API = settings.META_GRAPH_API = http
    settings.GOOGLE_TOKEN_URI, settings.GOOGLE_AUTHORIZE_URI = f"{http}/oauth/token", f"{http}/oauth/authorize"
    settings.META_TOKEN_URI = f"{http}/v26.0/oauth/access_token"
    settings.META_AUTHORIZE_URI = f"{http}/v26.0/dialog/oauth"
    settings.GOOGLE_CLIENT_ID = settings.META_APP_ID = CLIENT_ID
    settings.GOOGLE_CLIENT_SECRET = settings.META_APP_SECRET = CLIENT_SECRET
    cache.clear()
    return sandbox
