"""What the demo says in the terminal: one line a step, bars while data arrives."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

BAR = 24  # characters
QUIET = 5.0  # seconds between two lines of progress where lines cannot be redrawn


class Progress(NamedTuple):
    """One account's backfill: days done of total, rows stored, and the state of its run."""

    label: str
    done: int
    total: int
    rows: int
    state: str

    @property
    def over(self) -> bool:
        return self.done >= self.total or self.state == "failed"


class Screen:
    """Lines and bars on standard output."""

    def __init__(self) -> None:
        self._drawn = 0
        self._said = 0.0
        self._in_step = False
        self._redraws = sys.stdout.isatty()

    def say(self, line: str) -> None:
        """Print a line; in the middle of a step, below it."""
        self._erase()
        if self._in_step:
            print(flush=True)
        print(line, flush=True)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Announce a step and how long it took."""
        started = time.monotonic()
        print(f"  {name:<34}", end="", flush=True)
        self._in_step = True
        try:
            yield
        except BaseException:
            print("stopped", flush=True)
            raise
        finally:
            self._in_step = False
        print(f"{time.monotonic() - started:6.1f} s", flush=True)

    def bars(self, rows: Sequence[Progress]) -> None:
        """Draw or redraw one bar per account."""
        if self._redraws:
            self._erase()
            print("\n".join(map(_bar, rows)), flush=True)
            self._drawn = len(rows)
        elif time.monotonic() - self._said > QUIET or all(row.over for row in rows):
            self._said = time.monotonic()
            done, total = sum(row.done for row in rows), sum(row.total for row in rows)
            print(f"  {done} of {total} days, {sum(row.rows for row in rows)} rows", flush=True)

    def keep(self) -> None:
        """Leave the bars on the screen as they are."""
        self._drawn = 0

    def _erase(self) -> None:
        if self._drawn:
            print(f"\x1b[{self._drawn}A\x1b[J", end="")
            self._drawn = 0


def _bar(row: Progress) -> str:
    filled = BAR if row.total == 0 else min(BAR, BAR * row.done // row.total)
    bar = "█" * filled + "░" * (BAR - filled)
    return f"  {row.label[:32]:<32}  {bar}  {row.done:>4}/{row.total:<4}  {row.rows:>8} rows  {row.state}"
