"""Static files: which files of which npm package are served, and their storage (hashed names, compressed).

The browser packages are installed by npm, never committed; only what a page asks for is collected.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.apps import StaticFilesConfig
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

PACKAGES = {  # folder under static/vendor/: (folder in node_modules, the files wanted)
    "tabler": ("@tabler/core/dist", ("css/tabler.min.css", "js/tabler.min.js")),
    "inter": ("@fontsource-variable/inter", ("index.css", "files/inter-latin-wght-normal.woff2",
                                             "files/inter-latin-ext-wght-normal.woff2")),
    "echarts": ("echarts/dist", ("echarts.min.js",)),
    "alpine": ("@alpinejs/csp/dist", ("cdn.min.js",)),
}  # fmt: skip
SOURCE_MAP = re.compile(rb"(?m)^\s*(?://#|/\*#)\s*sourceMappingURL=.*$")
MISSING_FACE = re.compile(rb"(?s)/\* inter-(?!latin-wght|latin-ext-wght)[\w-]+ \*/\s*@font-face \{.*?\}")


class StaticFiles(StaticFilesConfig):
    """Collects what pages ask for: compressing source maps, a second API viewer and DRF's pages took half a minute."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "redoc", "rest_framework"]


class PackageFinder(BaseFinder):
    """Finds the files of PACKAGES in node_modules."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.files = {
            f"vendor/{folder}/{name}": settings.NODE_MODULES / source / name
            for folder, (source, names) in PACKAGES.items()
            for name in names
        }

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        found = self.files.get(path)
        if found is None or not found.exists():
            return []
        return [str(found)] if find_all else str(found)

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        storage = NamedFiles(self.files)
        for name, source in self.files.items():
            if source.exists():
                yield name, storage


class NamedFiles(FileSystemStorage):
    """Opens a collected name from where its package has it, without what browsers would ask for in vain."""

    prefix = ""

    def __init__(self, files: dict[str, Path]) -> None:
        super().__init__(location=settings.NODE_MODULES)
        self.files = files

    def path(self, name: str) -> str:
        return str(self.files[name])

    def _open(self, name: str, mode: str = "rb") -> Any:
        content = self.files[name].read_bytes()
        if name.endswith((".css", ".js")):
            content = MISSING_FACE.sub(b"", SOURCE_MAP.sub(b"", content))
        return ContentFile(content, name=name)


class ManifestStorage(CompressedManifestStaticFilesStorage):
    """Hashed names and compressed copies; a name that was never collected is an error at the first render."""

    # Names inside style sheets are replaced; comments naming source maps are not, because maps are not collected.
    patterns = (("*.css", CompressedManifestStaticFilesStorage.patterns[0][1][:2]),)
