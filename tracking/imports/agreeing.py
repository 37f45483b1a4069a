"""Consents of imported contacts: written to the ledger once, and ended when the file is taken back. The ledger forgets nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import F

from tracking.blind_index import Subject
from tracking.consent import blanking
from tracking.consent.ledger import SYSTEM, Statement, record_many
from tracking.consent_models import Decision
from tracking.models import ConsentEvent, ConsentState, ImportFile

CHUNK = 500  # consents ended in one transaction
Told = tuple[str, str, str, datetime | None, int | None]  # subject, purpose, decision, when (None: not said), text


def write(file: ImportFile, said: Sequence[tuple[int, Statement]]) -> None:
    """Record (line, statement) pairs; what an import said before in the same words is not said again."""
    known = _known(file, {statement.subject.index for _line, statement in said})
    fresh: dict[Told, Statement] = {}
    for line, statement in said:
        if (told := _told(statement)) not in known:
            proof = {**statement.proof, "file": blanking.text(file.name), "line": line, "import": file.pk}
            actor = str(file.created_by) if file.created_by else SYSTEM
            fresh.setdefault(told, replace(statement, proof=proof, actor=actor))
    record_many(file.workspace, list(fresh.values()))
    decisions = [statement.decision for statement in fresh.values()]
    ImportFile.objects.filter(pk=file.pk).update(
        consents=F("consents") + decisions.count(Decision.GRANTED), unproven=F("unproven") + decisions.count(Decision.UNPROVEN)
    )


def _told(statement: Statement) -> Told:
    text = statement.text.pk if statement.text else None
    return statement.subject.index, statement.purpose, str(statement.decision.value), statement.given_at, text


def _known(file: ImportFile, subjects: Iterable[str]) -> set[Told]:
    events = ConsentEvent.objects.filter(workspace=file.workspace, source="import", subject__in=list(subjects))
    rows = events.values_list("subject", "purpose__key", "decision", "given_at", "at", "text_id")
    return {(subject, key, said, None if given == at else given, text) for subject, key, said, given, at, text in rows}


def end(file: ImportFile) -> bool:
    """End up to CHUNK consents that rest on this file alone, in the caller's transaction; False when none is left.

    They end like any that ran out: what left on their strength is called back, and no older statement makes them hold again.
    """
    brought = ConsentEvent.objects.filter(
        workspace=file.workspace, source="import", decision=Decision.GRANTED, at__gte=file.created_at, proof__import=file.pk
    )
    holding = ConsentState.objects.filter(
        workspace=file.workspace, decision=Decision.GRANTED, event_seq__in=list(brought.values_list("seq", flat=True))
    )
    statements = [
        Statement(Subject(state.subject_kind, state.subject), state.purpose.key, Decision.EXPIRED, "import",
                  proof={"taken_back": file.pk}, actor=SYSTEM)
        for state in holding.select_related("purpose").order_by("pk")[:CHUNK]
    ]  # fmt: skip
    record_many(file.workspace, statements)
    return bool(statements)
