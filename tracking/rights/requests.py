"""The way of a request: received, worked on, answered. Due one month after it came in (Art. 12(3) GDPR)."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from mops.lib import clock
from tracking.blind_index import Indexer, Subject
from tracking.consent import suppression
from tracking.consent.deriving import months_after
from tracking.models import AccessFile, DataSubjectRequest, Suppression
from tracking.rights import access, erasure, person
from tracking.rights.person import NORMALISED, Person
from workspaces import audit
from workspaces.models import User, Workspace

LEASE = timedelta(minutes=15)
AGAIN = timedelta(hours=1)  # between two tries of an erasure that waits for others
State, Kind = DataSubjectRequest.State, DataSubjectRequest.Kind


class UnableToAnswer(Exception):
    """The request is answered, or somebody works on it."""


@transaction.atomic
def receive(
    workspace: Workspace, user: User, *, kind: str, identifier_kind: str, identifier: str, proof: str,
    received_at: datetime | None = None, note: str = "",
) -> DataSubjectRequest:  # fmt: skip
    """Note a request. Its identifier is kept sealed. Raises blind_index.Unidentifiable."""
    value, at = person.normal(identifier_kind, identifier), received_at or clock.now()
    request = DataSubjectRequest(
        workspace=workspace, kind=kind, identifier_kind=identifier_kind, proof=proof, note=note, created_by=user, received_at=at,
        due_at=months_after(at, 1), subject=person.subject_of(Indexer(workspace.pk), identifier_kind, value).index,
    )  # fmt: skip
    request.identifier = value
    request.save()
    audit.record(workspace, user, "rights.received", str(request), kind=kind)
    return request


def person_of(request: DataSubjectRequest) -> Person:
    """Whom the request names. An erasure at work has erased what led from there to the rest: it goes by what it found at first."""
    if request.found:
        return person.of_lists(request.workspace, request.found)
    return person.find(request.workspace, request.identifier_kind, request.identifier)


def is_asked(request: DataSubjectRequest) -> bool:
    """Whether it can still be answered, an access request also once more: then it is worth knowing who is meant."""
    can_be_answered = request.state == State.OPEN or (request.kind == Kind.ACCESS and request.state == State.DONE)
    return can_be_answered and bool(request.sealed_identifier)


def prepare_access(request: DataSubjectRequest, user: User) -> AccessFile:
    """The zip with everything, for this member; the request counts as answered."""
    content = access.as_zip(access.bundle(person_of(request)))
    with transaction.atomic():
        file = access.keep(request, user, content)
        _close(request, State.DONE)
        audit.record(request.workspace, user, "rights.access_prepared", str(request), bytes=len(content))
    return file


def object_to_marketing(request: DataSubjectRequest, user: User) -> None:
    """Art. 21(2, 3): no reasons needed, at once, for every address of the person; said by the one they named, if any."""
    whose = person_of(request)
    subjects = {subject for subject in whose.subjects if subject.kind in NORMALISED}
    asked = {subject for subject in subjects if subject.index == request.subject} or subjects
    reached: set[Subject] = set()
    for subject in sorted(subjects, key=lambda subject: (subject not in asked, subject.index)):
        if subject in asked or subject not in reached:
            reached |= suppression.suppress(request.workspace, subject, Suppression.Reason.OBJECTION)
    with transaction.atomic():
        _close(request, State.DONE)
        audit.record(request.workspace, user, "rights.objection_done", str(request), addresses=len(subjects))


def start_erasure(request: DataSubjectRequest, user: User) -> None:
    """Hand it to a worker. Raises UnableToAnswer."""
    from tracking.rights import tasks

    with transaction.atomic():
        fresh = DataSubjectRequest.objects.filter(pk=request.pk, kind=Kind.ERASURE, state=State.OPEN)
        if not fresh.update(state=State.RUNNING):
            raise UnableToAnswer
        audit.record(request.workspace, user, "rights.erasure_started", str(request))
        transaction.on_commit(partial(tasks.erase.delay, request_id=request.pk))


def refuse(request: DataSubjectRequest, user: User, reason: str) -> None:
    """With a reason the person is told (Art. 12(4)). Raises UnableToAnswer."""
    with transaction.atomic():
        if not DataSubjectRequest.objects.filter(pk=request.pk, state=State.OPEN).update(note=reason):
            raise UnableToAnswer
        request.note = reason
        _close(request, State.REFUSED)
        audit.record(request.workspace, user, "rights.refused", str(request))


def due() -> QuerySet[DataSubjectRequest]:
    """Erasures to be worked on that nobody holds."""
    free = Q(lease_until=None) | Q(lease_until__lt=clock.now())
    return DataSubjectRequest.objects.filter(free, kind=Kind.ERASURE, state=State.RUNNING)


def run(request_id: int) -> bool:
    """One pass of an erasure; False if somebody else works on it. Ends the request when no target waits any more."""
    if not due().filter(pk=request_id).update(lease_until=clock.now() + LEASE):
        return False
    request = DataSubjectRequest.objects.select_related("workspace").get(pk=request_id)
    whose = person_of(request)
    request.found = person.as_lists(whose)
    request.save(update_fields=["sealed_identifier"])
    outcome = erasure.erase(whose)
    request.outcome = _joined(request.outcome, outcome)
    request.lease_until = clock.now() + AGAIN
    request.save(update_fields=["outcome", "lease_until"])
    if erasure.is_complete(outcome):
        with transaction.atomic():
            request.sealed_identifier, request.proof, request.note = b"", "", ""
            _close(request, State.DONE)
            audit.record(request.workspace, None, "rights.erased", str(request))
    return True


def _joined(before: dict[str, dict[str, object]], outcome: erasure.Outcome) -> dict[str, dict[str, object]]:
    """Rows of all passes together; the state is that of the last one."""
    joined = {}
    for name, target in outcome.items():
        earlier = before.get(name, {}).get("rows", 0) if target.state != "kept" else 0
        joined[name] = {**target._asdict(), "rows": target.rows + int(str(earlier))}
    return joined


def _close(request: DataSubjectRequest, state: str) -> None:
    request.state, request.closed_at, request.lease_until = state, clock.now(), None
    request.save()
