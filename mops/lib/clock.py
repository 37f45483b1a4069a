"""The one clock. Real time, or real time moved by the sandbox so that demo and platforms agree on "today"."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def offset() -> timedelta:
    """How far the sandbox's as-of clock is ahead; zero in production."""
    if not settings.SANDBOX_CLOCK:
        return timedelta(0)
    try:
        return timedelta(seconds=json.loads(Path(settings.SANDBOX_CLOCK).read_text())["offset_seconds"])
    except FileNotFoundError:
        return timedelta(0)


def now() -> datetime:
    """The present instant, UTC."""
    return timezone.now() + offset()


def today(time_zone: str) -> date:
    """The present day in an IANA zone: an account's day or a workspace's."""
    return now().astimezone(ZoneInfo(time_zone)).date()
