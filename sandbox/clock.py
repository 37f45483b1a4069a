"""The sandbox's clock: real time plus an offset, or a frozen instant, shared with the product through a file."""

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Real now plus the offset in the file, `{"offset_seconds": n, "frozen_at": instant or null}`; no file, no offset.

    Frozen, it stands still, so that both sides of a comparison speak of the same instant.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._state: tuple[float, datetime | None] = (0.0, None)
        self._read: tuple[int, int] | None = None

    def now(self) -> datetime:
        """The market's present, aware UTC."""
        offset, frozen_at = self._current()
        return frozen_at or datetime.now(UTC) + timedelta(seconds=offset)

    def advance(self, days: float = 0, hours: float = 0) -> datetime:
        """Moves the present on for every process that shares the file and returns it."""
        step, (offset, frozen_at) = timedelta(days=days, hours=hours), self._current()
        self._write(offset + step.total_seconds(), frozen_at and frozen_at + step)
        return self.now()

    def freeze(self) -> datetime:
        """Stops the present and returns it."""
        self._write(self._current()[0], self.now())
        return self.now()

    def thaw(self) -> None:
        """Lets time run again, from real time plus the offset."""
        self._write(self._current()[0], None)

    def _current(self) -> tuple[float, datetime | None]:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._state, self._read = (0.0, None), None
            return self._state
        # The inode too: each write is a new file, and two writes can share one mtime.
        if (stamp := (stat.st_mtime_ns, stat.st_ino)) != self._read:
            found = json.loads(self.path.read_text())
            frozen_at = found.get("frozen_at")
            self._state = float(found["offset_seconds"]), datetime.fromisoformat(frozen_at) if frozen_at else None
            self._read = stamp
        return self._state

    def _write(self, offset: float, frozen_at: datetime | None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w") as file:
            json.dump({"offset_seconds": offset, "frozen_at": frozen_at and frozen_at.isoformat()}, file)
        os.replace(name, self.path)


class FixedClock:
    """A clock that stands still until it is advanced; same interface, for tests."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        return self._instant

    def advance(self, days: float = 0, hours: float = 0) -> datetime:
        self._instant += timedelta(days=days, hours=hours)
        return self._instant
