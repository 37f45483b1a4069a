"""Every connect() of every connector, gRPC's core included, as the kernel saw it. Python's own sockets are guarded in all tests."""

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict

import pytest

from sandbox.server import Sandbox
from tests.sandbox_fixtures import google_credentials, google_endpoint, meta_credentials, meta_endpoint

ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


def test_no_connector_calls_another_machine(sandbox: Sandbox) -> None:
    google = {"endpoint": asdict(google_endpoint(sandbox, timeout=20)), "credentials": asdict(google_credentials())}
    meta = {"endpoint": asdict(meta_endpoint(sandbox, timeout=20)), "credentials": asdict(meta_credentials())}
    calls, output = traced(json.dumps({"google_ads": google, "ga4": google, "meta": meta}))
    assert [line.split()[0] for line in output] == ["google_ads", "google_ads", "meta", "meta", "ga4", "ga4"]
    assert all(int(line.split()[1]) > 100 for line in output[::2])
    assert [line.split()[1] for line in output[1::2]] == ["auth"] * 3
    assert calls, "strace saw no connection at all"
    assert [address for address in calls if not is_loopback(address)] == []


def is_loopback(text: str) -> bool:
    """gRPC's core writes IPv4 addresses as IPv6 ones: ::ffff:127.0.0.1."""
    address = ipaddress.ip_address(text)
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def traced(argument: str) -> tuple[list[str], list[str]]:
    """Addresses of all inet connects and sends of the process and its threads, and the lines it printed."""
    if not shutil.which("strace"):
        if os.environ.get("REQUIRE_STRACE"):
            pytest.fail("strace is missing: apt-get install strace")
        pytest.skip("strace is missing, so the kernel's view of the connections cannot be read")
    command = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", sys.executable, "-m",
               "tests.channels.connectors.pull_everything", argument]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found = [first or second for line in done.stderr.splitlines() for first, second in ADDRESS.findall(line)]
    return found, done.stdout.splitlines()
