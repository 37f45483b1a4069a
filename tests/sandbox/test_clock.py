"""The clock that the sandbox and the product share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.clock import Clock, FixedClock


def test_without_a_file_it_shows_the_real_time(tmp_path: Path) -> None:
    assert abs(Clock(tmp_path / "clock.json").now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_another_process_sees_the_clock_advance(tmp_path: Path) -> None:
    mine, theirs = Clock(tmp_path / "clock.json"), Clock(tmp_path / "clock.json")
    for days in (1, 2, 3):
        mine.advance(days=days, hours=1)
        assert abs(theirs.now() - mine.now()) < timedelta(seconds=5)
    assert timedelta(days=6, hours=2) < theirs.now() - datetime.now(UTC) < timedelta(days=6, hours=4)


def test_advancing_leaves_no_half_written_file_behind(tmp_path: Path) -> None:
    Clock(tmp_path / "clock.json").advance(days=1)
    assert [path.name for path in tmp_path.iterdir()] == ["clock.json"]


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 11, 21, 12, tzinfo=UTC))
    assert clock.now() == clock.now()
    assert clock.advance(days=1, hours=2) == clock.now() == datetime(2026, 11, 22, 14, tzinfo=UTC)


def test_a_fixed_clock_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 11, 21, 12))  # noqa: DTZ001
