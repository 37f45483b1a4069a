"""What is wrong with this installation and how to mend it, on one screen. Runs even where the settings do not load."""

import os
import shutil
import sys
import zoneinfo
from collections.abc import Callable
from typing import NamedTuple

from cryptography.fernet import Fernet

GIGABYTE = 10**9
PYTHON = (3, 11)
POSTGRES = 15


class Sick(Exception):
    """Something is wrong: what, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


class Finding(NamedTuple):
    """One line of the screen. `mend` is empty when all is well."""

    subject: str
    what: str
    mend: str

    @property
    def well(self) -> bool:
        return not self.mend


def examine() -> list[Finding]:
    """All findings. Without settings only the ones that need none."""
    findings = [_look("Python", _python), _look("Time zones", _time_zones), _look("Settings", _settings)]
    if findings[-1].well:
        findings += [_look(subject, check) for subject, check in CHECKS.items()]
    return findings


def main(arguments: list[str]) -> int:
    """Print the screen, or a fresh key with --new-key. 0 if all is well."""
    if arguments == ["--new-key"]:
        sys.stdout.write(Fernet.generate_key().decode() + "\n")
        return 0
    findings = examine()
    for finding in findings:
        sys.stdout.write(f"{'OK' if finding.well else '!!'}  {finding.subject:<18} {finding.what}\n")
        if finding.mend:
            sys.stdout.write(f"{'':<23}→ {finding.mend}\n")
    return 0 if all(finding.well for finding in findings) else 1


def _look(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, check(), "")
    except Sick as sick:
        return Finding(subject, sick.what, sick.mend)
    except Exception as error:  # noqa: BLE001  a doctor who falls over helps nobody
        return Finding(subject, f"{type(error).__name__}: {str(error).strip()}", "This check itself failed; see the error.")


def _python() -> str:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < PYTHON:
        raise Sick(found, "Install Python 3.11 or newer and run `make` with PYTHON=/path/to/it.")
    return found


def _time_zones() -> str:
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        raise Sick("no time zone data", "Install the system package `tzdata`.") from None
    return f"{len(zoneinfo.available_timezones())} zones"


def _settings() -> str:
    import django
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise Sick(str(error), "Set it in the environment (compose reads .env). .env.example explains each.") from None
    from django.conf import settings

    return f"SANDBOX={settings.SANDBOX}, data in {settings.MOPS_HOME}"


def _database() -> str:
    from django.db import OperationalError, connection

    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise Sick(str(error).strip(), "Start PostgreSQL (`make demo` brings one) or mend DATABASE_URL.") from None
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10000
    if major < POSTGRES:
        raise Sick(f"PostgreSQL {major}", f"Upgrade to PostgreSQL {POSTGRES} or newer.")
    return f"PostgreSQL {major}"


def _migrations() -> str:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Sick(f"{len(missing)} not applied, first {missing[0][0]}", "Run `manage.py migrate`.")
    return "all applied"


def _redis() -> str:
    import redis
    from django.conf import settings

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5) as client:
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "")
            server = client.info("server")
    except redis.RedisError as error:
        raise Sick(str(error), "Start Redis or Valkey (`make demo` brings one) or mend REDIS_URL.") from None
    if policy not in {"noeviction", ""}:  # "" where a provider hides CONFIG
        raise Sick(f"maxmemory-policy is {policy}", "Set `maxmemory-policy noeviction`, or queued work disappears.")
    name = "valkey" if "valkey_version" in server else "redis"
    return f"{name} {server[f'{name}_version']}, {policy or 'policy hidden by the provider'}"


def _collector() -> str:
    """Ask where senders send, as one without a key: whoever takes events refuses that."""
    import urllib.error
    import urllib.request

    from django.conf import settings

    address = f"{settings.COLLECTOR_URL}/v1/batch"
    request = urllib.request.Request(address, b"{}", {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5) as answer:
            status = answer.status
    except urllib.error.HTTPError as refused:
        status = refused.code
    except OSError as error:
        mend = "Start collector and web (docs/operations.md), unless only this machine cannot reach the address."
        raise Sick(f"{address}: {getattr(error, 'reason', error)}", mend) from error
    if status != 401:
        raise Sick(f"{address} answers {status}", "Let the proxy send the tracking API's addresses to the collector or to web.")
    return f"{address} answers"


def _worker() -> str:
    from mops.celery import app

    answers = app.control.inspect(timeout=3).ping() or {}
    if not answers:
        raise Sick("no worker answers", "Start one: celery -A mops worker -Q default,connectors (see docker-compose.yml).")
    return ", ".join(sorted(answers))


def _beat() -> str:
    from django.conf import settings

    from mops.health import BEAT_SYNC, beat_silence

    silence = beat_silence(settings.MOPS_HOME)
    if silence is None:
        return "unknown here: it keeps its schedule on the machine it runs on"
    if silence > 3 * BEAT_SYNC:
        raise Sick(f"silent for {silence / 60:.0f} minutes", "Start it: celery -A mops beat. Without it nothing is pulled.")
    return f"last wrote {silence:.0f} s ago"


def _live() -> str:
    from django.db import connection

    from mops.live import NAME

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()", [NAME])
        running: int = cursor.fetchone()[0]
        cursor.execute("SELECT count(*) FROM (SELECT 1 FROM segments_touched LIMIT 20001) AS waiting")
        waiting: int = cursor.fetchone()[0]
    if not running:
        raise Sick("none is connected", "Start it: manage.py live. Without it segments follow a quarter of a minute late.")
    if waiting > 20_000:
        raise Sick(f"{running} running, more than 20,000 changes wait", "Start more: docker compose up -d --scale live=2.")
    return f"{running} running, {waiting} changes wait"


def _keys() -> str:
    from django.conf import settings

    from mops.checks import encryption_keys_fit
    from mops.lib.crypto import seal, unseal

    if wrong := encryption_keys_fit(None):
        raise Sick(wrong[0].msg, wrong[0].hint or "")
    if unseal(seal({"probe": "1"}, "doctor"), "doctor") != {"probe": "1"}:
        raise Sick("a sealed value came back changed", "Restore the keys of FIELD_ENCRYPTION_KEYS from the backup.")
    return f"{len(settings.FIELD_ENCRYPTION_KEYS)} in use, newest first"


def _stored_secrets() -> str:
    from channels.models import Connection
    from mops.lib.crypto import UnableToDecrypt

    unreadable = 0
    connections = list(Connection.objects.all())
    for connection in connections:
        try:
            _ = connection.credentials
        except UnableToDecrypt:
            unreadable += 1
    if unreadable:
        raise Sick(f"{unreadable} of {len(connections)} do not decrypt", "Add the old key to the end of FIELD_ENCRYPTION_KEYS.")
    return f"{len(connections)} connections decrypt"


def _consents() -> str:
    from tracking.consent import checking
    from tracking.models import ChainHead

    known = {head.workspace.slug: checking.latest(head.workspace) for head in ChainHead.objects.select_related("workspace")}
    if broken := [f"{name}: {note.outcome.problem}" for name, note in known.items() if note and note.outcome.problem]:
        raise Sick("; ".join(broken), "See `manage.py verify_consent_chain`; compare with the last backup before anything is sent.")
    if late := [name for name, note in known.items() if note and note.is_stale]:
        raise Sick(f"not checked for two nights: {', '.join(late)}", "Worker and beat do it at 02:45 UTC: see their lines above.")
    checked = sum(note is not None for note in known.values())
    waiting = f"; {len(known) - checked} new, checked for the first time tonight" if checked < len(known) else ""
    return f"{checked} ledgers checked last night, all as written{waiting}"


def _static_files() -> str:
    from django.conf import settings

    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise Sick(f"not collected in {settings.STATIC_ROOT}", "Run `manage.py collectstatic`.")
    return str(settings.STATIC_ROOT)


def _browser_packages() -> str:
    from django.conf import settings

    collected = settings.STATIC_ROOT / "vendor"
    if not settings.NODE_MODULES.is_dir() and not collected.is_dir():
        raise Sick("not installed", "Run `make install` (npm ci), then `manage.py collectstatic`.")
    return "installed" if settings.NODE_MODULES.is_dir() else "collected"


def _disk() -> str:
    from django.conf import settings

    free = shutil.disk_usage(settings.MOPS_HOME if settings.MOPS_HOME.exists() else settings.BASE_DIR).free
    if free < GIGABYTE:
        raise Sick(
            f"{free / GIGABYTE:.1f} GB free",
            f"Make room beside {settings.MOPS_HOME}: pulls stop when the disk is full.",
        )
    return f"{free / GIGABYTE:.0f} GB free"


def _endpoints() -> str:
    from django.conf import settings

    from mops.checks import sandbox_and_production_do_not_mix

    if wrong := sandbox_and_production_do_not_mix(None):
        raise Sick(wrong[0].msg, wrong[0].hint or "")
    return "all on this machine" if settings.SANDBOX else "the platforms' own"


def _debug() -> str:
    from django.conf import settings

    if settings.DEBUG and not settings.SITE_URL.startswith(("http://127.0.0.1", "http://localhost")):
        raise Sick(f"on, at {settings.SITE_URL}", "Set DEBUG=false: error pages show settings to strangers.")
    return "on (this machine only)" if settings.DEBUG else "off"


CHECKS: dict[str, Callable[[], str]] = {
    "Database": _database,
    "Migrations": _migrations,
    "Redis": _redis,
    "Collector": _collector,
    "Worker": _worker,
    "Beat": _beat,
    "Live": _live,
    "Encryption keys": _keys,
    "Stored secrets": _stored_secrets,
    "Consents": _consents,
    "Static files": _static_files,
    "Browser packages": _browser_packages,
    "Disk": _disk,
    "Endpoints": _endpoints,
    "Debug": _debug,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
