"""Columns as PostgreSQL's array literals. psycopg looks at every value of a list, which costs more than storing it does."""

from collections.abc import Iterable, Sequence


def array(values: Iterable[object]) -> str:
    """{"a","b",NULL}: what goes into `%s::text[]`, or an array of any other type that reads the values' str() or bytes."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def columns_of(rows: Iterable[Sequence[object]]) -> list[str]:
    """The columns of `rows` as arrays, for unnest; [] without rows."""
    return [array(column) for column in zip(*rows, strict=True)]


def _quoted(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return f'"\\\\x{value.hex()}"'
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
