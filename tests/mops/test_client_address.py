"""Whose request it is, behind any number of proxies."""

from typing import Any

import pytest
from django.test import RequestFactory

from mops.lib.client_address import client_address
from workspaces.adapters import AccountAdapter

OURS = "192.0.2.1"  # who called us


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, OURS),
        (0, "203.0.113.7", ""),  # a proxy nobody told us about, or a header somebody made up
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.9, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (1, "2001:DB8::7", "2001:db8::7"),
        (2, "203.0.113.7", ""),
        (1, None, ""),
        (1, "unknown", ""),
    ],
)
def test_addresses_are_counted_from_the_right(settings: Any, proxies: int, forwarded: str | None, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().post("/", headers=headers, REMOTE_ADDR=OURS)
    assert client_address(request) == address
    assert AccountAdapter().get_client_ip(request) == (address or OURS), "wrong passwords are always counted"
