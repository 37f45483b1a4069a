"""A posted builder: its rows out of form fields, the stack of edits, and what a button does to them. No state on the server."""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from django.http import QueryDict

from mops.lib.numerals import whole
from segments.pages import draft as drafts
from segments.pages.draft import MOST_ROWS, Block, Draft
from segments.pages.fields import NESTED
from segments.pages.rows import Row

NAME = re.compile(r"b(\d{1,3})r(\d{1,3})\.(?:f(\d{1,2})\.)?([a-z_]+)")
MOST_FILTERS, MOST_EDITS = 10, 40
HEAVIEST = 200_000  # characters of a posted stack of edits; above that the oldest are forgotten
LISTS = frozenset({"values"})


class Builder(NamedTuple):
    """What the builder shows, and the edits before and after it."""

    draft: Draft
    undo: tuple[Draft, ...] = ()
    redo: tuple[Draft, ...] = ()

    def edited(self, draft: Draft) -> "Builder":
        """With a new draft; one that means the same, such as an input shown with its default, is no step to undo."""
        if draft.meaning() == self.draft.meaning():
            return self._replace(draft=draft)
        return Builder(draft, (*self.undo, self.draft)[-MOST_EDITS:], ())

    def undone(self) -> "Builder":
        return Builder(self.undo[-1], self.undo[:-1], (*self.redo, self.draft)) if self.undo else self

    def redone(self) -> "Builder":
        return Builder(self.redo[-1], (*self.undo, self.draft), self.redo[:-1]) if self.redo else self

    def state(self) -> str:
        """For the hidden input: what is shown, and the edits around it."""
        undo, redo = [one.dumped() for one in self.undo], [one.dumped() for one in self.redo]
        now = self.draft.dumped()
        while len(text := json.dumps([now, undo, redo], ensure_ascii=False, separators=(",", ":"))) > HEAVIEST and (undo or redo):
            (undo or redo).pop(0)
        return text


def read(post: QueryDict) -> Builder:
    """What was posted: what somebody typed since the page was made is an edit of its own."""
    before = _state(post.get("state", ""))
    typed = _typed(post, before.draft)
    return before.edited(typed) if typed else before


def _state(text: str) -> Builder:
    try:
        now, undo, redo = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return Builder(Draft())
    stacks = [tuple(drafts.loaded(one) for one in stack[-MOST_EDITS:]) if isinstance(stack, list) else () for stack in (undo, redo)]
    return Builder(drafts.loaded(now), *stacks)


def _typed(post: QueryDict, before: Draft) -> Draft | None:
    """The rows of the form fields; None for a post without any."""
    texts: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    filters: dict[tuple[int, int], dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for key, text in post.dict().items():
        if match := NAME.fullmatch(key):
            place, number, name = (int(match[1]), int(match[2])), match[3], match[4]
            if number is not None:
                filters[place][int(number)][name] = str(text)
            elif name not in LISTS:
                texts[place][name] = str(text)
    if not texts:
        return None
    blocks: dict[int, list[Row]] = defaultdict(list)
    for place in sorted(texts)[:MOST_ROWS]:
        found = texts[place]
        inner = tuple(found for _, found in sorted(filters[place].items())[:MOST_FILTERS])
        values = tuple(post.getlist(f"b{place[0]}r{place[1]}.values"))
        row = Row(found.pop("field", ""), found, values, inner)
        if row.field == NESTED:  # the form posts its place only, its content stands in the state
            row = _at(before, place) or Row()
        blocks[place[0]].append(row)
    return Draft(tuple(Block(tuple(rows), post.get(f"b{number}.excludes") == "1") for number, rows in blocks.items()))


def _row(
    field: str,
    texts: dict[str, str],
    values: tuple[str, ...],
    filters: tuple[dict[str, str], ...],
    before: Draft,
    place: tuple[int, int],
) -> Row:
    """A row; of a part that is only shown the form posts its place, its content stands in the state."""
    if field == NESTED:
        return _at(before, place) or Row()
    return Row(field, texts, values, filters)


def _at(draft: Draft, place: tuple[int, int]) -> Row | None:
    block, row = place
    return draft.blocks[block].rows[row] if block < len(draft.blocks) and row < len(draft.blocks[block].rows) else None


def act(builder: Builder, action: str) -> Builder:
    """What a button does: "add-row:1", "remove-row:0:2", "undo" … An unknown one does nothing."""
    name, *numbers = action.split(":")
    if name == "undo":
        return builder.undone()
    if name == "redo":
        return builder.redone()
    change = CHANGES.get(name)
    places = [place for number in numbers if (place := whole(number, 3)) is not None]
    try:
        changed = change(builder.draft, *places) if change else builder.draft
    except (IndexError, TypeError):  # a place that is no longer there
        return builder
    return builder.edited(changed) if sum(len(block.rows) for block in changed.blocks) <= MOST_ROWS else builder


def _blocks(draft: Draft, at: int, *new: Block) -> Draft:
    """The draft with block `at` replaced by `new`; never without any block."""
    draft.blocks[at]
    blocks = (*draft.blocks[:at], *new, *draft.blocks[at + 1 :])
    return Draft(blocks or (Block(),))


def _rows(draft: Draft, block: int, at: int, *new: Row) -> Draft:
    """The same for a row; a block without rows goes."""
    found = draft.blocks[block]
    found.rows[at]
    rows = (*found.rows[:at], *new, *found.rows[at + 1 :])
    return _blocks(draft, block, *([found._replace(rows=rows)] if rows else []))


def _add_block(draft: Draft) -> Draft:
    return Draft((*draft.blocks, Block()))


def _add_exclusion(draft: Draft) -> Draft:
    return Draft((*draft.blocks, Block(excludes=True)))


def _add_row(draft: Draft, block: int) -> Draft:
    found = draft.blocks[block]
    return _blocks(draft, block, found._replace(rows=(*found.rows, Row())))


def _copy_block(draft: Draft, block: int) -> Draft:
    return _blocks(draft, block, draft.blocks[block], draft.blocks[block])


def _copy_row(draft: Draft, block: int, row: int) -> Draft:
    found = draft.blocks[block].rows[row]
    return _rows(draft, block, row, found, found)


def _remove_block(draft: Draft, block: int) -> Draft:
    return _blocks(draft, block)


def _remove_row(draft: Draft, block: int, row: int) -> Draft:
    return _rows(draft, block, row)


def _toggle(draft: Draft, block: int) -> Draft:
    found = draft.blocks[block]
    return _blocks(draft, block, found._replace(excludes=not found.excludes))


def _add_filter(draft: Draft, block: int, row: int) -> Draft:
    found = draft.blocks[block].rows[row]
    return _rows(draft, block, row, found._replace(filters=(*found.filters, {"property": ""})[:MOST_FILTERS]))


def _remove_filter(draft: Draft, block: int, row: int, at: int) -> Draft:
    found = draft.blocks[block].rows[row]
    found.filters[at]
    return _rows(draft, block, row, found._replace(filters=found.filters[:at] + found.filters[at + 1 :]))


CHANGES: dict[str, Callable[..., Draft]] = {
    "add-block": _add_block,
    "add-exclusion": _add_exclusion,
    "add-row": _add_row,
    "add-filter": _add_filter,
    "copy-block": _copy_block,
    "copy-row": _copy_row,
    "remove-block": _remove_block,
    "remove-row": _remove_row,
    "remove-filter": _remove_filter,
    "toggle": _toggle,
}
