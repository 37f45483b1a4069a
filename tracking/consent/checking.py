"""Is the ledger as it was written, and does the gate read what follows from it? Every night, with the answer in the audit log.

Each answer names the chain's last hash, and the next check must find it again: a chain written anew from the start does not hold.
"""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from tracking.consent import chain
from tracking.models import ChainHead
from workspaces import audit
from workspaces.models import AuditEvent, Workspace

HOLDS, BROKEN = "consent.ledger_checked", "consent.ledger_broken"
STALE = timedelta(hours=50)  # two nights
BOUNDS = (None, *"123456789abcdef", None)  # blind indexes are spread evenly: a sixteenth of the people at a time
# What tracking.consent.deriving says, a second time and in SQL: how many people and purposes have another state.
# Of everything one identifier said about one purpose the newest grant decides that was given after the last restriction became
# known, else that restriction, else the last claim.
DIFFERING = """
WITH said AS (
    SELECT e.workspace_id, e.purpose_id, e.subject, e.seq, e.decision, e.at, e.given_at,
        e.decision IN ('denied', 'withdrawn', 'expired') AS restricts,
        max(e.at) FILTER (WHERE e.decision IN ('denied', 'withdrawn', 'expired'))
            OVER (PARTITION BY e.workspace_id, e.subject, e.purpose_id) AS restricted_at
    FROM tracking_consentevent e
    WHERE e.workspace_id = %(workspace)s AND e.subject <> ''
        AND (%(low)s::text IS NULL OR e.subject >= %(low)s) AND (%(high)s::text IS NULL OR e.subject < %(high)s)
), derived AS (
    SELECT DISTINCT ON (workspace_id, subject, purpose_id) workspace_id, purpose_id, subject, seq, decision,
        CASE decision WHEN 'granted' THEN given_at ELSE at END AS since
    FROM said
    WHERE decision <> 'granted' OR restricted_at IS NULL OR given_at > restricted_at
    ORDER BY workspace_id, subject, purpose_id, decision = 'granted' DESC, restricts DESC, since DESC, seq DESC
), held AS (
    SELECT s.workspace_id, s.purpose_id, s.subject, s.event_seq, s.decision, s.since, s.expires_at FROM tracking_consentstate s
    WHERE s.workspace_id = %(workspace)s
        AND (%(low)s::text IS NULL OR s.subject >= %(low)s) AND (%(high)s::text IS NULL OR s.subject < %(high)s)
)
SELECT count(*)
FROM derived FULL JOIN held USING (workspace_id, purpose_id, subject)
JOIN (SELECT id AS purpose_id, key, expiry_months FROM tracking_purpose) AS purpose USING (purpose_id)
WHERE (held.event_seq, held.decision, held.since, held.expires_at) IS DISTINCT FROM (
    derived.seq, derived.decision, derived.since, CASE derived.decision WHEN 'granted' THEN
        (derived.since AT TIME ZONE 'UTC' + make_interval(months => purpose.expiry_months)) AT TIME ZONE 'UTC' END)
"""


class Outcome(NamedTuple):
    """What one check of a workspace found."""

    events: int
    hash: str  # of the last event, "" if there is none
    broken: chain.Broken | None
    differing: int  # states that do not follow from the statements

    @property
    def problem(self) -> str:
        """In the active language; "" if all is well."""
        if self.broken:
            return gettext("Statement %(seq)s: %(reason)s") % {"seq": self.broken.seq, "reason": gettext(self.broken.reason)}
        if self.differing:
            return gettext("%(number)s states do not follow from the statements") % {"number": self.differing}
        return ""


class Note(NamedTuple):
    """The last check, as the audit log has it."""

    at: datetime
    outcome: Outcome

    @property
    def is_stale(self) -> bool:
        return timezone.now() - self.at > STALE  # the log has the database's clock


def check(workspace: Workspace, trusted: str = "") -> Outcome:
    """`trusted` is a hash noted elsewhere that must be in the chain. Statements may be added meanwhile."""
    head = ChainHead.objects.filter(workspace=workspace).first()
    events, last = (head.seq, head.hash) if head else (0, "")
    return Outcome(events, last, chain.verify(workspace.pk, trusted), differing(workspace))


def differing(workspace: Workspace) -> int:
    """States the gate would read that are not what the statements say; people who speak meanwhile are seen before or after."""
    count = 0
    with connection.cursor() as cursor:
        for low, high in pairwise(BOUNDS):
            cursor.execute(DIFFERING, {"workspace": workspace.pk, "low": low, "high": high})
            count += cursor.fetchone()[0]
    return count


def run() -> None:
    """Check every workspace in which somebody ever said something, against the hash noted when it last held."""
    for workspace in Workspace.objects.order_by("pk"):
        note(workspace)


def note(workspace: Workspace) -> Outcome:
    """Check and note the answer; nothing is noted where nobody ever said anything."""
    known = _noted(workspace).filter(action=HOLDS).first()
    outcome = check(workspace, known.target if known else "")
    if outcome.problem:
        seq, reason = outcome.broken or (0, "")
        audit.record(
            workspace, None, BROKEN, outcome.hash, statements=outcome.events, seq=seq, reason=reason, differing=outcome.differing
        )
    elif outcome.events:
        audit.record(workspace, None, HOLDS, outcome.hash, statements=outcome.events)
    return outcome


def latest(workspace: Workspace) -> Note | None:
    """None: never checked."""
    event = _noted(workspace).first()
    if event is None:
        return None
    found = event.details
    broken = chain.Broken(found["seq"], found["reason"]) if found.get("reason") else None
    return Note(event.at, Outcome(found["statements"], event.target, broken, found.get("differing", 0)))


def _noted(workspace: Workspace) -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(workspace=workspace, action__in=[HOLDS, BROKEN]).order_by("-at", "-pk")
