"""The builder as its template draws it: blocks and rows with their inputs, buttons and what is wrong with them."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from segments import naming
from segments.pages import draft as drafts
from segments.pages import fields
from segments.pages.controls import FILTERED, Control, Drawer, Filter, Options, filters
from segments.pages.draft import Draft
from segments.pages.fields import NESTED
from segments.pages.posted import Builder
from segments.pages.rows import Row
from segments.rules.grammar import Rule
from segments.rules.parsing import BadRule, parse
from segments.rules.sentence import sentence
from workspaces.models import Workspace


class ShownRow(NamedTuple):
    place: str  # "1:0", for the buttons
    prefix: str  # "b1r0.", for the inputs
    field: str
    controls: list[Control]
    filters: list[Filter]
    takes_filters: bool
    problems: list[str]
    nested: str  # what a part says that is only shown

    @property
    def id(self) -> str:
        return self.prefix.rstrip(".")


class ShownBlock(NamedTuple):
    number: int
    excludes: bool
    rows: list[ShownRow]


@dataclass(frozen=True)
class Read:
    """A draft as a rule: `rule` is None where something is missing or wrong, which `problems` says by row."""

    data: dict[str, Any]
    rule: Rule | None
    problems: dict[tuple[int, int] | None, list[str]]
    is_empty: bool

    @property
    def general(self) -> list[str]:
        return self.problems.get(None, [])


def read(draft: Draft) -> Read:
    """The rule of a draft, checked."""
    found = drafts.rule(draft)
    if not found.places:
        return Read(found.data, None, {}, True)
    problems: dict[tuple[int, int] | None, list[str]] = defaultdict(list)
    try:
        return Read(found.data, parse(found.data), {}, False)
    except BadRule as bad:
        for problem in bad.problems:
            problems[found.place(problem.pointer)].append(problem.message)
    return Read(found.data, None, {place: list(dict.fromkeys(texts)) for place, texts in problems.items()}, False)


def in_words(workspace: Workspace, rule: Rule) -> str:
    return sentence(rule, naming.names(workspace, rule))


def blocks(builder: Builder, options: Options, found: Read, *, strict: bool) -> list[ShownBlock]:
    """`strict` also says what is missing in rows that somebody only began."""
    return [
        ShownBlock(
            number, block.excludes, [_row(row, (number, place), options, found, strict) for place, row in enumerate(block.rows)]
        )
        for number, block in enumerate(builder.draft.blocks)
    ]


def _row(row: Row, place: tuple[int, int], options: Options, found: Read, strict: bool) -> ShownRow:
    block, number = place
    prefix, at = f"b{block}r{number}.", f"{block}:{number}"
    draw = Drawer(row, prefix, options)
    takes = bool(row.spec and row.spec.shape in FILTERED)
    problems = found.problems.get(place, []) if strict else []
    return ShownRow(
        at, prefix, row.field, draw.controls(), filters(draw, at) if takes else [], takes, problems, _nested(row, options)
    )


def _nested(row: Row, options: Options) -> str:
    if row.field != NESTED:
        return ""
    try:
        return in_words(options.workspace, parse({"version": 1, "where": row.node}))
    except BadRule:
        return _("A part of the rule that cannot be read.")


def field_groups() -> list[tuple[fields.Text, list[fields.Field]]]:
    return fields.grouped()
