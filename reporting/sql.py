"""Putting statements together without ever putting a value into the text."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection


class Params(dict[str, Any]):
    """The values of a statement; `add` returns the placeholder."""

    def add(self, value: Any) -> str:
        name = f"p{len(self)}"
        self[name] = value
        return f"%({name})s"


def conditions(params: Params, columns: Mapping[str, str], filters: Mapping[str, Sequence[Any]]) -> list[str]:
    """One condition per filter whose dimension has a column; None among the values means "not assigned"."""
    found = []
    for dimension, values in filters.items():
        if column := columns.get(dimension):
            known = [value for value in values if value is not None]
            parts = [f"{column} = ANY({params.add(known)})"] if known else []
            parts += [f"{column} IS NULL"] if len(known) < len(values) else []
            found.append(f"({' OR '.join(parts) or 'false'})")
    return found


def fetch_each(reads: Sequence[Sequence[str]], params: Params) -> list[list[tuple[Any, ...]]]:
    """The rows of several reads of the same columns, each a list of statements, in one round trip."""
    found: list[list[tuple[Any, ...]]] = [[] for _read in reads]
    tagged = [
        f"SELECT {number}, part.* FROM ({' UNION ALL '.join(f'({statement})' for statement in read)}) part"  # noqa: S608
        for number, read in enumerate(reads) if read
    ]  # fmt: skip
    for row in fetch(" UNION ALL ".join(tagged), params) if tagged else ():
        found[row[0]].append(row[1:])
    return found


def fetch(statement: str, params: Params) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
