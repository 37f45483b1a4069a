"""A person outside the database: files under MOPS_HOME, and what waits or is remembered in Valkey."""

import base64
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

from tracking.rights import searching
from tracking.rights.person import Person

FOLDERS = ("exports", "media", "mail")  # where the product writes files about people


def files(person: Person) -> int:
    """Delete every export, upload and mail on disk that names the person. How many."""
    found = [path for path in written() if names(path, person)]
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def written() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in sorted((settings.MOPS_HOME / folder).rglob("*")) if path.is_file())


def names(path: Path, person: Person) -> bool:
    return any(is_about(content, person) for content in _contents(path))


def _contents(path: Path) -> Iterator[bytes]:
    """The file's bytes; of a zip (also XLSX) those of its parts."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                yield archive.read(part)


def is_about(content: bytes, person: Person) -> bool:
    """In UTF-8 or UTF-16, wherever that begins."""
    lowered = content.lower()
    if not any(form.encode(encoding) in lowered for form in person.escaped for encoding in ("utf-8", "utf-16-le")):
        return False
    texts = (content.decode(errors="replace"), *(content[start:].decode("utf-16-le", errors="replace") for start in (0, 1)))
    return any(searching.mentions(text, person) for text in texts)


def valkey(person: Person) -> int:
    """Delete cached values and waiting messages that name the person; ours carry ids of rows only. How many. Raises RedisError."""
    import redis

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return sum(_forget(client, key, person) for key in list(client.scan_iter(count=1_000)))


def _forget(client: Any, key: bytes, person: Person) -> int:
    if is_about(key, person):
        return int(client.delete(key))
    kind = client.type(key)
    if kind == b"list":
        return sum(client.lrem(key, 0, item) for item in set(client.lrange(key, 0, -1)) if in_message(item, person))
    if kind == b"string":
        return int(client.delete(key)) if in_message(client.get(key) or b"", person) else 0
    if kind == b"hash":
        return sum(client.hdel(key, name) for name, item in client.hgetall(key).items() if in_message(name + item, person))
    if kind in (b"set", b"zset"):
        members = client.smembers(key) if kind == b"set" else client.zrange(key, 0, -1)
        remove = client.srem if kind == b"set" else client.zrem
        return sum(remove(key, item) for item in members if in_message(item, person))
    return 0


def in_message(item: bytes, person: Person) -> bool:
    """Also where Celery wrapped the body of a message in base64."""
    if is_about(item, person):
        return True
    start = item.find(b'"body": "')
    if start < 0:
        return False
    body = item[start + 9 :].partition(b'"')[0]
    try:
        return is_about(base64.b64decode(body, validate=True), person)
    except ValueError:
        return False
