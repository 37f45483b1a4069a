"""A database and a web server of their own for runs outside pytest: started in a folder, gone with it."""

import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from mops import embedded
from mops.demo import environment, processes
from mops.embedded.processes import launch, stop_group, tail

HOST = "127.0.0.1"


@contextmanager
def database(home: Path, *, broker: bool = False) -> Iterator[dict[str, str]]:
    """Start PostgreSQL (and Valkey), create the tables and yield the environment that leads other processes there."""
    os.chmod(home, 0o755)  # the database server may run as a user of its own
    try:
        redis = embedded.start_valkey(home) if broker else "redis://127.0.0.1:9/0"
        settings = environment.product(home, embedded.start_postgres(home), redis, f"http://{HOST}:8000")
        os.environ.update(settings, DJANGO_SETTINGS_MODULE="mops.settings", LOG_LEVEL="CRITICAL")
        os.environ.pop("SANDBOX_CLOCK", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield settings
    finally:
        embedded.stop(home)


class Program:
    """A process of the product that can be killed and started again in the same place."""

    def __init__(self, home: Path, settings: Mapping[str, str], process: processes.Process) -> None:
        self.home, self.process = home, process
        self.environment = environment.for_processes(home, {**settings, "LOG_LEVEL": "ERROR"})
        self.pid = 0

    @property
    def log(self) -> Path:
        return self.home / "log" / f"{self.process.name}.log"

    def start(self) -> None:
        self.pid = launch(self.process.command, log=self.log, env=self.environment, death_signal=signal.SIGTERM).pid

    def kill(self) -> None:
        """kill -9 of the whole group, then a new one."""
        stop_group(self.pid, first=signal.SIGKILL)

    def stop(self) -> None:
        stop_group(self.pid, first=self.process.stop_signal)


class Web(Program):
    """The product's own web process, granian, on a free port."""

    made = staticmethod(processes.web)

    def __init__(self, home: Path, settings: Mapping[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        super().__init__(home, {**settings, "SITE_URL": self.url}, self.made(HOST, self.port))

    def wait(self, seconds: float = 60) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                direct.open(f"{self.url}/healthz", timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise TimeoutError(f"The {self.process.name} process did not answer:\n{tail(self.log)}")


class Collector(Web):
    """The product's own collector process, likewise."""

    made = staticmethod(processes.collector)


def database_of_the_test() -> str:
    """The address of the database of the running test, for processes that shall find the same."""
    from django.db import connection

    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


@contextmanager
def running(server: Web) -> Iterator[Web]:
    """The server, answering; stopped at the end."""
    server.start()
    try:
        server.wait()
        yield server
    finally:
        server.stop()
