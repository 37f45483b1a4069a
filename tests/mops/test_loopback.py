"""The guard that keeps the tests on this machine."""

import contextlib
import socket

import httpx
import pytest

from tests import loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "", None, b"localhost", "127.8.9.1", "0.0.0.0"])
def test_it_knows_this_machine(host: object) -> None:
    assert loopback.is_local(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "platform.example", "127.0.0.1.example"])
def test_it_knows_other_machines(host: str) -> None:
    assert not loopback.is_local(host)


def test_it_stops_a_connect_and_a_name_look_up() -> None:
    with socket.socket() as client, pytest.raises(loopback.LeftLoopback, match=r"192\.0\.2\.1:443"):
        client.connect(("192.0.2.1", 443))
    with pytest.raises(loopback.LeftLoopback, match=r"platform\.example"):
        socket.getaddrinfo("platform.example", 443)
    assert len(loopback.attempts) == 2
    loopback.attempts.clear()


def test_it_remembers_what_the_code_under_test_swallowed() -> None:
    with contextlib.suppress(httpx.HTTPError, OSError):
        httpx.get("https://platform.example/")
    assert loopback.attempts == ["name look-up of platform.example"]
    loopback.attempts.clear()
