"""Nothing in a test may leave this machine: connects and name look-ups elsewhere raise and fail the test."""

import ipaddress
import socket
import sys
from typing import Any

LOCAL_NAMES = {"localhost", "ip6-localhost", "testserver", socket.gethostname()}

attempts: list[str] = []


class LeftLoopback(OSError):
    """A test tried to reach another machine."""


def install() -> None:
    """Watch this process from now on. An audit hook cannot be removed and sees every Python socket, libraries' too."""
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            _refuse(f"{address[0]}:{address[1]}")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and not is_local(arguments[0]):
        _refuse(f"name look-up of {arguments[0]}")


def is_local(host: object) -> bool:
    """Whether a host as given to the socket module is this machine. None and "" mean the loopback address there."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name.lower() in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(what: str) -> None:
    attempts.append(what)
    raise LeftLoopback(f"Tests talk to this machine only, but this one tried {what}. Point the client at the sandbox.")
