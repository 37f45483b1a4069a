"""What must always hold, each as a query that returns 0 rows: after every fault test and nightly in production.

I1 and I2 look at requests whose receipts are still kept (30 days); the person's rights to erasure remove events for good,
and with them the rows that would be missed here.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.apps import apps
from django.db import connection

from mops.lib.tenancy import SameWorkspace
from tracking.consent import checking
from workspaces.models import Workspace


class Invariant(NamedTuple):
    code: str
    holds: str
    query: str  # selects what breaks it; %(since)s is the oldest reception to look at


class Broken(NamedTuple):
    invariant: Invariant
    rows: int
    examples: list[tuple[object, ...]]


INVARIANTS = (
    Invariant("I1", "every accepted event and every refusal has its receipt", """
        SELECT 'event', e.id FROM tracking_event e LEFT JOIN tracking_rawbody raw ON raw.id = e.raw_id
        WHERE e.received_at >= %(since)s AND raw.id IS NULL
        UNION ALL SELECT 'refusal', r.id FROM tracking_rejection r LEFT JOIN tracking_rawbody raw ON raw.id = r.raw_id
        WHERE r.received_at >= %(since)s AND raw.id IS NULL"""),
    Invariant("I2", "every receipt adds up", """
        SELECT id, received, accepted, duplicate, rejected FROM tracking_rawbody
        WHERE received_at >= %(since)s AND received <> accepted + duplicate + rejected"""),
    Invariant("I2", "accepted = events + events set aside, per source and day", """
        SELECT source_id, day, sum(accepted), sum(there) FROM (
            SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, accepted, 0 AS there FROM tracking_rawbody
            WHERE received_at >= %(since)s
            UNION ALL SELECT source_id, (received_at AT TIME ZONE 'UTC')::date, 0, 1 FROM tracking_event
            WHERE received_at >= %(since)s
            UNION ALL SELECT source_id, (received_at AT TIME ZONE 'UTC')::date, 0, 1 FROM tracking_rejection
            WHERE received_at >= %(since)s AND in_ingest AND replayed_at IS NULL) AS books
        GROUP BY source_id, day HAVING sum(accepted) <> sum(there)"""),
    Invariant("I2", "rejected = refusals kept, per source and day", """
        SELECT source_id, day, sum(rejected), sum(there) FROM (
            SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, rejected, 0 AS there FROM tracking_rawbody
            WHERE received_at >= %(since)s
            UNION ALL SELECT source_id, (received_at AT TIME ZONE 'UTC')::date, 0, 1 FROM tracking_rejection
            WHERE received_at >= %(since)s AND NOT in_ingest AND replayed_at IS NULL) AS books
        GROUP BY source_id, day HAVING sum(rejected) <> sum(there)"""),
    Invariant("I3", "at most one event per workspace and message id", """
        SELECT workspace_id, message_id, count(*) FROM tracking_event WHERE received_at >= %(since)s
        GROUP BY 1, 2 HAVING count(*) > 1"""),
    Invariant("I3", "every event holds its message id", """
        SELECT e.id FROM tracking_event e LEFT JOIN tracking_eventkey key USING (workspace_id, message_id)
        WHERE e.received_at >= %(since)s AND key.message_id IS NULL"""),
    Invariant("I4", "every covered day belongs to one finished pull of its account and report", """
        SELECT coverage.account_id, coverage.report, coverage.day FROM channels_coverage coverage
        LEFT JOIN channels_syncrun run ON run.id = coverage.run_id AND run.state = 'done' AND run.account_id = coverage.account_id
            AND run.report = coverage.report AND coverage.day >= run.since AND coverage.day < run.until
        WHERE run.id IS NULL"""),
    Invariant("I7", "nothing runs on a lease that ended long ago", """
        SELECT 'pull', id FROM channels_syncrun WHERE state = 'running' AND lease_until < now() - interval '60 seconds'
        UNION ALL SELECT 'import', id FROM tracking_importfile
        WHERE state IN ('running', 'undoing') AND lease_until < now() - interval '10 minutes'"""),
    Invariant("I8", "no event, receipt or key of one workspace names a source of another", """
        SELECT 'event', e.id FROM tracking_event e
        LEFT JOIN tracking_source s ON (s.workspace_id, s.id) = (e.workspace_id, e.source_id)
        WHERE e.received_at >= %(since)s AND s.id IS NULL
        UNION ALL SELECT 'receipt', r.id FROM tracking_rawbody r
        LEFT JOIN tracking_source s ON (s.workspace_id, s.id) = (r.workspace_id, r.source_id)
        WHERE r.received_at >= %(since)s AND s.id IS NULL"""),
)  # fmt: skip

STATES = Invariant("I6", "what the gate reads follows from what people said", checking.DIFFERING)


def same_workspace() -> Iterator[Invariant]:
    """I8 for every composite foreign key the models declare."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if isinstance(constraint, SameWorkspace):
                target = apps.get_model(constraint.to)._meta.db_table
                field, table = model._meta.get_field(constraint.field), model._meta.db_table
                column = field.column  # type: ignore[union-attr]  # a foreign key has one
                yield Invariant(
                    "I8", f"{table}.{column} stays in its workspace",
                    f"SELECT a.{column} FROM {table} a JOIN {target} b ON b.id = a.{column} WHERE b.workspace_id <> a.workspace_id",  # noqa: S608
                )  # fmt: skip


def broken(since: datetime) -> list[Broken]:
    """Every invariant that does not hold, with some of the rows that break it."""
    found, since = [], since.replace(minute=0, second=0, microsecond=0)  # events of erased people keep their hour only
    with connection.cursor() as cursor:
        for invariant in (*INVARIANTS, *same_workspace()):
            cursor.execute(invariant.query, {"since": since})
            if rows := cursor.fetchall():
                found.append(Broken(invariant, len(rows), rows[:5]))
    return found + list(_states())


def _states() -> Iterator[Broken]:
    """Workspace by workspace, as the check does it every night."""
    for workspace in Workspace.objects.order_by("pk"):
        if count := checking.differing(workspace):
            yield Broken(STATES, count, [(workspace.slug,)])
