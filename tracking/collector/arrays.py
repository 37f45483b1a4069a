"""Columns as PostgreSQL's array literals. psycopg looks at every value of a list, which costs more than storing it does."""

from collections.abc import Iterable


def array(values: Iterable[object]) -> str:
    """{"a","b",NULL}: what goes into `%s::text[]`, or an array of any other type that reads the values' str()."""
    return "{" + ",".join(["NULL" if value is None else _quoted(str(value)) for value in values]) + "}"


def bytes_array(values: Iterable[bytes]) -> str:
    """What goes into `%s::bytea[]`."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
