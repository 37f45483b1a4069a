"""Bodies as they are kept: long ones packed with gzip before they go to PostgreSQL, whose own packing costs more than storing."""

import zlib
from typing import Any

from django.db import models

from tracking.collector.body import GZIP
from tracking.collector.limits import EVENT_BYTES, FILE_EVENTS

LONG = 2000  # bytes; PostgreSQL packed nothing shorter either
MOST = FILE_EVENTS * EVENT_BYTES  # bytes unpacked: an imported batch of the longest events, far more than anybody may send
MAGIC = b"\x1f\x8b"


def pack(body: bytes) -> bytes:
    """What to keep of a body. One that begins like gzip is packed whatever its length, so that `unpack` gives back just that.

    More than `MOST` is kept as it is: such bodies are never sent, only written by us, and JSON does not begin like gzip.
    """
    if len(body) > MOST or (len(body) < LONG and not body.startswith(MAGIC)):
        return body
    return zlib.compress(body, 1, GZIP)


def unpack(kept: bytes) -> bytes:
    """The body. What was kept before bodies were packed is given back as it is, even if it begins like gzip."""
    if not kept.startswith(MAGIC):
        return kept
    unpacker = zlib.decompressobj(GZIP)
    try:
        body = unpacker.decompress(kept, MOST + 1)
    except zlib.error:
        return kept
    return body if unpacker.eof and not unpacker.unused_data and len(body) <= MOST else kept


class PackedBytesField(models.BinaryField[bytes, bytes]):
    """Bytes that are packed in the database and nowhere else. SQL sees them packed: search them in Python."""

    def get_prep_value(self, value: Any) -> Any:
        prepared = super().get_prep_value(value)
        return pack(bytes(prepared)) if isinstance(prepared, bytes | bytearray | memoryview) else prepared

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> bytes | None:
        return None if value is None else unpack(bytes(value))
