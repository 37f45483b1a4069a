"""The market's clock: the machine's time plus what was skipped. It only moves forward, as the market does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock


class Clock:
    """Kept in a JSON file, so that a restarted sandbox does not fall back into the past.

    `frozen` (tests) makes the clock stand still at that instant; `advance` still moves it.
    """

    def __init__(self, path: Path, *, frozen: datetime | None = None) -> None:
        self._path = path
        self._frozen = frozen
        self._lock = Lock()
        self._skipped = (
            timedelta(seconds=json.loads(path.read_text())["skipped_seconds"]) if path.exists() else timedelta()
        )

    def now(self) -> datetime:
        """The market's present, aware UTC."""
        return (self._frozen or datetime.now(UTC)) + self._skipped

    def advance(self, step: timedelta) -> datetime:
        """Skip ahead and return the new present. ValueError for a step back."""
        if step < timedelta():
            raise ValueError("the market cannot go back in time")
        with self._lock:
            self._skipped += step
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps({"skipped_seconds": self._skipped.total_seconds()}))
        return self.now()
