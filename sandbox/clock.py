"""The sandbox's clock: real time plus an offset that the sandbox process and the product share through a file."""

import json
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Clock:
    """Real now plus the offset in the file, `{"offset_seconds": n}`; no file means no offset."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._offset = 0.0
        self._read: tuple[int, int] | None = None

    def now(self) -> datetime:
        """The market's present, aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._current_offset())

    def advance(self, days: float = 0, hours: float = 0) -> datetime:
        """Moves the present on for every process that shares the file and returns it."""
        offset = self._current_offset() + timedelta(days=days, hours=hours).total_seconds()
        self._write(offset)
        return self.now()

    def _current_offset(self) -> float:
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._offset, self._read = 0.0, None
            return self._offset
        # The inode too: each write is a new file, and two writes can share one mtime.
        if (stamp := (stat.st_mtime_ns, stat.st_ino)) != self._read:
            self._offset = float(json.loads(self.path.read_text())["offset_seconds"])
            self._read = stamp
        return self._offset

    def _write(self, offset: float) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w") as file:
            json.dump({"offset_seconds": offset}, file)
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
