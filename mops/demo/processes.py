"""The processes of the product as a table. The demo starts them on this machine, docker-compose.yml in containers."""

import signal
import sys
from typing import NamedTuple


class Process(NamedTuple):
    """One long-running program: `argv` after the Python interpreter, and the signals that end it."""

    name: str
    argv: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    death_signal: signal.Signals = signal.SIGTERM

    @property
    def command(self) -> list[str]:
        """What to run on this machine."""
        return [sys.executable, *self.argv]


def web(host: str, port: int) -> Process:
    """Pages and API. Idle threads end."""
    serve = ("--interface", "wsgi", "mops.wsgi:application", "--workers", "1", "--blocking-threads", "32")
    return Process("web", ("-m", "granian", *serve, "--host", host, "--port", str(port), "--no-ws"))


def collector(host: str, port: int) -> Process:
    """The tracking API alone, for websites and SDKs (docs/decisions/0006). Several may run."""
    serve = ("--interface", "rsgi", "mops.collector:application", "--workers", "1", "--http", "1")
    return Process("collector", ("-m", "granian", *serve, "--host", host, "--port", str(port), "--no-ws"))


def worker(queues: str, processes: int, name: str = "worker") -> Process:
    """Celery. Asked to end in a hurry it drops its tasks: they are in the database and run again."""
    options = ("-Q", queues, "-c", str(processes), "-n", f"{name}@%h", "--loglevel", "INFO")
    lean = ("--without-gossip", "--without-mingle")
    return Process(name, ("-m", "celery", "-A", "mops", "worker", *options, *lean), signal.SIGQUIT, 10, signal.SIGQUIT)


def live() -> Process:
    """What must happen at once. Several may run; killed, it has left nothing half done."""
    return Process("live", ("manage.py", "live"))


def beat() -> Process:
    """The clock of mops.schedule. Exactly one; a second would only ask twice."""
    return Process("beat", ("-m", "celery", "-A", "mops", "beat", "--loglevel", "INFO", "--pidfile="))


def sandbox(home: str, http_port: int = 0, grpc_port: int = 0) -> Process:
    """The simulated platforms. Port 0 takes a free one."""
    ports = ("--http-port", str(http_port), "--grpc-port", str(grpc_port))
    return Process("sandbox", ("-m", "sandbox", "--home", home, *ports))
