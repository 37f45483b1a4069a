"""Take a person out of what was sent and uploaded: raw bodies, refusals, files that wait to be imported."""

import json
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext_noop

from mops.lib import clock
from tracking.models import ImportFile, RawBody, Rejection
from tracking.rights import cutting, finding, searching
from tracking.rights.person import Person


def raw_bodies(person: Person) -> int:
    """Receipts stay for the books of the collector; of a batch the events of other people stay too."""
    ids = set(finding.events(person).values_list("message_id", flat=True))
    found = finding.raw_bodies(person)
    for pk in found:
        rest = without(bytes(RawBody.objects.get(pk=pk).body), ids, person)
        state = RawBody.State.TRIMMED if rest else RawBody.State.EMPTY
        RawBody.objects.filter(pk=pk).update(body=rest, sha256=sha256(rest).digest(), state=state)
    return len(found)


def without(body: bytes, message_ids: set[str], person: Person) -> bytes:
    """The batch without the person's events; nothing if it was theirs alone, cannot be read, or still names them."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return b""
    batch = content.get("batch") if isinstance(content, dict) else None
    rest = [item for item in batch if not cutting.is_own(item, message_ids, person)] if isinstance(batch, list) else []
    if not rest:
        return b""
    kept = json.dumps({**content, "batch": rest}).encode()
    return b"" if searching.is_about(kept, person) else kept


def rejections(person: Person) -> int:
    """A refusal keeps its reason and its place in the books."""
    rows = Rejection.objects.filter(pk__in=searching.rejections(person))
    return rows.update(payload=b"", detail="", message_id="")


def import_files(person: Person) -> tuple[int, int]:
    """(files emptied, files that are being imported right now and have to wait). Whoever uploaded one is asked to do it again."""
    emptied = waiting = 0
    for pk in searching.import_files(person):
        with transaction.atomic():
            file = ImportFile.objects.select_for_update().get(pk=pk)
            if file.lease_until and file.lease_until > clock.now():
                waiting += 1
                continue
            if file.state in (ImportFile.State.UPLOADED, ImportFile.State.RUNNING):
                file.state = ImportFile.State.FAILED
                file.error_message = gettext_noop(
                    "This file named a person who has been erased. Take them out and upload it again."
                )
            file.content, file.finished_at = b"", file.finished_at or clock.now()
            file.name = f"erased-{file.pk}" if searching.mentions(file.name, person) else file.name
            file.save(update_fields=["state", "error_message", "content", "finished_at", "name"])
            emptied += 1
    return emptied, waiting
