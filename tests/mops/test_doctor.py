"""The doctor's screen: every line says what is wrong and how to mend it, and the doctor itself never falls over."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from mops import doctor, health

pytestmark = pytest.mark.django_db


def finding(subject: str) -> doctor.Finding:
    return doctor._look(subject, doctor.CHECKS[subject])


def test_servers_of_the_tests_are_well() -> None:
    well = {found.subject for found in doctor.examine() if found.well}
    assert well >= {"Python", "Time zones", "Settings", "Database", "Migrations", "Redis", "Encryption keys", "Debug"}


def test_an_evicting_broker_is_found(settings: object) -> None:
    import redis
    from django.conf import settings as ours

    with redis.Redis.from_url(ours.REDIS_URL) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            sick = finding("Redis")
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    assert not sick.well
    assert "noeviction" in sick.mend


@pytest.mark.django_db(transaction=True)
def test_an_address_that_takes_events_is_told_from_one_that_does_not(settings: pytest.FixtureRequest, live_server: Any) -> None:
    for url, what in ((live_server.url, "answers"), (f"{live_server.url}/login", "answers 404"), ("http://127.0.0.1:9", "refused")):
        settings.COLLECTOR_URL = url  # type: ignore[attr-defined]
        found = finding("Collector")
        assert what in found.what
        assert found.well == (url == live_server.url)


def test_a_missing_worker_is_found() -> None:
    assert finding("Worker").what == "no worker answers"


def test_a_key_that_is_none_is_found(settings: pytest.FixtureRequest) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ["not a key"]  # type: ignore[attr-defined]
    assert "Make one" in finding("Encryption keys").mend


def test_a_missing_live_process_is_found() -> None:
    assert finding("Live").what == "none is connected"


def test_an_unreachable_broker_does_not_hide_the_other_lines(settings: pytest.FixtureRequest) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"  # type: ignore[attr-defined]
    assert not finding("Redis").well
    assert not finding("Worker").well
    assert finding("Database").well


def test_without_settings_it_says_what_to_set(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "MOPS_HOME": str(tmp_path)}
    answer = subprocess.run([sys.executable, "manage.py", "doctor"], capture_output=True, text=True, env=env)
    assert answer.returncode == 1
    assert "!!  Settings" in answer.stdout
    assert ".env.example" in answer.stdout


def test_a_new_key_needs_no_settings(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "MOPS_HOME": str(tmp_path)}
    answer = subprocess.run([sys.executable, "manage.py", "doctor", "--new-key"], capture_output=True, text=True, env=env)
    Fernet(answer.stdout.strip().encode())


def test_beat_is_silent_since_its_last_write(tmp_path: Path) -> None:
    assert health.beat_silence(tmp_path) is None
    (tmp_path / "beat.db").touch()
    os.utime(tmp_path / "beat.db", (1, 1))
    assert (health.beat_silence(tmp_path) or 0) > 3 * health.BEAT_SYNC
