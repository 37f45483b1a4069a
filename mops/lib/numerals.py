"""Whole numbers as addresses and forms bring them: text from outside, of any length."""

BIGINT = 18  # digits that every bigint holds


def whole(text: str, most: int = BIGINT) -> int | None:
    """The number, None for anything but at most `most` decimal digits: longer ones fit no column, and `int` refuses the longest."""
    return int(text) if text.isdecimal() and len(text) <= most else None
