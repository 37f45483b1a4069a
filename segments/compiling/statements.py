"""Statements whose text never holds a value: whatever a person wrote, and every other value, is a parameter."""

from typing import Any, NamedTuple

from django.db import connection


class Statement(NamedTuple):
    """SQL with named placeholders, and their values."""

    sql: str
    params: dict[str, Any]

    def rows(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


class Params(dict[str, Any]):
    """The values of a statement. Equal values share a placeholder, so that equal expressions have equal text."""

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[tuple[type, str], str] = {}

    def add(self, value: Any) -> str:
        """The placeholder of a value."""
        key = type(value), repr(value)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"p{len(self)}"
            self[name] = value
        return f"%({name})s"
