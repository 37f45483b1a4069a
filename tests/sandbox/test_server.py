"""The sandbox's own controls, and the process `python -m sandbox`."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.certificates import certificates
from sandbox.clock import FixedClock
from sandbox.faults import Fault, Faults
from sandbox.server import Sandbox
from tests.sandbox_fixtures import NOW


def test_a_fault_waits_and_ends_as_told() -> None:
    faults = Faults()
    faults.inject("meta", Fault.RATE_LIMITED, account="1", after=1, times=2)
    assert faults.take("meta", "2") is None
    assert [faults.take("meta", "1") for _ in range(4)] == [None, Fault.RATE_LIMITED, Fault.RATE_LIMITED, None]
    assert faults.armed() == []


def test_a_platform_cannot_fail_in_the_way_of_another() -> None:
    with pytest.raises(ValueError, match="google_ads has no fault async_failed"):
        Faults().inject("google_ads", Fault.ASYNC_FAILED)


def test_faults_are_switched_over_http(sandbox: Sandbox) -> None:
    url = f"{sandbox.addresses.http}/sandbox/faults"
    assert httpx.post(url, json={"platform": "meta", "fault": "html_502", "times": 2}).json()["armed"][0]["times"] == 2
    assert httpx.post(url, json={"platform": "meta", "fault": "nonsense"}).status_code == 400
    assert httpx.delete(url).json()["armed"] == []


def test_the_clock_moves_forward_only(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "clock", FixedClock(NOW))
    url = f"{sandbox.addresses.http}/sandbox/clock"
    assert httpx.post(url, json={"days": 1}).json()["now"].startswith("2026-11-21T10:30")
    assert httpx.post(url, json={"days": -1}).status_code == 400
    assert httpx.get(url).json()["now"].startswith("2026-11-21T10:30")


def test_a_token_in_a_url_is_noticed_and_never_kept(sandbox: Sandbox) -> None:
    httpx.get(f"{sandbox.addresses.http}/v26.0/me", params={"access_token": "canary-1"})
    seen = httpx.get(f"{sandbox.addresses.http}/sandbox/requests")
    assert seen.json()["tokens_in_urls"] == 1
    assert "canary-1" not in seen.text


def test_certificates_are_minted_once(tmp_path: Path) -> None:
    first = certificates(tmp_path)
    minted = first.leaf.read_bytes()
    assert certificates(tmp_path).leaf.read_bytes() == minted
    assert first.bundle.read_bytes().endswith(first.ca.read_bytes())
    assert first.key.stat().st_mode & 0o077 == 0


def start(home: Path, *options: str) -> tuple["subprocess.Popen[str]", dict[str, Any]]:
    command = [sys.executable, "-m", "sandbox", "--home", str(home), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    word, _, rest = process.stdout.readline().partition(" ")
    assert word == "READY"
    return process, json.loads(rest)


def stop(process: "subprocess.Popen[str]") -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=20)


def test_the_process_says_when_it_is_ready_and_comes_back_as_the_same_world(tmp_path: Path) -> None:
    process, addresses = start(tmp_path, "--seed", "11", "--shoppers", "500")
    httpx.post(f"{addresses['http']}/sandbox/clock", json={"days": 2})
    bundle = Path(addresses["ca_bundle"]).read_bytes()
    world = json.loads((tmp_path / "sandbox" / "world.json").read_text())
    assert (world["seed"], world["shoppers"]) == (11, 500)
    assert stop(process) == 0
    process, addresses = start(tmp_path)
    assert Path(addresses["ca_bundle"]).read_bytes() == bundle
    assert json.loads((tmp_path / "sandbox" / "world.json").read_text()) == world
    assert stop(process) == 0
