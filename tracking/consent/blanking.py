"""Free text on its way into the ledger, where nobody can mend it later: without anybody's address or number.

Names and other words that tell who somebody is stay as they are; pages say so where people write such text.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

BLANK = "…"
PART = r"[^\s@<>()\[\]{}\"'“”„,;:/?#=&|]+"
MAIL = re.compile(
    rf"(?<!{PART[:-1]}){PART}(?:@|%40){PART}", re.IGNORECASE
)  # from where a word begins: no time is lost in long ones
DATE = r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)"
PHONE = re.compile(rf"(?<!\d)(?<!\d[-./:T ])(?:\+|(?=0)(?!{DATE}))\(?\d[\d ()/.\-]{{5,}}\d")
LOGIN = re.compile(r"(?<=://)[^/]*@")
TELLING = 7  # digits at the end of a number by which it is known in any other spelling
TEXTS = ("mechanism", "button", "reason", "file")


def text(value: str, identifier: str = "") -> str:
    """Without e-mail addresses, telephone numbers, and this identifier of the person however it is spelled."""
    value = without(MAIL.sub(BLANK, value), identifier)
    return PHONE.sub(BLANK, value)


def without(value: str, identifier: str) -> str:
    """Without this identifier alone: for words that were shown to everybody and must stay as they were."""
    identifier = identifier.strip()
    if not identifier:
        return value
    digits = re.sub(r"\D", "", identifier)
    if len(digits) >= TELLING and not re.search(r"[^\W\d]", identifier):
        gap = r"[ ()/.\-]*"
        return re.sub(rf"(?:(?<!\d)[+(\d][\d ()/.\-]*)?{gap.join(digits[-TELLING:])}(?!\d)", BLANK, value)
    return re.sub(rf"(?<!\w){re.escape(identifier)}(?!\w)", BLANK, value, flags=re.IGNORECASE)


def address(url: str, identifier: str = "") -> str:
    """Of a page, less login, query and fragment: they often name a person."""
    page = LOGIN.sub("", url.partition("?")[0].partition("#")[0])
    plain = unquote(page)
    blanked = text(plain, identifier)
    return page if blanked == plain else blanked


def proof(given: Mapping[str, Any]) -> dict[str, Any]:
    """Proof from elsewhere; hashes and signals are left as they are."""
    cleaned = {name: text(str(given[name])) for name in TEXTS if given.get(name)}
    return {**given, **cleaned, **({"url": address(str(given["url"]))} if given.get("url") else {})}
