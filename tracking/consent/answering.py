"""What of a banner's choice becomes a statement, given what the ledger knows of the browser. Stricter wins.

A refusal that the browser itself told is lifted by its next yes. A refusal made anywhere else (preference centre, merge, telephone)
and the end of validity are lifted, and a consent is renewed, only by a choice known to have been made afterwards: banners go on
saying yes for months.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from tracking.blind_index import Subject
from tracking.consent.ledger import Statement
from tracking.consent_models import Decision
from tracking.models import ConsentText
from workspaces.models import Workspace

BANNER = "banner"
SURE = timedelta(minutes=10)  # a choice is later for certain: clocks differ a little, and requests hang
LAST_WORDS = """
SELECT s.subject, p.key, s.decision, s.since, e.source = 'banner' AND NOT e.proof ? 'said_by'
FROM tracking_consentstate s JOIN tracking_purpose p ON p.id = s.purpose_id
JOIN tracking_consentevent e ON e.workspace_id = s.workspace_id AND e.seq = s.event_seq
WHERE s.workspace_id = %s AND s.subject = ANY(%s)
"""


class Choice(NamedTuple):
    """What a banner says about one purpose. `given_at` is never after the server received it."""

    subject: Subject
    purpose: str
    granted: bool
    given_at: datetime
    is_dated: bool  # given_at is when the visitor chose, not only when the banner said so
    is_last: bool = False  # withdrawn, and the browser's id deleted
    proof: Mapping[str, Any] = {}
    text: ConsentText | None = None

    @property
    def withdraws(self) -> bool:
        """Whoever sends a last message had agreed to this, whether or not we ever heard of it."""
        return self.is_last and self.purpose == "analytics"


class LastWord(NamedTuple):
    """What holds, and whether this browser's banner said it."""

    decision: str
    since: datetime
    is_own: bool


def last_words(workspace: Workspace, indexes: Collection[str]) -> dict[tuple[str, str], LastWord]:
    """By blind index and purpose key. Read it after the choices: then a refusal made meanwhile is later than every one of them."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_WORDS, [workspace.pk, list(indexes)])
        return {(row[0], row[1]): LastWord(*row[2:]) for row in cursor.fetchall()}


def statement(choice: Choice, last: LastWord | None) -> Statement | None:
    """None: nothing new."""
    if choice.granted:
        given_at = _counts_from(choice, last)
        return _said(choice, Decision.GRANTED, given_at) if given_at else None
    if not _restricts_anew(choice, last):
        return None
    was_granted = choice.withdraws or (last is not None and last.decision == Decision.GRANTED)
    return _said(choice, Decision.WITHDRAWN if was_granted else Decision.DENIED, choice.given_at)


def _counts_from(choice: Choice, last: LastWord | None) -> datetime | None:
    """From when on this yes counts; None if it changes nothing."""
    if last is None or last.decision == Decision.UNPROVEN:
        return choice.given_at
    if last.is_own and last.decision in (Decision.DENIED, Decision.WITHDRAWN):
        return max(choice.given_at, last.since + timedelta(microseconds=1))  # the order of one browser's words is known
    return choice.given_at if choice.is_dated and choice.given_at > last.since + SURE else None


def _restricts_anew(choice: Choice, last: LastWord | None) -> bool:
    """Also where somebody else refused already, if this is known to be later: then no earlier yes of the browser lifts that."""
    if last is None or last.decision not in (Decision.DENIED, Decision.WITHDRAWN):
        return True
    if choice.withdraws:
        return not last.is_own or last.decision != Decision.WITHDRAWN
    return choice.is_dated and not last.is_own and choice.given_at > last.since


def _said(choice: Choice, decision: Decision, given_at: datetime) -> Statement:
    return Statement(choice.subject, choice.purpose, decision, BANNER, choice.text, given_at, choice.proof)
