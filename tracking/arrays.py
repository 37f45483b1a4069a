"""Rows to and from SQL in bulk. psycopg looks at every value of a list, and Django reads times in Python: both cost more than the
statement."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg.types.datetime import TimestamptzLoader


def rows_of(statement: str, parameters: Any = None) -> list[Any]:
    """Execute one statement; its rows, if it gives any. Instants are aware, JSON is text."""
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)  # the compiled one
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def array(values: Iterable[object]) -> str:
    """{"a","b",NULL}: what goes into `%s::text[]`, or an array of any other type that reads the values' str() or bytes."""
    return "{" + ",".join([_WRITTEN.get(type(value), _quoted)(value) for value in values]) + "}"


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
