"""The Google Ads Query Language as far as the sandbox speaks it: the parser. `gaql_rules` says what is refused.

Grammar: https://developers.google.com/google-ads/api/docs/query/grammar
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "IN", "NOT IN", "BETWEEN", "DURING", "LIKE", "NOT LIKE")


class QueryRefused(Exception):
    """The service understood enough to say no. `code` is a value of QueryErrorEnum, `field` the offender."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class Condition(NamedTuple):
    """One term of WHERE; `values` holds one value, or those of IN and BETWEEN, as text."""

    field: str
    operator: str
    values: tuple[str, ...]


class Query(NamedTuple):
    """A parsed query; `order_by` holds (field, descending)."""

    select: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...]
    order_by: tuple[tuple[str, bool], ...]
    limit: int | None

    def selects(self, prefix: str) -> bool:
        return any(field.startswith(f"{prefix}.") for field in self.select)


_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'[^'\n]*'|"[^"\n]*")|(?P<word>[A-Za-z_][\w.]*)|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>!=|>=|<=|[=<>(),]))"""
)
KEYWORDS = ("SELECT", "FROM", "WHERE", "ORDER", "LIMIT", "PARAMETERS")


class _Tokens:
    """The query cut into words, read from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_cut(text))
        self._at = 0

    def peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise QueryRefused("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query.")
        self._at += 1
        return token

    def take(self, word: str) -> bool:
        found = self.peek().upper() == word
        self._at += found
        return found

    def expect(self, word: str, code: str) -> None:
        if not self.take(word):
            raise QueryRefused(code, f"Error in query: expected {word}, found '{self.peek()}'.")


def _cut(text: str) -> Iterable[str]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            code = "STRING_NOT_TERMINATED" if text[at:].lstrip()[:1] in "'\"" else "BAD_SYMBOL"
            raise QueryRefused(code, f"Error in query: unexpected input '{text[at:].strip()[:20]}'.")
        yield found.group().strip()
        at = found.end()


def parse(text: str) -> Query:
    """Read a query. QueryRefused for anything that does not follow the grammar."""
    tokens = _Tokens(text)
    tokens.expect("SELECT", "EXPECTED_SELECT")
    select = _list(tokens)
    tokens.expect("FROM", "EXPECTED_FROM")
    resource = tokens.next()
    where = _conditions(tokens) if tokens.take("WHERE") else ()
    order_by = _order(tokens) if tokens.take("ORDER") else ()
    limit = _limit(tokens.next()) if tokens.take("LIMIT") else None
    if tokens.peek():
        raise QueryRefused("UNEXPECTED_INPUT", f"Error in query: unexpected input '{tokens.peek()}'.")
    return Query(select, resource, where, order_by, limit)


def _list(tokens: _Tokens) -> tuple[str, ...]:
    found = [tokens.next()]
    while tokens.take(","):
        found.append(tokens.next())
    return tuple(found)


def _conditions(tokens: _Tokens) -> tuple[Condition, ...]:
    found = [_condition(tokens)]
    while tokens.peek() and tokens.peek().upper() not in KEYWORDS:
        tokens.expect("AND", "EXPECTED_AND")
        found.append(_condition(tokens))
    return tuple(found)


def _condition(tokens: _Tokens) -> Condition:
    field, operator = tokens.next(), tokens.next().upper()
    if operator == "NOT":
        operator = f"NOT {tokens.next().upper()}"
    if operator not in OPERATORS:
        raise QueryRefused("BAD_OPERATOR", f"Error in query: '{operator}' is no operator.", field)
    if operator.endswith("IN"):
        tokens.expect("(", "EXPECTED_LIST")
        values = _list(tokens)
        tokens.expect(")", "EXPECTED_LIST")
    elif operator == "BETWEEN":
        first = tokens.next()
        tokens.expect("AND", "EXPECTED_VALUE_WITH_BETWEEN_OPERATOR")
        values = (first, tokens.next())
    else:
        values = (tokens.next(),)
    return Condition(field, operator, tuple(value.strip("'\"") for value in values))


def _order(tokens: _Tokens) -> tuple[tuple[str, bool], ...]:
    tokens.expect("BY", "EXPECTED_BY")
    found: list[tuple[str, bool]] = []
    while not found or tokens.take(","):
        field = tokens.next()
        found.append((field, tokens.take("DESC") or (tokens.take("ASC") and False)))
    return tuple(found)


def _limit(token: str) -> int:
    if not token.isdigit() or int(token) < 1:
        raise QueryRefused("BAD_LIMIT_VALUE", f"Error in query: '{token}' is no limit.")
    return int(token)
