"""The one clock. Real time, or real time moved by the sandbox so that demo and platforms agree on "today"."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The present instant, UTC. In the sandbox its clock file moves or freezes it (`sandbox.clock`)."""
    if not settings.SANDBOX_CLOCK:
        return timezone.now()
    try:
        moved = json.loads(Path(settings.SANDBOX_CLOCK).read_text())
    except FileNotFoundError:
        return timezone.now()
    if moved.get("frozen_at"):
        return datetime.fromisoformat(moved["frozen_at"])
    return timezone.now() + timedelta(seconds=moved["offset_seconds"])


def today(time_zone: str) -> date:
    """The present day in an IANA zone: an account's day or a workspace's."""
    return now().astimezone(ZoneInfo(time_zone)).date()
