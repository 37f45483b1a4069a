"""What the demo's processes are told, and what stays private."""

import ast
from pathlib import Path

import pytest

from mops.demo import environment
from mops.demo.__main__ import free_port
from mops.demo.screen import Progress, Screen
from tests.mops.test_compose import settings_variables

READY = 'READY {"http": "http://127.0.0.1:5001", "grpc": "localhost:5002", "ca_bundle": "/somewhere/bundle.pem"}'
SANDBOX = environment.Sandbox.read(READY)


def test_it_reads_the_line_of_the_sandbox() -> None:
    assert SANDBOX == ("http://127.0.0.1:5001", "localhost:5002", "/somewhere/bundle.pem")
    assert SANDBOX.ports == (5001, 5002)


def test_every_variable_is_one_that_settings_read(tmp_path: Path) -> None:
    given = environment.product(tmp_path, "postgresql:///mops", "redis://", "http://127.0.0.1:8000")
    given |= environment.platforms(tmp_path, SANDBOX)

    assert given.keys() - settings_variables() == {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"}


def test_every_endpoint_of_the_settings_leads_to_the_sandbox(tmp_path: Path) -> None:
    tree = ast.parse(Path("mops/checks.py").read_text())
    endpoints = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ENDPOINTS"
    )

    assert set(endpoints) <= environment.platforms(tmp_path, SANDBOX).keys()


def test_the_certificates_of_grpc_are_replaced_not_defaulted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "/etc/ssl/of-the-system.pem")

    env = environment.for_processes(tmp_path, environment.platforms(tmp_path, SANDBOX))

    assert env["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] == "/somewhere/bundle.pem"
    assert env["NO_PROXY"] == "localhost,127.0.0.1"


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = environment.private_secrets(tmp_path)

    assert environment.private_secrets(tmp_path) == first
    assert len(first["SECRET_KEY"]) >= 50
    assert (tmp_path / "secrets.env").stat().st_mode & 0o077 == 0


def test_a_taken_port_is_stepped_over() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_progress_ends_when_all_days_are_there_or_the_pull_failed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [Progress("Brand", 90, 90, 1200, "done"), Progress("Shop", 3, 90, 40, "failed")]
    Screen().bars(rows)

    assert all(row.over for row in rows)
    assert not Progress("Video", 3, 90, 40, "running").over
    assert capsys.readouterr().out == "  93 of 180 days, 1240 rows\n"
