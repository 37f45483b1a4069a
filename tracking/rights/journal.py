"""Who was erased, kept apart from the database: a backup restored later is made to forget them again before it opens.

One line of JSON per erasure in MOPS_HOME/journal/erasures.jsonl. Names nobody: blind indexes only, under the key of the
workspace, which is in the backup. A key made after the backup means that it cannot hold the person under that key.
"""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from mops.lib import clock
from tracking.blind_index import Indexer, Subject
from tracking.models import Customer, DataSubjectRequest, RefusedRow
from tracking.rights import person as people
from tracking.rights.person import Kind, Person
from workspaces.models import Workspace

__all__ = ["Entry", "entries", "note", "path", "person_of"]
NAMES = """
SELECT DISTINCT kind, value FROM (
    SELECT 'user_id' AS kind, user_id AS value FROM tracking_event WHERE workspace_id = %(workspace)s
    UNION SELECT 'anonymous_id', anonymous_id FROM tracking_event WHERE workspace_id = %(workspace)s
    UNION SELECT 'anonymous_id', visitor FROM tracking_session WHERE workspace_id = %(workspace)s
) AS seen WHERE value <> '' AND value NOT LIKE 'erased-%%'
"""


class Entry(NamedTuple):
    at: datetime
    workspace: int
    subjects: frozenset[Subject]


def path() -> Path:
    return Path(settings.MOPS_HOME) / "journal" / "erasures.jsonl"


def note(person: Person) -> None:
    """Durable when it returns. Written before anything is erased: twice does no harm, never does."""
    line = {
        "at": clock.now().isoformat(), "workspace": person.workspace.pk,
        "subjects": sorted([subject.kind, subject.index] for subject in person.subjects),
    }  # fmt: skip
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, json.dumps(line).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries(since: datetime | None = None) -> Iterator[Entry]:
    """Oldest first. A damaged or missing journal must not pass for a short one: raises ValueError for a line that is no entry,
    FileNotFoundError where there is none."""
    for number, text in enumerate(path().read_text().splitlines(), 1):
        try:
            line = json.loads(text)
            subjects = frozenset(Subject(kind, index) for kind, index in line["subjects"])
            entry = Entry(datetime.fromisoformat(line["at"]), line["workspace"], subjects)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"Line {number} of {path()} is no entry") from error
        if since is None or entry.at >= since:
            yield entry


def person_of(entry: Entry) -> Person | None:
    """The person as a restored database knows them; None if it has no such workspace."""
    workspace = Workspace.objects.filter(pk=entry.workspace).first()
    if workspace is None:
        return None
    wanted, indexer = {subject.index for subject in entry.subjects}, Indexer(workspace.pk)
    known = {(kind, value) for kind, value in _names(workspace) if people.subject_of(indexer, kind, value).index in wanted}
    return people.of_indexes(workspace, entry.subjects, frozenset(known))


def _names(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Every identifier that stands readable in the workspace, under each kind it could be."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"workspace": workspace.pk})
        yield from cursor.fetchall()
    for key in Customer.objects.filter(workspace=workspace).values_list("key", flat=True).iterator():
        yield Kind.USER_ID, key
        yield Kind.EMAIL, key.lower()
    for request in DataSubjectRequest.objects.filter(workspace=workspace).exclude(sealed_identifier=b""):
        yield request.identifier_kind, request.identifier.lower() if request.identifier_kind == Kind.EMAIL else request.identifier
    for cells in RefusedRow.objects.filter(workspace=workspace).values_list("cells", flat=True).iterator():
        for cell in cells:
            yield Kind.USER_ID, str(cell).strip()
            yield Kind.EMAIL, str(cell).strip().lower()
