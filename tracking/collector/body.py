"""From bytes to JSON: unpacked within bounds, read strictly, never trusted."""

import json
import zlib
from typing import Any, NoReturn

from tracking.collector.limits import BODY_BYTES

GZIP = 16 + zlib.MAX_WBITS


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(parse_constant=_no_constant)  # made once: json.loads makes one per call


class TooLarge(Exception):
    """More bytes than anybody may send."""


class Unreadable(Exception):
    """No JSON, with what is wrong."""


def unpack(body: bytes, encoding: str) -> bytes:
    """The body without its gzip. Raises TooLarge before more than BODY_BYTES exist, Unreadable for broken gzip.

    The bound is on what comes out, not on the ratio: 100 alike events of an honest SDK pack 30 times smaller.
    """
    if encoding not in ("gzip", "x-gzip") and not body.startswith(b"\x1f\x8b"):
        if encoding not in ("", "identity"):
            raise Unreadable(f"content encoding {encoding[:20]!r} is not supported")
        return body
    unpacker = zlib.decompressobj(GZIP)
    try:
        unpacked = unpacker.decompress(body, BODY_BYTES + 1)
    except zlib.error as error:
        raise Unreadable(f"broken gzip: {error}") from error
    if len(unpacked) > BODY_BYTES:
        raise TooLarge
    if not unpacker.eof:
        raise Unreadable("gzip ends too early")
    return unpacked


def read(body: bytes) -> Any:
    """The JSON in it. Raises Unreadable."""
    try:
        return DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except ValueError as error:  # JSONDecodeError, UnicodeDecodeError, a number of 10,000 digits
        raise Unreadable(str(error)) from error
