"""Message catalogs without system gettext: extract, compare, update and compile with Babel.

`.po` files are kept in the repository, `.mo` files are made where they are needed.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("mops", "workspaces", "channels", "tracking", "campaigns", "segments", "reporting", "templates")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "sentence": None,  # what connectors say about their troubles (channels.connectors.base)
}
TAGS = ("Translators:",)


class Problem(NamedTuple):
    """One message that keeps a catalog from being complete."""

    catalog: Path
    what: str
    message: str


def catalogs() -> list[Path]:
    """Every .po file of the project."""
    return sorted(ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def compile_catalogs() -> int:
    """Write the .mo beside each .po that is newer. Return how many were written."""
    written = 0
    for source in catalogs():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        fresh = target.with_suffix(f".{id(target)}.mo")
        with fresh.open("wb") as file:
            write_mo(file, _read(source))
        fresh.replace(target)
        written += 1
    return written


def problems() -> list[Problem]:
    """What is missing, unfinished or left over in the catalogs, compared with the sources. Empty when all is well."""
    wanted = {(message.id, message.context) for message in _extracted() if message.id}
    return [problem for path in catalogs() for problem in _compare(path, _read(path), wanted)]


def update_catalogs() -> None:
    """Bring every .po in step with the sources: new messages empty, vanished ones removed."""
    template = _extracted()
    for path in catalogs():
        catalog = _read(path)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with path.open("wb") as file:
            write_po(file, catalog, width=120, sort_by_file=True, omit_header=False, include_lineno=False)


def _compare(path: Path, catalog: Catalog, wanted: set[tuple[Any, str | None]]) -> Iterator[Problem]:
    present = {(message.id, message.context): message for message in catalog if message.id}
    for key in sorted(wanted - present.keys(), key=str):
        yield Problem(path, "not in the catalog", str(key[0]))
    for key, message in present.items():
        if key not in wanted:
            yield Problem(path, "no longer in the sources", str(key[0]))
        elif message.fuzzy:
            yield Problem(path, "marked fuzzy", str(key[0]))
        elif not _translated(message):
            yield Problem(path, "not translated", str(key[0]))
        elif missing := _lost_placeholders(message):
            yield Problem(path, f"lost {', '.join(sorted(missing))}", str(key[0]))


def _translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (list, tuple)) else bool(message.string)


def _lost_placeholders(message: Message) -> set[str]:
    """Placeholders of the source that a translation lacks: they would raise, or drop a number, in front of the user."""
    pattern = re.compile(r"%\(\w+\)s|%\(\w+\)d|\{\w+\}|%s|%d")
    sources = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    wanted = set(pattern.findall(str(sources[-1])))
    return set().union(*(wanted - set(pattern.findall(str(text))) for text in strings[-1:]))


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


def _extracted() -> Catalog:
    """All messages of the Python files and templates."""
    catalog = Catalog(project="mops", charset="utf-8")
    for path in sorted(_sources()):
        text = path.read_bytes()
        if path.suffix != ".py":
            text = _as_python(path)
        for _line, found, comments, context in extract("python", BytesIO(text), KEYWORDS, TAGS):
            catalog.add(found, None, [(str(path.relative_to(ROOT)), 0)], auto_comments=comments, context=context)
    return catalog


def _sources() -> Iterator[Path]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            if path.suffix in {".py", ".html", ".txt"} and "migrations" not in path.parts:
                yield path


def _as_python(template: Path) -> bytes:
    """Django's own view of a template as calls of gettext, without the indentation that no Python has."""
    from django.utils.translation.template import templatize

    calls = templatize(template.read_text(), origin=str(template))
    return "\n".join(line.strip() for line in calls.split("\n")).encode()
