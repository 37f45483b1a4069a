"""Static files and message catalogs, made again only when something changed."""

import hashlib
from collections.abc import Iterator

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

from mops.embedded.locks import held


def collect_static() -> bool:
    """Run collectstatic if a source file changed since the last time. Return whether it ran."""
    root = settings.STATIC_ROOT
    root.parent.mkdir(parents=True, exist_ok=True)
    stamp, found = root.with_name("static.stamp"), _fingerprint()
    with held(root.with_name("static.lock")):
        if stamp.exists() and stamp.read_text() == found:
            return False
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(found)
    return True


def _fingerprint() -> str:
    return hashlib.sha256("\n".join(_sources()).encode()).hexdigest()


def _sources() -> Iterator[str]:
    """Name, size and time of every file to collect, and how they are stored."""
    yield str(settings.STORAGES["staticfiles"])
    for finder in get_finders():
        for name, storage in finder.list([]):
            yield f"{name} {storage.size(name)} {storage.get_modified_time(name).timestamp()}"
