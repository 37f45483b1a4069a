"""Run the benchmarks in a database of their own: `python -m benchmarks [name …] [--full]`."""

import argparse
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path

NAMES = ("swap", "sync", "dashboard", "collector", "identities", "ingest", "segments")

FULL = {"dashboard": {"facts": 10_000_000}, "identities": {"identities": 1_000_000}, "ingest": {"events": 1_000_000},
        "segments": {"people": 1_000_000, "events": 10_000_000}}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, metavar="name", help=f"of {', '.join(NAMES)}")
    parser.add_argument(
        "--full", action="store_true", help="10 million facts for the dashboard, 1 million identities, events and people"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mops-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        return _run(home, arguments)


def _run(home: Path, arguments: argparse.Namespace) -> int:
    from mops import embedded
    from mops.demo import environment

    try:
        database = os.environ.get("DATABASE_URL") or embedded.start_postgres(home)
        broker = os.environ.get("REDIS_URL") or embedded.start_valkey(home)
        os.environ.update(environment.product(home, database, broker, "http://127.0.0.1:8000"))
        os.environ.update(DJANGO_SETTINGS_MODULE="mops.settings", LOG_LEVEL="ERROR")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        right = True
        for name in arguments.names:
            module = import_module(f"benchmarks.{name}")
            print(f"{name}: {(module.__doc__ or '').splitlines()[0]}")
            right &= module.main(**(FULL.get(name, {}) if arguments.full else {}))
        return 0 if right else 1
    finally:
        embedded.stop(home)


if __name__ == "__main__":
    sys.exit(main())
