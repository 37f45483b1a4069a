"""The embedded servers keep their data through stops, kills and debris of all kinds."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from mops import embedded
from mops.embedded import postgres, processes


@pytest.fixture
def home() -> Iterator[Path]:
    # Not tmp_path: as root the server runs as another user, which may not enter pytest's private folders.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "home"
        embedded.stop(Path(folder) / "home")


def servers_in(home: Path) -> list[psutil.Process]:
    resolved = home.resolve()
    return processes.working_in(resolved / "postgres", "postgres") + processes.working_in(resolved / "valkey", "valkey-server")


def kill_everything(home: Path) -> None:
    for process in servers_in(home):
        process.kill()
    for process in servers_in(home):
        process.wait(10)


def write(database: str, broker: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")
    with redis.Redis.from_url(broker) as client:
        client.rpush("queue", "kept")


def read(database: str, broker: str) -> tuple[object, object]:
    with psycopg.connect(database) as connection, redis.Redis.from_url(broker) as client:
        return connection.execute("SELECT text FROM note").fetchone(), client.lrange("queue", 0, -1)


def test_a_second_start_returns_the_running_servers(home: Path) -> None:
    first = embedded.start_postgres(home), embedded.start_valkey(home)
    running = {process.pid for process in servers_in(home)}

    assert (embedded.start_postgres(home), embedded.start_valkey(home)) == first
    assert {process.pid for process in servers_in(home)} >= {pid for pid in running if psutil.pid_exists(pid)}


def test_data_survives_a_stop(home: Path) -> None:
    write(embedded.start_postgres(home), embedded.start_valkey(home))
    embedded.stop(home)

    assert servers_in(home) == []
    assert read(embedded.start_postgres(home), embedded.start_valkey(home)) == (("kept",), [b"kept"])


def test_data_and_addresses_survive_kill_9_of_everything(home: Path) -> None:
    before = embedded.start_postgres(home), embedded.start_valkey(home)
    write(*before)
    kill_everything(home)
    assert (home / "postgres" / "postmaster.pid").exists()

    after = embedded.start_postgres(home), embedded.start_valkey(home)

    assert after == before
    assert read(*after) == (("kept",), [b"kept"])


def test_it_starts_while_children_of_a_killed_postmaster_are_still_alive(home: Path) -> None:
    database = embedded.start_postgres(home)
    postmaster = postgres._postmaster(home.resolve() / "postgres")
    assert postmaster
    postmaster.kill()

    assert embedded.start_postgres(home) == database


def test_a_stale_pid_file_naming_an_innocent_process_is_ignored(home: Path) -> None:
    embedded.start_postgres(home)
    embedded.stop(home)
    innocent = subprocess.Popen(["sleep", "60"])
    try:
        (home / "postgres" / "postmaster.pid").write_text(f"{innocent.pid}\n{home}/postgres\n1\n5432\n")
        embedded.start_postgres(home)
        embedded.stop(home)
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_debris_of_a_killed_initdb_is_replaced(home: Path) -> None:
    (home / "postgres-new").mkdir(parents=True)
    (home / "postgres-new" / "PG_VERSION").write_text("18\n")

    assert psycopg.connect(embedded.start_postgres(home)).info.dbname == "mops"


def test_a_path_too_long_for_a_socket_works(home: Path) -> None:
    deep = home / ("x" * 60) / ("y" * 60)

    assert psycopg.connect(embedded.start_postgres(deep)).info.dbname == "mops"
    embedded.stop(deep)


def test_valkey_moves_when_its_port_was_taken(home: Path) -> None:
    first = embedded.start_valkey(home)
    embedded.stop(home)
    port = int(first.rsplit(":", 1)[1].split("/")[0])
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", port))
        squatter.listen()
        second = embedded.start_valkey(home)

    assert second != first
    with redis.Redis.from_url(second) as client:
        assert client.ping()


def test_writes_are_durable_and_nothing_is_evicted(home: Path) -> None:
    with psycopg.connect(embedded.start_postgres(home)) as connection:
        names = ("fsync", "full_page_writes", "jit")
        settings = {name: connection.execute(f"SHOW {name}").fetchone() for name in names}
    with redis.Redis.from_url(embedded.start_valkey(home)) as client:
        policy = client.config_get("maxmemory-policy") | client.config_get("appendonly")

    assert settings == {"fsync": ("on",), "full_page_writes": ("on",), "jit": ("off",)}
    assert policy == {"maxmemory-policy": "noeviction", "appendonly": "yes"}


def test_valkey_asks_other_users_of_the_machine_for_a_password(home: Path) -> None:
    address = embedded.start_valkey(home)
    port = int(address.rsplit(":", 1)[1].split("/")[0])

    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    assert (home / "valkey" / "url").stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform != "linux", reason="parent death signals are a Linux feature")
def test_tied_servers_end_when_their_starter_is_killed(home: Path) -> None:
    script = (
        "import sys, time, pathlib; from mops import embedded; home = pathlib.Path(sys.argv[1]);"
        "embedded.start_postgres(home); embedded.start_valkey(home); print('up', flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", script, str(home)], stdout=subprocess.PIPE)
    assert starter.stdout
    assert starter.stdout.readline() == b"up\n"

    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()

    _, alive = psutil.wait_procs(servers_in(home), timeout=20)
    assert alive == []


def nobody_can_run_python() -> bool:
    if os.geteuid() != 0:
        return False
    try:
        command = [sys.executable, "-c", "import mops.embedded"]
        return subprocess.run(command, user="nobody", extra_groups=[], capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not nobody_can_run_python(), reason="needs root, and a Python that others may run")
def test_an_ordinary_user_can_start_them_too() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        script = (
            "import sys, pathlib; from mops import embedded; home = pathlib.Path(sys.argv[1]);"
            "print(embedded.start_postgres(home)); print(embedded.start_valkey(home)); embedded.stop(home)"
        )
        command = [sys.executable, "-c", script, f"{folder}/home"]
        answer = subprocess.run(
            command, user="nobody", group="nogroup", extra_groups=[], capture_output=True, text=True, timeout=60
        )

        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.startswith("postgresql://mops@/mops?host=")


def test_a_failing_start_shows_the_end_of_the_log(home: Path) -> None:
    embedded.start_postgres(home)
    embedded.stop(home)
    (home / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(processes.ServerFailed, match="no_such_setting"):
        embedded.start_postgres(home)
