"""What changed from one version of a text to the next, word by word."""

from difflib import SequenceMatcher
from typing import Literal, NamedTuple


class Piece(NamedTuple):
    change: Literal["same", "added", "removed"]
    text: str


def words(before: str, after: str) -> list[Piece]:
    """The later text with what was added and removed."""
    old, new = before.split(" "), after.split(" ")
    pieces: list[Piece] = []
    for tag, old_from, old_to, new_from, new_to in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", " ".join(old[old_from:old_to])))
            continue
        if old_to > old_from:
            pieces.append(Piece("removed", " ".join(old[old_from:old_to])))
        if new_to > new_from:
            pieces.append(Piece("added", " ".join(new[new_from:new_to])))
    return pieces
