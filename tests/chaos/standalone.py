"""A database of its own for runs outside pytest: started in a folder, gone with it. Django is set up inside."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mops import embedded
from mops.demo import environment


@contextmanager
def database(home: Path, *, broker: bool = False) -> Iterator[dict[str, str]]:
    """Start PostgreSQL (and Valkey), create the tables and yield the environment that leads other processes there."""
    os.chmod(home, 0o755)  # the database server may run as a user of its own
    try:
        redis = embedded.start_valkey(home) if broker else "redis://127.0.0.1:9/0"
        settings = environment.product(home, embedded.start_postgres(home), redis, "http://127.0.0.1:8000")
        os.environ.update(settings, DJANGO_SETTINGS_MODULE="mops.settings", LOG_LEVEL="CRITICAL")
        os.environ.pop("SANDBOX_CLOCK", None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield settings
    finally:
        embedded.stop(home)
