"""The one way out. Whatever leaves asks here, in the transaction that sends it.

    release(workspace, "ads_audience:meta", people, destination="meta:audience:42", job="run-17", send=upload)

The people's consent rows stay locked until `send` has returned: a withdrawal either comes before, and they are not sent, or
waits, and then finds what was sent in the ledger and queues its removal.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, transaction

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent import locking
from tracking.consent.purposes import purposes_of
from tracking.models import Purpose, Release
from workspaces.models import Workspace

T = TypeVar("T")
LARGEST_BATCH = 10_000  # people; every one is locked while it is sent

PLANNED = """
INSERT INTO tracking_release (workspace_id, purpose_id, destination, job, subject_kind, subject, event_seq, at, state, removal)
SELECT s.workspace_id, s.purpose_id, %(destination)s, %(job)s, s.subject_kind, s.subject, s.event_seq, %(now)s, 'sending', ''
FROM tracking_consentstate s
WHERE s.workspace_id = %(workspace)s AND s.purpose_id = %(purpose)s AND s.subject = ANY(%(subjects)s)
  AND s.decision = 'granted' AND s.expires_at > %(now)s
  AND NOT EXISTS (SELECT FROM tracking_suppression x WHERE x.workspace_id = s.workspace_id AND x.subject = s.subject)
ON CONFLICT (workspace_id, job, subject) DO NOTHING
RETURNING subject
"""
LOCKED = """
SELECT s.subject FROM tracking_consentstate s
WHERE s.workspace_id = %(workspace)s AND s.purpose_id = %(purpose)s AND s.subject = ANY(%(subjects)s) AND s.decision = 'granted'
ORDER BY s.purpose_id, s.subject FOR SHARE OF s
"""
ALLOWED = """
SELECT s.subject, s.event_seq FROM tracking_consentstate s
WHERE s.workspace_id = %(workspace)s AND s.purpose_id = %(purpose)s AND s.subject = ANY(%(subjects)s)
  AND s.decision = 'granted' AND s.expires_at > %(now)s
  AND NOT EXISTS (SELECT FROM tracking_suppression x WHERE x.workspace_id = s.workspace_id AND x.subject = s.subject)
"""
SENT = """
UPDATE tracking_release r SET state = 'sent', event_seq = a.seq, at = %(now)s
FROM unnest(%(allowed)s::text[], %(seqs)s::bigint[]) AS a (subject, seq)
WHERE r.workspace_id = %(workspace)s AND r.job = %(job)s AND r.subject = a.subject
"""


@dataclass(frozen=True)
class Released(Generic[T]):
    """Who was handed to `send` and what it returned; `result` is None if nobody was."""

    allowed: list[Subject]
    refused: list[Subject]
    result: T | None


def release(workspace: Workspace, purpose: str, subjects: Collection[Subject], *, destination: str, job: str,
            send: Callable[[list[Subject]], T]) -> Released[T]:  # fmt: skip
    """Hand to `send` those of `subjects` who consented to `purpose`, and note each in the ledger.

    `job` names this sending once in the workspace. If `send` raises, so does this, and the ledger keeps the people as "sending":
    they may have left. Opens its own transactions: never call it inside one. Raises purposes.UnknownPurpose, ValueError.
    """
    wanted = {subject.index: subject for subject in subjects}
    if len(wanted) > LARGEST_BATCH:
        raise ValueError(f"At most {LARGEST_BATCH} people at once, not {len(wanted)}")
    found = purposes_of(workspace, [purpose])[purpose]
    if found.destination and destination.partition(":")[0] != found.destination:
        raise ValueError(f"{purpose} is for {found.destination}, not for {destination}")
    sending = _Sending(workspace, found, destination, job, list(wanted))
    planned = sending.plan()
    with locking.turnstile(found.pk) as turnstile, transaction.atomic(durable=True):
        allowed = sending.lock(turnstile)
        sending.forget(planned - set(allowed))
        people = [wanted[index] for index in sorted(allowed)]
        result = send(people) if people else None
        sending.finish(allowed)
    return Released(people, [subject for index, subject in wanted.items() if index not in allowed], result)


class _Sending:
    """The steps of one release, as SQL over all its people at once."""

    def __init__(self, workspace: Workspace, purpose: Purpose, destination: str, job: str, subjects: list[str]) -> None:
        self.values: dict[str, Any] = {
            "workspace": workspace.pk,
            "purpose": purpose.pk,
            "destination": destination,
            "job": job,
            "subjects": subjects,
        }

    def plan(self) -> set[str]:
        """Ledger rows before anything leaves, committed: a crash while sending leaves a trace. Returns those it wrote."""
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(PLANNED, self.values | {"now": clock.now()})
            return {subject for (subject,) in cursor.fetchall()}

    def lock(self, turnstile: locking.Turnstile) -> dict[str, int]:
        """Who may be sent, with the event that allows it; nobody can withdraw unnoticed from here on."""
        turnstile.enter()
        with connection.cursor() as cursor:
            cursor.execute(LOCKED, self.values)
            locked = [subject for (subject,) in cursor.fetchall()]
            turnstile.leave()
            cursor.execute(ALLOWED, self.values | {"now": clock.now(), "subjects": locked})  # a row made since is not locked
            return dict(cursor.fetchall())

    def forget(self, subjects: set[str]) -> None:
        """Rows of this run whose people changed their mind in between: nothing of them left."""
        rows = Release.objects.filter(workspace_id=self.values["workspace"], job=self.values["job"])
        rows.filter(subject__in=subjects, state=Release.State.SENDING).delete()

    def finish(self, allowed: dict[str, int]) -> None:
        """The ledger row of everybody sent, also of those whose grant came after the plan."""
        with connection.cursor() as cursor:
            cursor.execute(PLANNED, self.values | {"now": clock.now(), "subjects": list(allowed)})
            cursor.execute(SENT, self.values | {"now": clock.now(), "allowed": list(allowed), "seqs": list(allowed.values())})
