"""What holds, from what was said. Pure: the same events in any order of arrival give the same answer.

Default deny. The newest statement by server time counts, with one exception: a grant that was given before the server knew
of a restriction never lifts it, however late it arrives. Unproven claims neither grant nor restrict.
"""

import calendar
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from tracking.consent_models import Decision

RESTRICTIONS = frozenset({Decision.DENIED, Decision.WITHDRAWN, Decision.EXPIRED})


class Statement(Protocol):
    """What deriving reads of an event."""

    @property
    def seq(self) -> int: ...
    @property
    def decision(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def given_at(self) -> datetime: ...


class Derived(NamedTuple):
    decision: Decision
    since: datetime
    expires_at: datetime | None  # only of a grant
    seq: int  # the event that decides

    def allows(self, now: datetime) -> bool:
        return self.decision == Decision.GRANTED and self.expires_at is not None and now < self.expires_at


def derive(events: Iterable[Statement], expiry_months: int) -> Derived | None:
    """None: nothing was ever said, which means no."""
    events = sorted(events, key=lambda event: event.seq)
    restriction = max((e for e in events if e.decision in RESTRICTIONS), key=lambda e: (e.at, e.seq), default=None)
    grants = [e for e in events if e.decision == Decision.GRANTED and (restriction is None or e.given_at > restriction.at)]
    if grants:
        grant = max(grants, key=lambda e: (e.given_at, e.seq))
        return Derived(Decision.GRANTED, grant.given_at, months_after(grant.given_at, expiry_months), grant.seq)
    if restriction:
        return Derived(Decision(restriction.decision), restriction.at, None, restriction.seq)
    claims = [e for e in events if e.decision == Decision.UNPROVEN]
    return Derived(Decision.UNPROVEN, claims[-1].at, None, claims[-1].seq) if claims else None


def months_after(at: datetime, months: int) -> datetime:
    """The same time of day that many months later, UTC; the 31st becomes the last day of a shorter month."""
    at = at.astimezone(UTC)
    index = at.year * 12 + at.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return at.replace(year=year, month=month, day=min(at.day, calendar.monthrange(year, month)[1]))
