"""Ask the same rules of other people again: PostgreSQL keeps the question parsed and planned, which costs more than the answer.

Many rules about a few people are 100 kB of SQL. The plan is made for any people, so it reads by index.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection

from segments.compiling import these, verdicts
from segments.rules.grammar import Rule
from tracking.arrays import array, rows_of
from workspaces.models import Workspace

KEPT = 500_000  # characters of SQL per connection; the server keeps about seventy bytes for each
SETTING = "SET LOCAL plan_cache_mode = force_generic_plan"

Key = tuple[Any, ...]


class Question(NamedTuple):
    """`name`: of the prepared statement; `spans`: how long before now its instants lie."""

    name: str
    spans: Sequence[timedelta]
    length: int
    rules: Sequence[Rule]  # held, so that their identities stay theirs


_names = count(1)
_kept: WeakKeyDictionary[psycopg.Connection[Any], OrderedDict[Key, Question]] = WeakKeyDictionary()


def ask(workspace: Workspace, rules: Mapping[int, Rule], people: Sequence[int], now: datetime) -> list[tuple[int, list[int], Any]]:
    """Rows of compiling.verdicts. The same rules, as objects, are compiled once per connection.

    In a transaction that says SETTING; otherwise PostgreSQL would go on planning for the people at hand.
    """
    kept = _still_kept()
    key = (workspace.pk, workspace.currency, workspace.revenue_basis, workspace.time_zone,
           tuple((id_, id(rule)) for id_, rule in rules.items()))  # fmt: skip
    if key not in kept:
        _make_room(kept)
        kept[key] = _prepare(workspace, rules, now)
    kept.move_to_end(key)
    question = kept[key]
    values: list[Any] = [array(people), *(now - span for span in question.spans)]
    return rows_of(f"EXECUTE {question.name} ({', '.join(['%s'] * len(values))})", values)


def _still_kept() -> OrderedDict[Key, Question]:
    """What this connection knows. psycopg makes it forget everything at a rollback once something else was prepared in it."""
    connection.ensure_connection()
    kept = _kept.setdefault(connection.connection, OrderedDict())
    there = {name for (name,) in rows_of("SELECT name FROM pg_prepared_statements")}
    for key in [key for key, question in kept.items() if question.name not in there]:
        del kept[key]
    return kept


def _prepare(workspace: Workspace, rules: Mapping[int, Rule], now: datetime) -> Question:
    statement = verdicts(workspace, rules, these([]), now)
    name = f"segments_{next(_names)}"
    statement.prepare(name)
    return Question(name, list(statement.ago.values()), len(statement.sql), list(rules.values()))


def _make_room(kept: OrderedDict[Key, Question]) -> None:
    """Forget whom nobody asked for longest."""
    while sum(question.length for question in kept.values()) > KEPT:
        _, question = kept.popitem(last=False)
        with connection.cursor() as cursor:
            cursor.execute(f"DEALLOCATE {question.name}")
