"""What the demo's processes find in their environment, and the file that lets other terminals find the same."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

LOCAL = "localhost,127.0.0.1"
MARK = "MOPS_DEMO_HOME"  # in the environment of every process of a demo: what a killed one leaves behind is found by it


class Sandbox(NamedTuple):
    """Where the simulated platforms answer: "http://127.0.0.1:PORT", "localhost:PORT", and the PEM file to trust."""

    http: str
    grpc: str
    ca_bundle: str

    @classmethod
    def read(cls, line: str) -> "Sandbox":
        """From the line `READY {"http": …, "grpc": …, "ca_bundle": …}` that the sandbox prints when it answers."""
        found = json.loads(line.removeprefix("READY "))
        return cls(found["http"], found["grpc"], found["ca_bundle"])

    @property
    def ports(self) -> tuple[int, int]:
        """HTTP and gRPC port: a restarted sandbox must be found where it was."""
        return urlsplit(self.http).port or 0, int(self.grpc.rsplit(":", 1)[1])


def private_secrets(home: Path) -> dict[str, str]:
    """SECRET_KEY and FIELD_ENCRYPTION_KEYS of this installation, made once: without them credentials are lost."""
    path = home / "secrets.env"
    if not path.exists():
        made = {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
        write_private(path, made)
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)


def product(home: Path, database: str, broker: str, site_url: str, collector_url: str = "") -> dict[str, str]:
    """The settings of a demo that do not concern the platforms; without a collector of its own the site takes events."""
    return {
        "MOPS_HOME": str(home),
        "DATABASE_URL": database,
        "REDIS_URL": broker,
        "SITE_URL": site_url,
        "COLLECTOR_URL": collector_url or site_url,
        "ALLOWED_HOSTS": LOCAL,
        "DEBUG": "false",
        **private_secrets(home),
    }


def platforms(home: Path, sandbox: Sandbox) -> dict[str, str]:
    """The settings that send every connector to the sandbox. The names are those of mops.settings."""
    return {
        "SANDBOX": "true",
        "SANDBOX_CLOCK": str(home / "sandbox" / "clock.json"),
        "CONNECTOR_CA_BUNDLE": sandbox.ca_bundle,
        # Assigned, because some systems export it already; gRPC reads it at the first channel of a process.
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": sandbox.ca_bundle,
        "GOOGLE_ADS_API": sandbox.grpc,
        "GA4_API": sandbox.grpc,
        "GA4_ADMIN_API": sandbox.http,
        "GOOGLE_TOKEN_URI": f"{sandbox.http}/oauth/token",
        "GOOGLE_AUTHORIZE_URI": f"{sandbox.http}/oauth/authorize",
        "GOOGLE_CLIENT_ID": "sandbox-client",
        "GOOGLE_CLIENT_SECRET": "sandbox-secret",
        "META_GRAPH_API": sandbox.http,
        "META_TOKEN_URI": f"{sandbox.http}/v26.0/oauth/access_token",
        "META_AUTHORIZE_URI": f"{sandbox.http}/v26.0/dialog/oauth",
        "META_APP_ID": "sandbox-client",
        "META_APP_SECRET": "sandbox-secret",
    }


def for_processes(home: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a child: ours, and nothing that would lead calls to this machine through a proxy."""
    return {
        **os.environ,
        **chosen,
        "DJANGO_SETTINGS_MODULE": "mops.settings",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": LOCAL,
        "no_proxy": LOCAL,
        MARK: str(home),
    }


def write_private(path: Path, values: Mapping[str, str]) -> None:
    """Write KEY=VALUE lines that only this user can read, complete or not at all."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    fresh.replace(path)
