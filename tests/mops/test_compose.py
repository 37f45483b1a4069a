"""docker-compose.yml, Dockerfile and .env.example say what the code says."""

import ast
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from mops.demo import processes
from tracking.rights import journal

ROOT = Path(__file__).parent.parent.parent
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE_TEXT)["services"]
HOME = "/app/.mops"
LONG_RUNNING = sorted(SERVICES.keys() - {"migrate"})
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)


def settings_variables() -> set[str]:
    """The literal names that mops.settings reads: env.str("NAME") and its siblings."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / "mops" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "env":
            assert isinstance(node.args[0], ast.Constant), f"line {node.lineno}: name the variable literally"
            names.add(str(node.args[0].value))
    return names


def example_variables() -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def compose_variables() -> set[str]:
    return set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE_TEXT))


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_env_example_lists_exactly_what_is_read() -> None:
    assert example_variables() == settings_variables() | compose_variables()


def test_every_container_of_ours_shares_uploads_and_the_journal_of_erasures() -> None:
    kept = [f"media:{HOME}/{Path(settings.MEDIA_ROOT).name}", f"journal:{HOME}/{journal.path().parent.name}"]
    for name in OURS:
        assert SERVICES[name]["volumes"] == kept
        assert SERVICES[name]["environment"]["MOPS_HOME"] == HOME
    folders = " ".join(volume.partition(":")[2] for volume in kept)
    assert re.search(rf"^ && install -d -o mops .*{folders}$", (ROOT / "Dockerfile").read_text(), re.M), "root would own the volume"


def test_no_password_has_a_default() -> None:
    assert ":-" not in "".join(re.findall(r"\$\{[^}]*\}", COMPOSE_TEXT))
    for name, value in re.findall(r"^(\w*(?:KEY|KEYS|SECRET|PASSWORD)\w*)=(.*)$", (ROOT / ".env.example").read_text(), re.M):
        assert value == "", f"{name} is given away in .env.example"
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("${POSTGRES_PASSWORD:?")


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_every_lasting_service_has_a_health_check_and_comes_back(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_only_pages_and_collector_are_published_and_only_to_this_host() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"], "collector": ["127.0.0.1:8001:8001"]}


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_exists(name: str) -> None:
    check = SERVICES[name].get("healthcheck", {}).get("test", [])
    for words in (SERVICES[name]["command"], " ".join(check).split()):
        if "-m" in words:
            assert find_spec(option(words, "-m"))
        if "manage.py" in words:
            assert option(words, "manage.py") in get_commands()


def test_compose_runs_what_the_demo_runs() -> None:
    def here(process: processes.Process) -> list[str]:
        return ["python" if word == sys.executable else word for word in process.command]

    assert SERVICES["web"]["command"] == here(processes.web("0.0.0.0", 8000))
    assert SERVICES["collector"]["command"] == here(processes.collector("0.0.0.0", 8001))
    assert SERVICES["worker"]["command"] == here(processes.worker("default", 2))
    assert SERVICES["connectors"]["command"] == here(processes.worker("connectors", 2, "connectors"))
    assert SERVICES["beat"]["command"] == here(processes.beat())
    assert SERVICES["live"]["command"] == here(processes.live())


def test_the_image_starts_the_same_web_process() -> None:
    command = re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.M)
    assert command
    assert ast.literal_eval(command[1]) == SERVICES["web"]["command"]


def test_every_queue_has_a_worker(settings: Any) -> None:
    queues = {settings.CELERY_TASK_DEFAULT_QUEUE, *(route["queue"] for route in settings.CELERY_TASK_ROUTES.values())}
    consumed = {option(SERVICES[name]["command"], "-Q") for name in ("worker", "connectors")}
    assert consumed == queues


def test_the_broker_keeps_its_queues() -> None:
    command = SERVICES["redis"]["command"]
    assert option(command, "--maxmemory-policy") == "noeviction"
    assert option(command, "--appendonly") == "yes"
    assert SERVICES["redis"]["volumes"] == ["redis:/data"]


def test_databases_wait_and_everything_of_ours_waits_for_them() -> None:
    for name in OURS:
        waits = SERVICES[name]["depends_on"]
        assert waits["postgres"] == waits["redis"] == {"condition": "service_healthy"}
        assert name == "migrate" or waits["migrate"] == {"condition": "service_completed_successfully"}


def test_the_image_keeps_the_google_ads_version_the_connector_speaks() -> None:
    from channels.connectors.google_ads.connector import VERSION

    assert f"ARG GOOGLE_ADS_VERSION={VERSION}\n" in (ROOT / "Dockerfile").read_text()


def test_the_image_is_not_run_by_root() -> None:
    assert re.findall(r"^USER (\w+)$", (ROOT / "Dockerfile").read_text(), re.M)[-1] == "mops"


def test_locks_name_no_registry() -> None:
    address = re.compile(r"^--|(?<!--no-emit-)index-url|\"resolved\"|registry=|//[\w.-]*(pypi|npmjs)", re.M)
    for path in (*ROOT.glob("requirements/*.txt"), ROOT / "package-lock.json", ROOT / ".npmrc"):
        assert not address.search(path.read_text()), path
