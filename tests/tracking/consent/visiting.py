"""A browser with a cookie banner, as it is to those who play with it: what was chosen when, and messages that may be late."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

from tracking.ingest.arrival import Arrival

GOODBYE = "Consent Withdrawn"
NAME = "browser-1"  # its anonymous id
PATIENCE = timedelta(minutes=8)  # a request that hangs for longer is given up, and sent again
NUMBERS = count(1)


class Word(NamedTuple):
    """One message. Times are the true ones."""

    said: dict[str, bool]
    chosen_at: datetime
    told_at: datetime
    is_dated: bool
    is_last: bool


class Browser:
    """`skew`: how far its clock is ahead. `over`: withdrawn, and the id deleted."""

    def __init__(self, workspace_id: int, skew: timedelta) -> None:
        self.workspace_id, self.skew = workspace_id, skew
        self.current: Word | None = None
        self.over = False
        self.flying: list[Word] = []
        self.arrived: list[Word] = []
        self.heard: list[Word] = []  # noted, as far as they were news
        self.in_order = True

    def choose(self, said: dict[str, bool], at: datetime, *, is_dated: bool) -> None:
        """A first refusal sends nothing."""
        if self.over or (self.current is None and not said["analytics"]):
            return
        self.over = not said["analytics"]
        self.current = Word(said, at, at, is_dated, self.over)
        self.flying.append(self.current)

    def browse(self, at: datetime) -> None:
        """Another page: what was chosen is said again."""
        if self.current and not self.over:
            self.flying.append(self.current._replace(told_at=at))

    def deliver(self, place: int, at: datetime, *, hung: bool) -> Arrival:
        """One of the messages under way as it arrives; a request that hung still names the time at which it was first sent."""
        word = self.flying.pop(place)
        self.in_order = self.in_order and place == 0
        self.arrived.append(word)
        sent = word.told_at if hung and at - word.told_at <= PATIENCE else at
        return self._arrival(word, at, sent)

    def note(self) -> None:
        self.heard += self.arrived
        self.arrived = []

    def _arrival(self, word: Word, at: datetime, sent: datetime) -> Arrival:
        number = next(NUMBERS)
        consent: dict[str, Any] = {"purposes": word.said}
        if word.is_dated:
            consent["given_at"] = (word.chosen_at + self.skew).isoformat()
        kind, name = ("track", GOODBYE) if word.is_last else ("page", "")
        context = {"consent": consent, "page": {"url": "https://shop.example/"}}
        return Arrival(number, self.workspace_id, 0, "browser", 0, f"m-{number}", kind, name, NAME, "", "", "", at,
                       word.told_at + self.skew, sent + self.skew, {}, context, {})  # fmt: skip
