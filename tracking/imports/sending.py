"""Rows that are events go in by the collector's door: the same checks, the same books, the same way to profiles.

A row without an id of its own is named after what it says, so that the same line, in whatever file and place, is one event.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _

from tracking.collector import door
from tracking.collector.limits import FILE_EVENTS
from tracking.collector.sources import known
from tracking.collector.store import Receipt, Request, store
from tracking.imports import tables
from tracking.models import ImportFile, ImportReceipt, Rejection
from tracking.outcome import Outcome, Refused

ENDPOINT = "file"


def own_id(event: Mapping[str, Any]) -> str:
    """What an event without a message id is called: by its content, so that sending it again gives the same name."""
    return "import-" + sha256(json.dumps(event, sort_keys=True).encode()).hexdigest()[:40]


def send(file: ImportFile, events: Sequence[dict[str, Any]]) -> Outcome:
    """Store events for the file's source, in the caller's transaction. Raises tables.UnableToRead without a source."""
    if file.source is None:
        raise tables.UnableToRead(_("The source of this file was deleted. Choose another one and upload the file again."))
    stored = unchanged = 0
    refused: list[Refused] = []
    for start in range(0, len(events), FILE_EVENTS):
        batch = list(events[start : start + FILE_EVENTS])
        body = json.dumps({"batch": batch}).encode()
        request = door.prepared(ENDPOINT, known(file.source), body, {}, batch)
        receipt = store(request)
        ImportReceipt.objects.create(
            workspace_id=file.workspace_id, file=file, raw_id=receipt.raw_id, received_at=request.received_at
        )
        stored, unchanged = stored + receipt.accepted, unchanged + receipt.duplicate
        refused += [Refused(start + place, reason) for place, reason in _refusals(request, receipt)]
    return Outcome(stored, 0, unchanged, tuple(refused))


def _refusals(request: Request, receipt: Receipt) -> list[tuple[int, str]]:
    """(place in the batch, reason): those of the door, and those only the database had."""
    if not receipt.rejected:
        return []
    rows = Rejection.objects.filter(source=request.source.id, received_at=request.received_at, raw_id=receipt.raw_id)
    return [(row.index, f"{row.get_reason_display()}. {row.detail}".strip()) for row in rows.order_by("index")]
