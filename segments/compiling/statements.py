"""Statements whose text never holds a value: whatever a person wrote, and every other value, is a parameter."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db import connection

PEOPLE = "people"  # the parameter with the ids of those asked for
NOTHING: Mapping[str, timedelta] = MappingProxyType({})


class Statement(NamedTuple):
    """SQL with named placeholders, and their values. `ago`: those which are instants, and how long before now they lie."""

    sql: str
    params: dict[str, Any]
    ago: Mapping[str, timedelta] = NOTHING

    def rows(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return found

    def prepare(self, name: str) -> None:
        """Keep it in this connection, to be executed for other people at other times: the ids first, then the instants of `ago`."""
        sql = self.sql
        for place, open_ in enumerate((PEOPLE, *self.ago), 1):
            sql = sql.replace(f"%({open_})s", f"${place}")
        types = ", ".join(["bigint[]", *["timestamptz"] * len(self.ago)])
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE {name} ({types}) AS {sql}", self.params)


class Params(dict[str, Any]):
    """The values of a statement. Equal values share a placeholder, so that equal expressions have equal text.

    The text does not depend on who is asked for, nor on when.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spans: dict[str, timedelta] = {}
        self._names: dict[tuple[type, str], str] = {}

    def add(self, value: Any) -> str:
        """The placeholder of a value."""
        key = type(value), repr(value)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"p{len(self)}"
            self[name] = value
        return f"%({name})s"

    def ago(self, now: datetime, span: timedelta) -> str:
        """The placeholder of the instant so long before now."""
        name = f"ago{span // MICROSECOND}"
        if name not in self.spans:
            self.spans[name], self[name] = span, now - span
        return f"%({name})s"

    def people(self, ids: Iterable[int]) -> str:
        """The placeholder of who is asked for."""
        self[PEOPLE] = list(ids)
        return f"%({PEOPLE})s"


MICROSECOND = timedelta(microseconds=1)
