"""What became of rows that were handed in."""

from typing import NamedTuple


class Refused(NamedTuple):
    place: int  # in the rows handed in, from 0
    reason: str  # in the active language, for the person who can mend the row


class Outcome(NamedTuple):
    """The four add up to all rows."""

    stored: int = 0
    corrected: int = 0
    unchanged: int = 0
    refused: tuple[Refused, ...] = ()
