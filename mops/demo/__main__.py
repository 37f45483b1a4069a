"""The steps of `make demo`, in order. Ctrl-C ends them all; the data stays for the next start."""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import NoReturn

from mops import embedded
from mops.demo import environment, processes
from mops.demo.screen import Progress, Screen
from mops.demo.supervisor import Program, Server, Supervisor, end_leftovers
from mops.embedded.locks import held
from mops.embedded.processes import tail
from mops.translations import compile_catalogs

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
SANDBOX_SECONDS = 180  # the first start simulates thirteen months
WEB_SECONDS = 60


class Stopped(Exception):
    """Somebody asked the demo to end."""


def main() -> int:
    home = Path(os.environ.get("MOPS_HOME") or ROOT / ".mops").resolve()
    home.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with held(home / "demo.lock", wait=False):
            return _run(home)
    except BlockingIOError:
        print(
            f"A demo already runs in {home}. Another one beside it: make demo MOPS_HOME=/another/folder",
            file=sys.stderr,
        )
        return 1


def _stop(number: int, frame: FrameType | None) -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # stopping takes a moment and is not to be interrupted
    raise Stopped


def _run(home: Path) -> int:
    screen = Screen()
    supervisor = Supervisor(home, screen.say)
    try:
        return Demo(home, screen, supervisor).run()
    except Stopped:
        return 0
    except (embedded.ServerFailed, TimeoutError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    finally:
        screen.say("\nStopping …")
        (home / "run.env").unlink(missing_ok=True)
        supervisor.stop()


class Demo:
    """One run of the product under a home folder."""

    def __init__(self, home: Path, screen: Screen, supervisor: Supervisor) -> None:
        self.home, self.screen, self.supervisor = home, screen, supervisor
        self.port = free_port(int(os.environ.get("PORT") or 8000))
        self.collector_port = free_port(self.port + 1)
        self.url, self.collector_url = f"http://{HOST}:{self.port}", f"http://{HOST}:{self.collector_port}"

    def run(self) -> NoReturn:
        """Start, fill, stay until `Stopped`."""
        self.screen.say(f"mops, data in {self.home}")
        if ended := end_leftovers(self.home):
            self.screen.say(f"  ended {ended} processes of a demo that was killed")
        settings = self._start_servers()
        self._prepare(settings)
        self._start_programs(settings)
        logins = self._fill()
        self._say_totals()
        self.screen.say(f"\nReady: {self.url}")
        self.screen.say(f"  events of websites and SDKs go to {self.collector_url}/v1")
        for who, email, password in logins:
            self.screen.say(f"  {who:<18} {email:<32} {password}")
        self._say_what_comes()
        self.screen.say(f"Sample data. Logs in {self.home / 'log'}. Ctrl-C stops everything, the data stays.")
        while True:
            self.supervisor.watch()
            time.sleep(0.5)

    def _start_servers(self) -> dict[str, str]:
        """Sandbox, PostgreSQL and Valkey, each on ports of its own choice. Return the settings that name them."""
        sandbox = Program(processes.sandbox(str(self.home)), self.home, environment.for_processes(self.home, {}))
        self.supervisor.add(sandbox)
        with self.screen.step("PostgreSQL"):
            database = os.environ.get("DATABASE_URL") or self._embedded_postgres()
        with self.screen.step("Valkey"):
            broker = os.environ.get("REDIS_URL") or self._embedded_valkey()
        with self.screen.step("Sandbox of the ad platforms"):
            addresses = _wait_for_sandbox(sandbox)
        sandbox.process = processes.sandbox(str(self.home), *addresses.ports)
        settings = environment.product(self.home, database, broker, self.url, self.collector_url)
        return settings | environment.platforms(self.home, addresses)

    def _embedded_postgres(self) -> str:
        url = embedded.start_postgres(self.home)
        self.supervisor.add(Server("postgres", self.home, embedded.start_postgres, embedded.postgres_runs))
        return url

    def _embedded_valkey(self) -> str:
        url = embedded.start_valkey(self.home)
        self.supervisor.add(Server("valkey", self.home, embedded.start_valkey, embedded.valkey_runs))
        return url

    def _prepare(self, settings: dict[str, str]) -> None:
        """Django in this process, tables and static files up to date, run.env for other terminals."""
        os.environ.update(environment.for_processes(self.home, settings))
        del os.environ[environment.MARK]  # this process is no child of a demo
        environment.write_private(self.home / "run.env", settings)
        compile_catalogs()
        import django

        django.setup()
        from django.core.management import call_command

        from mops.demo.assets import collect_static

        with self.screen.step("Tables (half a minute at first)"):
            call_command("migrate", interactive=False, verbosity=0)
        with self.screen.step("Static files"):
            collect_static()

    def _start_programs(self, settings: dict[str, str]) -> None:
        env = environment.for_processes(self.home, settings)
        table = [processes.web(HOST, self.port), processes.collector(HOST, self.collector_port)]
        table += [processes.worker("default,connectors", 2), processes.beat(), processes.live()]
        with self.screen.step("Web, collector, worker, beat, live"):
            for process in table:
                self.supervisor.add(Program(process, self.home, env))
            for url, name in ((self.url, "web"), (self.collector_url, "collector")):
                _wait_for_answer(url, name, self.supervisor)

    def _fill(self) -> list[tuple[str, str, str]]:
        """Sample data, then the first pull of every account. Return the logins: who, e-mail, password."""
        from mops.demo import progress, sample

        with self.screen.step("Sample workspace"):
            logins = list(sample.create())
        self.screen.say(f"Open {self.url} already: numbers arrive as they are pulled.")
        rows = [Progress(*row) for row in progress.rows()]
        while not all(row.over for row in rows):
            self.screen.bars(rows)
            self.supervisor.watch()
            time.sleep(0.5)
            rows = self._progress_rows() or rows
        self.screen.bars(rows)
        self.screen.keep()
        sample.settle()
        sample.open_website()
        return logins

    def _say_totals(self) -> None:
        from mops.demo import progress

        self.screen.say("\nPulled so far:")
        for total in progress.totals():
            self.screen.say(f"  {total}")

    def _say_what_comes(self) -> None:
        from mops.demo import progress, sample

        for line in progress.still_coming(sample.control("/sandbox/shop")):
            self.screen.say(f"  {line}")

    def _progress_rows(self) -> list[Progress]:
        """Empty while the database restarts."""
        from django.db import OperationalError, close_old_connections

        from mops.demo import progress

        try:
            return [Progress(*row) for row in progress.rows()]
        except OperationalError:
            close_old_connections()
            return []


def free_port(first: int) -> int:
    """The first port from `first` on that nobody has on this machine."""
    for port in range(first, min(first + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise embedded.ServerFailed(f"No free port between {first} and {first + 99}. Choose another: make demo PORT=9000")


def _wait_for_sandbox(program: Program) -> environment.Sandbox:
    """Wait for the READY line of this run in the sandbox's log."""
    deadline = time.monotonic() + SANDBOX_SECONDS
    while time.monotonic() < deadline and program.alive():
        with program.log.open("rb") as file:
            file.seek(program.log_start)
            for line in file.read().decode(errors="replace").splitlines(keepends=True):
                if line.startswith("READY ") and line.endswith("\n"):
                    return environment.Sandbox.read(line)
        time.sleep(0.1)
    raise TimeoutError(f"The sandbox did not start. The end of {program.log}:\n{tail(program.log)}")


def _wait_for_answer(url: str, name: str, supervisor: Supervisor) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + WEB_SECONDS
    while time.monotonic() < deadline:
        try:
            direct.open(f"{url}/healthz", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            supervisor.watch()
            time.sleep(0.1)
    log = supervisor.home / "log" / f"{name}.log"
    raise TimeoutError(f"The {name} process did not answer. The end of {log}:\n{tail(log)}")


if __name__ == "__main__":
    sys.exit(main())
