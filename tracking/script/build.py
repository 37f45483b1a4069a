"""From the files in js/ to what browsers get: put together and minified by esbuild, once, when static files are collected.

A page loads one file with the adapter of its consent manager; the others would only be weight.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage

SOURCES = Path(__file__).parent / "js"
PARTS = ("setup", "consent", "send", "observe", "start")
MANAGERS = ("page", "gcm", "tcf", "cookiebot", "onetrust", "usercentrics", "klaro")  # consent managers with an adapter
BANNER = "vanilla-cookieconsent/dist/cookieconsent"  # in node_modules
OPTIONS = ("--minify", "--format=iife", "--tree-shaking=true", "--target=es2021", "--charset=utf8", "--loader=js")


class UnableToBuild(Exception):
    """esbuild is missing or does not understand the source."""


def sources() -> dict[str, list[Path]]:
    """Static file → what it is made of, in this order."""
    parts = [SOURCES / f"{part}.js" for part in PARTS]
    packages = Path(settings.NODE_MODULES)
    return {
        **{f"t/{name}.js": [*parts, SOURCES / "adapters" / f"{name}.js"] for name in MANAGERS},
        "t/banner.js": [packages / f"{BANNER}.umd.js", SOURCES / "banner.js"],
        "t/banner.css": [packages / f"{BANNER}.css"],
    }


def build(name: str) -> bytes:
    """The finished file. Raises UnableToBuild, KeyError for an unknown name."""
    files = sources()[name]
    if name == "t/banner.css":
        return files[0].read_bytes()
    *before, last = [path.read_bytes() for path in files]
    if name == "t/banner.js":
        return b"\n".join([*before, minify(last)])  # the package is minified and keeps its licence
    return minify(b"\n".join([*before, last]))


def minify(source: bytes) -> bytes:
    """Shorter JavaScript that does the same, closed off from the page. Raises UnableToBuild."""
    found = sorted(Path(settings.NODE_MODULES).glob("@esbuild/*/bin/esbuild"))
    if not found:
        raise UnableToBuild("esbuild is missing: install the browser packages (make install).")
    done = subprocess.run([str(found[0]), *OPTIONS], input=source, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise UnableToBuild(done.stderr.decode(errors="replace"))
    return done.stdout


class ScriptFinder(BaseFinder):
    """Hands the built files to collectstatic, as if they lay in a folder."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        return []

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        storage = BuiltFiles()
        for name, files in sources().items():
            if all(path.exists() for path in files):
                yield name, storage


class BuiltFiles(FileSystemStorage):
    """Size and time are those of the sources, by which a change is noticed."""

    prefix = ""

    def path(self, name: str) -> str:
        return str(max(sources()[name], key=lambda path: path.stat().st_mtime))

    def size(self, name: str) -> int:
        return sum(path.stat().st_size for path in sources()[name])

    def _open(self, name: str, mode: str = "rb") -> Any:
        return ContentFile(build(name), name=name)
