"""New events at the end of a workspace's chain. Everybody of the workspace waits meanwhile: two statements, nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from mops.lib import clock
from tracking.blind_index import Subject
from tracking.consent.chain import START, digest, storable
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentText, Purpose
from workspaces.models import Workspace

SOURCES = (
    *("banner", "form", "api", "import", "double_opt_in", "preferences", "one_click", "member", "merge", "expiry"),
    *("objection", "bounce", "erasure"),
)
LOST = frozenset({"bounce", "erasure"})  # an address came to its end: refuses nothing to anybody else
FOUND_OUT = LOST | {"merge"}  # of one identifier, said by nobody
PERSON, SYSTEM = "person", "system"
LAST = "SELECT seq, hash, at FROM tracking_consentevent WHERE workspace_id = %s ORDER BY seq DESC LIMIT 1"
WRITE = """
WITH head AS (
    INSERT INTO tracking_chainhead (workspace_id, seq, hash) VALUES (%(workspace)s, %(seq)s, %(hash)s)
    ON CONFLICT (workspace_id) DO UPDATE SET seq = EXCLUDED.seq, hash = EXCLUDED.hash
)
INSERT INTO tracking_consentevent (workspace_id, seq, subject_kind, subject, purpose_id, decision, at, given_at, text_id, source,
    proof, actor, prev_hash, hash)
SELECT %(workspace)s, e.* FROM unnest(%(seqs)s::bigint[], %(kinds)s::text[], %(subjects)s::text[], %(purposes)s::bigint[],
    %(decisions)s::text[], %(ats)s::timestamptz[], %(given)s::timestamptz[], %(texts)s::bigint[], %(sources)s::text[],
    %(proofs)s::jsonb[], %(actors)s::text[], %(before)s::text[], %(hashes)s::text[]) AS e
RETURNING seq, id
"""


@dataclass(frozen=True)
class Statement:
    """One decision of one person on one purpose, with everything that proves it."""

    subject: Subject
    purpose: str  # its key
    decision: Decision
    source: str
    text: ConsentText | None = None
    given_at: datetime | None = None  # None: just now; a time in the future counts as now
    proof: Mapping[str, Any] = field(default_factory=dict)
    actor: str = PERSON


def append(workspace: Workspace, purposes: Mapping[str, Purpose], statements: Sequence[Statement]) -> list[ConsentEvent]:
    """Chain the events to the last one; each has an instant of its own, later than all before. Call with the chain locked."""
    with connection.cursor() as cursor:
        cursor.execute(LAST, [workspace.pk])
        seq, previous, at = cursor.fetchone() or (0, START, None)
        events = []
        for statement in statements:
            at = max(clock.now(), at + timedelta(microseconds=1)) if at else clock.now()
            event = _event(workspace, purposes[statement.purpose], statement, at)
            event.seq, event.prev_hash = seq + 1, previous
            event.hash = digest(event, purpose_key=statement.purpose, text_sha256=statement.text.sha256 if statement.text else "")
            seq, previous = event.seq, event.hash
            events.append(event)
        cursor.execute(WRITE, _columns(workspace, events))
        ids = dict(cursor.fetchall())
    for event in events:
        event.pk = ids[event.seq]
    return events


def _event(workspace: Workspace, purpose: Purpose, statement: Statement, at: datetime) -> ConsentEvent:
    if statement.source not in SOURCES:
        raise ValueError(f"Unknown source {statement.source!r}")
    return ConsentEvent(
        workspace=workspace, subject_kind=statement.subject.kind, subject=statement.subject.index, purpose=purpose,
        decision=statement.decision, at=at, given_at=min(statement.given_at or at, at), text=statement.text,
        source=statement.source, proof=storable(statement.proof), actor=statement.actor[:200],
    )  # fmt: skip


def _columns(workspace: Workspace, events: Sequence[ConsentEvent]) -> dict[str, Any]:
    return {
        "workspace": workspace.pk, "seq": events[-1].seq, "hash": events[-1].hash, "seqs": [e.seq for e in events],
        "kinds": [e.subject_kind for e in events], "subjects": [e.subject for e in events],
        "purposes": [e.purpose_id for e in events], "decisions": [str(e.decision) for e in events],
        "ats": [e.at for e in events], "given": [e.given_at for e in events], "texts": [e.text_id for e in events],
        "sources": [e.source for e in events], "proofs": [json.dumps(e.proof) for e in events],
        "actors": [e.actor for e in events], "before": [e.prev_hash for e in events], "hashes": [e.hash for e in events],
    }  # fmt: skip
