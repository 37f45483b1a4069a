"""Rows to and from SQL in bulk. psycopg looks at every value of a list, and Django reads times in Python: both cost more than the
statement."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from struct import Struct
from typing import Any

import psycopg
from django.db import connection
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types.datetime import TimestamptzLoader

TEXT, BYTEA, TEXTS, BYTEAS = 25, 17, 1009, 1001  # oids of PostgreSQL's types; they never change
_head, _length = Struct("!iiIii").pack, Struct("!i").pack


def rows_of(statement: str, parameters: Any = None) -> list[Any]:
    """Execute one statement; its rows, if it gives any. Instants are aware, JSON is text."""
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # the compiled one
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def array(values: Iterable[object]) -> str:
    """{"a","b",NULL}: what goes into `%s::text[]`, or an array of any other type that reads the values' str() or bytes."""
    return "{" + ",".join([_WRITTEN.get(type(value), _quoted)(value) for value in values]) + "}"


class Texts(bytes):
    """A text[] as PostgreSQL reads it from the wire: JSON would be quoted here and unquoted there. See `take_binary`."""

    @classmethod
    def of(cls, values: Iterable[str]) -> "Texts":
        return cls(_binary(TEXT, [value.encode() for value in values]))


class Byteas(bytes):
    """A bytea[] as PostgreSQL reads it from the wire; written out it would be twice as long."""

    @classmethod
    def of(cls, values: Iterable[bytes]) -> "Byteas":
        return cls(_binary(BYTEA, list(values)))


def take_binary(connected: psycopg.Connection[Any]) -> None:
    """Let this connection send `Texts` and `Byteas`."""
    connected.adapters.register_dumper(Texts, _TextsDumper)
    connected.adapters.register_dumper(Byteas, _ByteasDumper)


class _TextsDumper(Dumper):
    format, oid = Format.BINARY, TEXTS

    def dump(self, obj: Texts) -> Texts:
        return obj


class _ByteasDumper(Dumper):
    format, oid = Format.BINARY, BYTEAS

    def dump(self, obj: Byteas) -> Byteas:
        return obj


def _binary(oid: int, values: Sequence[bytes]) -> bytes:
    """One dimension from 1, no NULL, then each value after its length: array_recv in PostgreSQL's arrayfuncs.c."""
    if not values:
        return _head(0, 0, oid, 0, 1)[:12]
    return _head(1, 0, oid, len(values), 1) + b"".join([part for value in values for part in (_length(len(value)), value)])


def columns_of(rows: Iterable[Sequence[object]]) -> list[str]:
    """The columns of `rows` as arrays, for unnest; [] without rows."""
    return [array(column) for column in zip(*rows, strict=True)]


def _quoted(value: object) -> str:
    return _quoted_text(str(value))


def _quoted_text(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _quoted_bytes(value: bytes | memoryview) -> str:
    return f'"\\\\x{value.hex()}"'


_WRITTEN: dict[type, Callable[[Any], str]] = {
    int: str,
    str: _quoted_text,
    datetime: '"{}"'.format,
    type(None): lambda _: "NULL",
    bytes: _quoted_bytes,
    memoryview: _quoted_bytes,
}
