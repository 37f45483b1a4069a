"""Where a text names somebody: their identifier stands there as a whole, not as a part of somebody else's.

"anna@web.example" is no part of "johanna@web.example", "customer-1" none of "customer-17". What stands beside an identifier is
judged as its reader sees it: JSON escapes and percent encoding are undone. Pure.
"""

import re
import unicodedata
from enum import StrEnum
from urllib.parse import unquote

BESIDE = 60  # characters that are looked at on either side
ROUNDS = 3  # JSON in JSON in an address
ESCAPE = re.compile(r"\\(u[0-9a-f]{4}|.)", re.DOTALL)
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
HEX = re.compile(r"[0-9a-f]{2}")
FILE = r"\.(?:csv|tsv|txt|xlsx?|json|xml|html?|php|aspx?|pdf|eml|vcf|log|gz|png|jpe?g|gif|webp)\b"  # an address before it is whole


class Bound(StrEnum):
    """What of its kind may not stand directly beside it."""

    ADDRESS = "address"
    NUMBER = "number"
    ID = "id"
    HASH = "hash"  # nobody else's holds it


WORD_BEFORE = re.compile(r"\w(?:\.|[+'@-]+)?\Z")
BEFORE = {Bound.ADDRESS: WORD_BEFORE, Bound.ID: WORD_BEFORE, Bound.NUMBER: re.compile(r"\w\Z|\d[.-]\Z")}
AFTER = {
    Bound.ADDRESS: re.compile(rf"(?!{FILE})(?:\.?[^\W_]|@|-[\w-]*(?!{FILE})\.[^\W_])"),  # no address goes on with "_"
    Bound.ID: re.compile(rf"(?!{FILE})(?:\w|\.\w|[+@-]+\w)"),
    Bound.NUMBER: re.compile(r"\w|[.-]\d"),
}


def is_named(text: str, form: str, bound: Bound) -> bool:
    """Whether `form` stands somewhere in `text` as a whole; both in small letters."""
    at = text.find(form)
    while at >= 0:
        end = at + len(form)
        if bound == Bound.HASH or _is_whole(text[max(0, at - BESIDE) : at], form, text[end : end + BESIDE], bound):
            return True
        at = text.find(form, at + 1)
    return False


def _is_whole(left: str, form: str, right: str, bound: Bound) -> bool:
    if _is_cut(left, form):
        return False
    if "%" in form:  # where "@" is encoded, a plus is a blank
        left, right = left.replace("+", " "), right.replace("+", " ")
    before, after = _as_read(left), _as_read(right)
    if bound == Bound.NUMBER:
        if before.endswith("+"):
            before = ""
        elif not form.startswith("0"):
            before = before.removesuffix("00")
    return not (BEFORE[bound].search(before) or AFTER[bound].match(after))


def _is_cut(left: str, form: str) -> bool:
    """Whether its first characters end an escape: the "n" of a new line, the "20" of a blank."""
    slashes = len(left) - len(left.rstrip("\\"))
    return (slashes % 2 == 1 and form[0] in ESCAPES) or (left.endswith("%") and HEX.match(form) is not None)


def _as_read(text: str) -> str:
    """Without escapes and characters nobody sees."""
    for _round in range(ROUNDS):
        plain = unquote(ESCAPE.sub(_character, text)) if "\\" in text or "%" in text else text
        if plain == text:
            break
        text = plain
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char) != "Cf").lower()


def _character(found: re.Match[str]) -> str:
    said = found.group(1)
    return chr(int(said[1:], 16)) if len(said) == 5 else ESCAPES.get(said, said)
